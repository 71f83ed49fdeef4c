import { bootstrapIntervals, type Interval } from '../../ml/measure/bootstrap.ts'
import { calibrationError } from '../../ml/measure/calibration.ts'
import { accuracy, confusion, f1, rowLogLoss } from '../../ml/measure/classification.ts'
import { precision, recall } from '../../ml/measure/estimate.ts'
import { meanOf } from '../../ml/measure/mean.ts'
import {
  type ClassScores,
  classAccuracy,
  macroF1,
  oneVersusRestAuc,
  rowClassLogLoss,
} from '../../ml/measure/multiclass.ts'
import { rankScores } from '../../ml/measure/ranked.ts'
import { meanAbsoluteError, rootMeanSquaredError, rSquared } from '../../ml/measure/regression.ts'
import { rankedAuc } from '../../ml/measure/roc.ts'
import { type Figures, figure } from './figures.ts'

/**
 * What was said and what came true, row by row; an entity is in one row.
 * Of several classes `said` and `labels` are their places, `sure` the probability of what was said, and `scores` all
 * probabilities (row after row) where they were kept.
 */
export type Answered =
  | { kind: 'binary'; labels: Uint8Array; scores: Float64Array; threshold: number }
  | {
      kind: 'multiclass'
      classes: number
      labels: Uint8Array
      said: Uint8Array
      sure: Float64Array
      scores: Float64Array | null
    }
  | { kind: 'regression'; labels: Float64Array; scores: Float64Array }

/** The seed of the resamples is no choice of the user's. */
const SEED = 20_240_731
/** Over the classes, each against the others. */
const AREA = 'auc_macro'

/** The measures of what came true, with intervals by resampling rows. Rows count alike, whatever weights the fit had. */
export function realisedFigures(rows: Answered, { times }: { times?: number } = {}): Figures {
  const intervals: Intervals = (count, measure) =>
    // Of fewer rows no resample tells anything.
    count < 2 ? [] : bootstrapIntervals({ rows: count, seed: SEED, ...(times ? { times } : {}) }, measure)
  if (rows.kind === 'binary') return ofTwo(rows, intervals)
  return rows.kind === 'multiclass' ? ofSeveral(rows, intervals) : ofNumbers(rows, intervals)
}

type Intervals = (rows: number, measure: (counts: Uint32Array) => number[]) => (Interval | null)[]

type Of<K extends Answered['kind']> = Extract<Answered, { kind: K }>

function ofTwo({ labels, scores, threshold }: Of<'binary'>, intervals: Intervals): Figures {
  const rows = labels.length
  const ranked = rankScores(scores)
  const losses = rowLogLoss(labels, scores)
  const squares = Float64Array.from(labels, (label, r) => (scores[r]! - label) ** 2)
  const bins = binsOf(scores)
  const names = ['auc', 'logloss', 'brier', 'calibration', 'accuracy', 'precision', 'recall', 'f1']
  const measure = (counts: Uint32Array) => {
    const cells = confusion(labels, scores, threshold, counts)
    return [
      rankedAuc(ranked, labels, counts),
      meanOf(losses, counts),
      meanOf(squares, counts),
      binnedError(bins, labels, scores, counts),
      accuracy(cells),
      precision(cells),
      recall(cells),
      f1(cells),
    ]
  }
  const values = measure(new Uint32Array(rows).fill(1))
  // Bins of other rows have other ends; the error is reported as it is measured elsewhere.
  values[3] = rows === 0 ? Number.NaN : calibrationError(labels, scores)
  const positives = labels.reduce((sum, label) => sum + label, 0)
  const unsaid =
    positives === 0 || positives === rows
      ? [{ measure: 'auc', why: `all ${rows} labels are the same, and it takes both` }]
      : []
  return {
    rows,
    measures: named(names, values, intervals(rows, measure)),
    confusion: { ...confusion(labels, scores, threshold), threshold },
    unsaid,
  }
}

function ofSeveral({ classes, labels, said, sure, scores }: Of<'multiclass'>, intervals: Intervals): Figures {
  const rows = labels.length
  const names = ['accuracy', 'f1_macro', 'calibration', ...(scores ? ['logloss'] : [])]
  const right = Uint8Array.from(labels, (label, r) => (label === said[r] ? 1 : 0))
  const bins = binsOf(sure)
  const all: ClassScores | null = scores && { classes, scores }
  const losses = all && rowClassLogLoss(labels, all)
  const measure = (counts: Uint32Array) => {
    const cells = crossed(labels, said, classes, counts)
    return [
      classAccuracy(cells),
      macroF1(cells),
      binnedError(bins, right, sure, counts),
      ...(losses ? [meanOf(losses, counts)] : []),
    ]
  }
  const values = measure(new Uint32Array(rows).fill(1))
  values[2] = rows === 0 ? Number.NaN : calibrationError(right, sure)
  const measures = named(names, values, intervals(rows, measure))
  if (all === null) {
    const why = 'the probabilities of all classes were not kept with the answer'
    return { rows, measures, confusion: null, unsaid: ['logloss', AREA].map((name) => ({ measure: name, why })) }
  }
  const areas = oneVersusRestAuc(labels, all)
  const known = areas.filter(Number.isFinite)
  if (known.length === 0)
    return { rows, measures, confusion: null, unsaid: [{ measure: AREA, why: 'all labels are of one class' }] }
  measures[AREA] = figure(known.reduce((sum, area) => sum + area, 0) / known.length, null)
  return { rows, measures, confusion: null, unsaid: [] }
}

function ofNumbers({ labels, scores }: Of<'regression'>, intervals: Intervals): Figures {
  const rows = labels.length
  const measure = (counts: ArrayLike<number>) => [
    rootMeanSquaredError(labels, scores, counts),
    meanAbsoluteError(labels, scores, counts),
    rSquared(labels, scores, counts),
  ]
  const values = measure(new Uint32Array(rows).fill(1))
  return {
    rows,
    measures: named(['rmse', 'mae', 'r2'], values, intervals(rows, measure)),
    confusion: null,
    unsaid: [],
  }
}

function named(names: readonly string[], values: readonly number[], ends: ReturnType<Intervals>) {
  return Object.fromEntries(names.map((name, i) => [name, figure(values[i]!, ends[i])]))
}

/** Each row's tenth by its score; equal scores are in one. */
function binsOf(scores: Float64Array, bins = 10): Uint8Array {
  const { order, starts } = rankScores(scores)
  const places = new Uint8Array(scores.length)
  for (let g = 0; g + 1 < starts.length; g++) {
    const place = Math.min(bins - 1, Math.floor((bins * starts[g]!) / Math.max(1, scores.length)))
    for (let i = starts[g]!; i < starts[g + 1]!; i++) places[order[i]!] = place
  }
  return places
}

/** The calibration error with the bins of all rows, so that a resample need not be sorted. */
function binnedError(bins: Uint8Array, labels: Uint8Array, scores: Float64Array, counts: Uint32Array): number {
  const gaps = new Float64Array(256)
  let rows = 0
  for (let r = 0; r < bins.length; r++) {
    gaps[bins[r]!]! += counts[r]! * (scores[r]! - labels[r]!)
    rows += counts[r]!
  }
  return gaps.reduce((sum, gap) => sum + Math.abs(gap), 0) / rows
}

function crossed(labels: Uint8Array, said: Uint8Array, classes: number, counts: Uint32Array): number[][] {
  const cells = Array.from({ length: classes }, () => new Array<number>(classes).fill(0))
  for (let r = 0; r < labels.length; r++) cells[labels[r]!]![said[r]!]! += counts[r]!
  return cells
}
