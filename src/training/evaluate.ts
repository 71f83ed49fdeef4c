import type { Interval } from '../ml/measure/bootstrap.ts'
import type { EncoderSpec } from '../ml/model/encoder.ts'
import { isYesOrNo, type Label, type Outcome } from '../ml/model/outcome.ts'
import { type BinaryCurves, binaryCurves, binaryIntervals, binaryScores } from './evaluate-binary.ts'
import { type ClassLine, classesIntervals, classesScores, classTable } from './evaluate-classes.ts'
import { numbersIntervals, numbersScores, type Residuals, residualsOf } from './evaluate-numbers.ts'
import type { Measured } from './measured.ts'

/** By the names that users of the replaced stack know: val_auc, val_f1, val_acc, val_logloss, and more of the kind. */
export type Metrics = Record<string, number>

/** What is told of a model beside its metrics. The same training gives the same evaluation: there is no time in it. */
export type Evaluation = {
  metrics: Metrics
  /** Of the main measures: 95 of 100 times the value for other entities of the same kind lies in it; null where unknown. */
  intervals: Record<string, Interval | null>
  /** How much each feature helped, greatest first, summing to 1. */
  importance: { feature: string; importance: number }[]
} & (
  | ({ kind: 'binary' } & BinaryCurves)
  | { kind: 'multiclass'; confusion: { classes: readonly Label[]; counts: number[][] }; classes: ClassLine[] }
  | { kind: 'regression'; residuals: Residuals }
)

/** The one measure by which a kind is compared in a word. */
export const MAIN_MEASURE = { binary: 'auc', multiclass: 'auc_macro', regression: 'r2' } as const

export type Parts = {
  test: Measured
  /** The rows that no fit sees, where the project keeps some. */
  holdOut: Measured | null
  outcome: Outcome
  /** The main measure of a model that was measured on rows taken at random, where the split was another. */
  randomRows: number | null
  encoder: EncoderSpec
  importance: Float64Array
}

export function evaluate({ test, holdOut, outcome, randomRows, encoder, importance }: Parts): Evaluation {
  const intervals = intervalsOf(test)
  const held = holdOut && { scores: scoresOf(holdOut, outcome), intervals: intervalsOf(holdOut) }
  return {
    metrics: {
      ...named('val', scoresOf(test, outcome)),
      ...ends('val', intervals),
      ...(held ? { ...named('holdout', held.scores), ...ends('holdout', held.intervals) } : {}),
      ...(randomRows === null ? {} : { [`val_${MAIN_MEASURE[outcome.kind]}_random_rows`]: randomRows }),
    },
    intervals: { ...keyed('val', intervals), ...(held ? keyed('holdout', held.intervals) : {}) },
    importance: importanceByFeature(encoder, importance),
    ...detailsOf(test, outcome),
  }
}

/** The measures of some rows, by their names without a part. */
export function scoresOf(rows: Measured, outcome: Outcome): Record<string, number> {
  const { target } = rows
  if (target.kind === 'regression') return numbersScores({ ...rows, values: target.values })
  if (target.kind === 'multiclass') {
    const { aucMacro, f1Macro, ...others } = classesScores({ ...rows, ...target })
    return { auc_macro: aucMacro, f1_macro: f1Macro, ...others }
  }
  return binaryScores({ ...rows, labels: target.labels }, outcome.kind === 'binary' ? outcome.threshold : 0.5)
}

function intervalsOf(rows: Measured): Record<string, Interval | null> {
  const { target } = rows
  if (target.kind === 'regression') return numbersIntervals({ ...rows, values: target.values })
  if (target.kind === 'multiclass') return classesIntervals({ ...rows, ...target })
  return binaryIntervals({ ...rows, labels: target.labels })
}

type Details<E = Evaluation> = E extends Evaluation ? Omit<E, 'metrics' | 'intervals' | 'importance'> : never

function detailsOf(rows: Measured, outcome: Outcome): Details {
  const { target } = rows
  if (target.kind === 'multiclass' && outcome.kind === 'multiclass') {
    const { confusion, classes } = classTable({ ...rows, ...target }, outcome.classes)
    return { kind: 'multiclass', confusion: { classes: outcome.classes, counts: confusion }, classes }
  }
  if (target.kind === 'binary' && outcome.kind === 'binary') {
    const named = isYesOrNo(outcome) ? null : outcome.classes
    return { kind: 'binary', ...binaryCurves({ ...rows, labels: target.labels }, outcome.threshold, named) }
  }
  const values = target.kind === 'regression' ? target.values : new Float64Array(0)
  return { kind: 'regression', residuals: residualsOf({ ...rows, values }) }
}

function keyed<T>(part: string, values: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`${part}_${name}`, value]))
}

/** A measure that these rows do not have (a class is absent) is no metric. */
function named(part: string, scores: Record<string, number>): Metrics {
  return Object.fromEntries(Object.entries(keyed(part, scores)).filter(([, value]) => Number.isFinite(value)))
}

function ends(part: string, intervals: Record<string, Interval | null>): Metrics {
  return Object.fromEntries(
    Object.entries(keyed(part, intervals)).flatMap(([name, interval]) =>
      interval ? [[`${name}_low`, interval.low] as const, [`${name}_high`, interval.high] as const] : [],
    ),
  )
}

/** The columns of a category count for its feature. */
function importanceByFeature(encoder: EncoderSpec, importance: Float64Array): Evaluation['importance'] {
  const sums = new Map(encoder.inputs.map(({ name }) => [name, 0]))
  for (const [c, { input }] of encoder.columns.entries()) sums.set(input, (sums.get(input) ?? 0) + importance[c]!)
  return [...sums]
    .map(([feature, value]) => ({ feature, importance: value }))
    .sort((a, b) => b.importance - a.importance)
}
