import { createPrng, type Prng } from '../../base/prng.ts'
import { type CalibrationKind, chooseCalibration, fitCalibration } from '../../ml/learn/calibrate.ts'
import { type Interval, quantile } from '../../ml/measure/bootstrap.ts'
import { confusion } from '../../ml/measure/classification.ts'
import {
  expectedAuc,
  expectedBrier,
  expectedConfusion,
  expectedLogLoss,
  ofConfusion,
} from '../../ml/measure/estimate.ts'
import { type Ranked, rankScores } from '../../ml/measure/ranked.ts'
import { rankedAuc } from '../../ml/measure/roc.ts'
import { type Calibration, calibrated } from '../../ml/model/calibration.ts'
import { type Figures, figure } from './figures.ts'

/** Rows that no fit learned from, with what came true: what a score is worth as a chance is learned from them. */
export type Reference = { labels: Uint8Array; scores: Float64Array }

/**
 * Of two outcomes what the measures are expected to be before labels come (CBPE). An interval is where the measure of labels
 * drawn by those chances lies 95 of 100 times, the calibration being learned from other rows of the same kind each time: what
 * lies outside of it is not the luck of these rows.
 */
export type Estimate = Figures & {
  /** What the scores went through; null where they were as good as they are. */
  calibration: CalibrationKind | null
  referenceRows: number
  /** The ends by which truth and estimate are said to part: wider, for two measures are looked at. */
  parting: Record<string, Interval | null>
}

const SEED = 20_240_801
const FOLDS = 5
const WORK = 4e6
const TIMES = [100, 400] as const
/** By these, truth and estimate part; together they are wrong in 5 of 100 months. */
export const PARTING_MEASURES = ['auc', 'logloss'] as const
/** Fewer rows with labels calibrate nothing. */
export const REFERENCE_ROWS_MIN = 50

export type Scored = { scores: Float64Array; threshold: number }

export function estimateFigures(
  reference: Reference,
  { scores, threshold }: Scored,
  { times = timesFor(scores.length) }: { times?: number } = {},
): Estimate {
  const rows = scores.length
  const { calibration } = chooseCalibration(foldsOf(reference), ['platt', 'isotonic'])
  const chances = chancesOf(calibration, scores)
  const ranked = rankScores(scores)
  const cells = expectedConfusion(chances, scores, threshold)
  const values: Record<string, number> = {
    auc: expectedAuc(ranked, chances),
    logloss: expectedLogLoss(chances, scores),
    brier: expectedBrier(chances, scores),
    ...ofConfusion(cells),
  }
  const names = Object.keys(values)
  const drawn = drawMeasures({ reference, calibration, scores, ranked, threshold, names, times })
  return {
    rows,
    measures: Object.fromEntries(names.map((name) => [name, figure(values[name]!, ends(drawn[name]!, 0.05))])),
    confusion: { ...cells, threshold },
    unsaid: [{ measure: 'calibration', why: 'it is measured on labels; the estimate takes it for granted' }],
    calibration: calibration?.kind ?? null,
    referenceRows: reference.labels.length,
    parting: Object.fromEntries(
      PARTING_MEASURES.map((name) => [name, ends(drawn[name]!, 0.05 / PARTING_MEASURES.length)]),
    ),
  }
}

function timesFor(rows: number): number {
  return Math.max(TIMES[0], Math.min(TIMES[1], Math.floor(WORK / Math.max(1, rows))))
}

function chancesOf(calibration: Calibration | null, scores: Float64Array): Float64Array {
  return calibration === null ? scores : scores.map((score) => calibrated(calibration, score))
}

function foldsOf({ labels, scores }: Reference) {
  const prng = createPrng(SEED)
  return { labels, scores, weights: null, folds: Uint8Array.from(labels, () => prng.int(FOLDS)) }
}

type Draw = {
  reference: Reference
  calibration: Calibration | null
  scores: Float64Array
  ranked: Ranked
  threshold: number
  names: readonly string[]
  times: number
}

function drawMeasures({
  reference,
  calibration,
  scores,
  ranked,
  threshold,
  names,
  times,
}: Draw): Record<string, number[]> {
  const rows = scores.length
  const prng = createPrng(SEED)
  const yes = scores.map((score) => -Math.log(Math.max(Number.EPSILON, score)))
  const no = scores.map((score) => -Math.log(Math.max(Number.EPSILON, 1 - score)))
  const labels = new Uint8Array(rows)
  const found = Object.fromEntries(names.map((name) => [name, [] as number[]]))
  for (let b = 0; b < times; b++) {
    const other = calibration && fitCalibration(calibration.kind, resampled(reference, prng))
    let [loss, squares] = [0, 0]
    for (let r = 0; r < rows; r++) {
      const score = scores[r]!
      const label = prng.float() < (other === null ? score : calibrated(other, score)) ? 1 : 0
      labels[r] = label
      loss += label === 1 ? yes[r]! : no[r]!
      squares += (score - label) ** 2
    }
    const measures: Record<string, number> = {
      auc: rankedAuc(ranked, labels),
      logloss: loss / rows,
      brier: squares / rows,
      ...ofConfusion(confusion(labels, scores, threshold)),
    }
    for (const name of names) if (Number.isFinite(measures[name])) found[name]!.push(measures[name]!)
  }
  return found
}

function resampled({ labels, scores }: Reference, prng: Prng) {
  const rows = Uint32Array.from(labels, () => Math.floor(prng.float() * labels.length))
  return {
    labels: Uint8Array.from(rows, (r) => labels[r]!),
    scores: Float64Array.from(rows, (r) => scores[r]!),
    weights: null,
  }
}

function ends(values: readonly number[], outside: number): Interval | null {
  if (values.length < TIMES[0] / 2) return null
  const sorted = Float64Array.from(values).sort()
  return { low: quantile(sorted, outside / 2), high: quantile(sorted, 1 - outside / 2) }
}
