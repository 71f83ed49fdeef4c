import { bootstrapIntervals, type Interval } from '../ml/measure/bootstrap.ts'
import { brier, type CalibrationBin, calibrationBins, calibrationError } from '../ml/measure/calibration.ts'
import { accuracy, type Confusion, confusion, f1, logLoss, rowLogLoss } from '../ml/measure/classification.ts'
import { type LiftPoint, liftPoints } from '../ml/measure/lift.ts'
import {
  averagePrecision,
  type PrecisionRecallPoint,
  precisionRecallPoints,
  rankedAveragePrecision,
} from '../ml/measure/precision-recall.ts'
import { rankScores } from '../ml/measure/ranked.ts'
import { type RocPoint, rankedAuc, rocAuc, rocPoints } from '../ml/measure/roc.ts'
import type { EncoderSpec } from '../ml/model/encoder.ts'

/** Labels, probabilities and entities of the rows that measure a model. */
export type Measured = { labels: Uint8Array; scores: Float64Array; entities: Uint32Array }

/** Of two outcomes: area under ROC, average precision, F1, accuracy, log-loss, Brier score, calibration error. */
export type Scores = { auc: number; ap: number; f1: number; acc: number; logloss: number; brier: number; ece: number }

/** By the names that users of the replaced stack know: val_auc, val_f1, val_acc, val_logloss, and more of the kind. */
export type Metrics = Record<string, number>

/** What is told of a model beside its metrics. The same training gives the same evaluation: there is no time in it. */
export type Evaluation = {
  metrics: Metrics
  /** Of auc, ap and logloss: 95 of 100 times the value for other entities of the same kind lies in it; null where unknown. */
  intervals: Record<string, Interval | null>
  confusion: Confusion & { threshold: number }
  /** The threshold of the first point, infinity, is null. */
  roc: { threshold: number | null; falsePositiveRate: number; truePositiveRate: number }[]
  precisionRecall: PrecisionRecallPoint[]
  calibration: CalibrationBin[]
  lift: LiftPoint[]
  /** Mean decrease of impurity by feature, greatest first, summing to 1. */
  importance: { feature: string; importance: number }[]
}

export type Parts = {
  test: Measured
  /** The rows that no fit sees, where the project keeps some. */
  holdOut: Measured | null
  threshold: number
  /** The area under ROC of a model that was measured on rows taken at random, where the split was another. */
  randomRowsAuc: number | null
  encoder: EncoderSpec
  importance: Float64Array
}

export function evaluate({ test, holdOut, threshold, randomRowsAuc, encoder, importance }: Parts): Evaluation {
  const { labels, scores } = test
  const intervals = intervalsOf(test)
  const held = holdOut && { scores: scoresOf(holdOut, threshold), intervals: intervalsOf(holdOut) }
  return {
    metrics: {
      ...named('val', scoresOf(test, threshold)),
      ...ends('val', intervals),
      ...(held ? { ...named('holdout', held.scores), ...ends('holdout', held.intervals) } : {}),
      ...(randomRowsAuc === null ? {} : { val_auc_random_rows: randomRowsAuc }),
    },
    intervals: { ...keyed('val', intervals), ...(held ? keyed('holdout', held.intervals) : {}) },
    confusion: { ...confusion(labels, scores, threshold), threshold },
    roc: rocPoints(labels, scores).map((point) => ({ ...point, threshold: finite(point) })),
    precisionRecall: precisionRecallPoints(labels, scores),
    calibration: calibrationBins(labels, scores),
    lift: liftPoints(labels, scores),
    importance: importanceByFeature(encoder, importance),
  }
}

function scoresOf({ labels, scores }: Measured, threshold: number): Scores {
  const counts = confusion(labels, scores, threshold)
  return {
    auc: rocAuc(labels, scores),
    ap: averagePrecision(labels, scores),
    f1: f1(counts),
    acc: accuracy(counts),
    logloss: logLoss(labels, scores),
    brier: brier(labels, scores),
    ece: calibrationError(labels, scores),
  }
}

/** The seed is no choice of the user's: another one moves the ends by less than they mean. */
const RESAMPLING_SEED = 20_240_131

type Intervals = { auc: Interval | null; ap: Interval | null; logloss: Interval | null }

function intervalsOf({ labels, scores, entities }: Measured): Intervals {
  const ranked = rankScores(scores)
  const losses = rowLogLoss(labels, scores)
  const [auc, ap, logloss] = bootstrapIntervals({ rows: labels.length, entities, seed: RESAMPLING_SEED }, (counts) => {
    let [sum, rows] = [0, 0]
    for (let r = 0; r < counts.length; r++) {
      sum += losses[r]! * counts[r]!
      rows += counts[r]!
    }
    return [rankedAuc(ranked, labels, counts), rankedAveragePrecision(ranked, labels, counts), sum / rows]
  })
  return { auc: auc ?? null, ap: ap ?? null, logloss: logloss ?? null }
}

function keyed<T>(part: string, values: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`${part}_${name}`, value]))
}

/** A measure that these rows do not have (a class is absent) is no metric. */
function named(part: string, scores: Scores): Metrics {
  return Object.fromEntries(Object.entries(keyed(part, scores)).filter(([, value]) => Number.isFinite(value)))
}

function ends(part: string, intervals: Intervals): Metrics {
  return Object.fromEntries(
    Object.entries(keyed(part, intervals)).flatMap(([name, interval]) =>
      interval ? [[`${name}_low`, interval.low] as const, [`${name}_high`, interval.high] as const] : [],
    ),
  )
}

function finite({ threshold }: RocPoint): number | null {
  return Number.isFinite(threshold) ? threshold : null
}

/** The columns of a category count for its feature. */
function importanceByFeature(encoder: EncoderSpec, importance: Float64Array): Evaluation['importance'] {
  const sums = new Map(encoder.inputs.map(({ name }) => [name, 0]))
  for (const [c, { input }] of encoder.columns.entries()) sums.set(input, (sums.get(input) ?? 0) + importance[c]!)
  return [...sums]
    .map(([feature, value]) => ({ feature, importance: value }))
    .sort((a, b) => b.importance - a.importance)
}
