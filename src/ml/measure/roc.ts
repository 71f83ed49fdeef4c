import { countRanked, type Ranked, rankScores } from './ranked.ts'

/** A point of the ROC curve: the rates when every score >= threshold is called positive. The first has Infinity. */
export type RocPoint = { threshold: number; falsePositiveRate: number; truePositiveRate: number }

/**
 * Area under the ROC curve: the chance that a positive scores above a negative, a tie counting one half (Mann and
 * Whitney 1947). NaN when a class is absent. Counts are integers, so the result does not depend on the order of rows.
 */
export function rocAuc(labels: Uint8Array, scores: Float64Array): number {
  return rankedAuc(rankScores(scores), labels)
}

/** The same for rows that are ranked already, each counted `counts[row]` times. */
export function rankedAuc(ranked: Ranked, labels: Uint8Array, counts?: ArrayLike<number>): number {
  const { positive, negative } = countRanked(ranked, labels, counts)
  let positives = 0
  let negatives = 0
  let doubledWins = 0
  for (let g = 0; g < positive.length; g++) {
    doubledWins += negative[g]! * (2 * positives + positive[g]!)
    positives += positive[g]!
    negatives += negative[g]!
  }
  return doubledWins / (2 * positives * negatives)
}

/** The curve from (0, 0) to (1, 1), one point for each distinct score; points inside of a straight line are left out. */
export function rocPoints(labels: Uint8Array, scores: Float64Array): RocPoint[] {
  const ranked = rankScores(scores)
  const { positive, negative } = countRanked(ranked, labels)
  const positives = positive.reduce((sum, n) => sum + n, 0)
  const negatives = negative.reduce((sum, n) => sum + n, 0)
  const points: RocPoint[] = [{ threshold: Infinity, falsePositiveRate: 0, truePositiveRate: 0 }]
  let tp = 0
  let fp = 0
  for (let g = 0; g < positive.length; g++) {
    tp += positive[g]!
    fp += negative[g]!
    const straight = g + 1 < positive.length && positive[g]! * negative[g + 1]! === negative[g]! * positive[g + 1]!
    if (straight) continue
    const threshold = scores[ranked.order[ranked.starts[g]!]!]!
    points.push({ threshold, falsePositiveRate: fp / negatives, truePositiveRate: tp / positives })
  }
  return points
}
