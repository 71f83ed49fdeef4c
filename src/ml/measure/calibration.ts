import { rankScores } from './ranked.ts'

/** Rows of neighbouring scores: how many (or their weight), what was said of them on average, and the share that came true. */
export type CalibrationBin = { rows: number; meanScore: number; share: number }

/** Mean squared distance of probability and outcome (Brier 1950); 0 is best. NaN for no rows. */
export function brier(labels: Uint8Array, scores: Float64Array): number {
  let sum = 0
  for (let i = 0; i < labels.length; i++) sum += (scores[i]! - labels[i]!) ** 2
  return sum / labels.length
}

/**
 * At most `bins` bins of about as many rows each, by rising score; rows of one score are never parted, so that the bins do
 * not depend on the order of rows.
 */
export function calibrationBins(
  labels: Uint8Array,
  scores: Float64Array,
  bins = 10,
  weights?: ArrayLike<number>,
): CalibrationBin[] {
  const { order, starts } = rankScores(scores)
  const result: CalibrationBin[] = []
  let end = order.length
  for (let g = starts.length - 2; g >= 0; g--) {
    const rows = end - starts[g]!
    const done = order.length - end
    const wanted = Math.round((order.length * (result.length + 1)) / bins) - done
    if (g > 0 && rows < wanted) continue
    let score = 0
    let positive = 0
    let weight = 0
    for (let i = end - 1; i >= starts[g]!; i--) {
      const own = weights?.[order[i]!] ?? 1
      score += scores[order[i]!]! * own
      positive += labels[order[i]!]! * own
      weight += own
    }
    result.push({ rows: weight, meanScore: score / weight, share: positive / weight })
    end = starts[g]!
  }
  return result
}

/**
 * Expected calibration error: the mean distance of what was said and what came true over the bins, by their rows (Naeini,
 * Cooper and Hauskrecht 2015, with bins of equal rows). Above 0 even for true probabilities, by the chance of few rows.
 */
export function calibrationError(
  labels: Uint8Array,
  scores: Float64Array,
  bins = 10,
  weights?: ArrayLike<number>,
): number {
  const parts = calibrationBins(labels, scores, bins, weights)
  const all = parts.reduce((sum, bin) => sum + bin.rows, 0)
  return parts.reduce((sum, bin) => sum + bin.rows * Math.abs(bin.meanScore - bin.share), 0) / all
}
