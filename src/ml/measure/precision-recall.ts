import { countRanked, type Ranked, rankScores } from './ranked.ts'

/** What precision and recall are when every score >= threshold is called positive. */
export type PrecisionRecallPoint = { threshold: number; precision: number; recall: number }

/**
 * Average precision: the sum over falling scores of precision times the gain of recall, without interpolation (as
 * scikit-learn has it; Buckley and Voorhees 2000). NaN when there is no positive.
 */
export function averagePrecision(labels: Uint8Array, scores: Float64Array): number {
  return rankedAveragePrecision(rankScores(scores), labels)
}

/** The same for rows that are ranked already, each counted `counts[row]` times. */
export function rankedAveragePrecision(ranked: Ranked, labels: Uint8Array, counts?: ArrayLike<number>): number {
  const { positive, negative } = countRanked(ranked, labels, counts)
  let tp = 0
  let called = 0
  let sum = 0
  for (let g = 0; g < positive.length; g++) {
    tp += positive[g]!
    called += positive[g]! + negative[g]!
    if (positive[g]! > 0) sum += positive[g]! * (tp / called)
  }
  return sum / tp
}

/** One point for each distinct score, the highest first: recall rises to 1. */
export function precisionRecallPoints(labels: Uint8Array, scores: Float64Array): PrecisionRecallPoint[] {
  const ranked = rankScores(scores)
  const { positive, negative } = countRanked(ranked, labels)
  const positives = positive.reduce((sum, n) => sum + n, 0)
  const points: PrecisionRecallPoint[] = []
  let tp = 0
  let called = 0
  for (let g = 0; g < positive.length; g++) {
    tp += positive[g]!
    called += positive[g]! + negative[g]!
    const threshold = scores[ranked.order[ranked.starts[g]!]!]!
    points.push({ threshold, precision: tp / called, recall: tp / positives })
  }
  return points
}
