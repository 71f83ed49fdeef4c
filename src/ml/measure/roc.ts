/** A point of the ROC curve: the rates when every score >= threshold is called positive. The first has Infinity. */
export type RocPoint = { threshold: number; falsePositiveRate: number; truePositiveRate: number }

/**
 * Area under the ROC curve: the chance that a positive scores above a negative, a tie counting one half (Mann and
 * Whitney 1947). NaN when a class is absent. Counts are integers, so the result does not depend on the order of rows.
 */
export function rocAuc(labels: Uint8Array, scores: Float64Array): number {
  let positives = 0
  let negatives = 0
  let doubledWins = 0
  for (const group of tieGroups(labels, scores)) {
    doubledWins += group.negative * (2 * positives + group.positive)
    positives += group.positive
    negatives += group.negative
  }
  return doubledWins / (2 * positives * negatives)
}

/** The curve from (0, 0) to (1, 1), one point for each distinct score; points inside of a straight line are left out. */
export function rocPoints(labels: Uint8Array, scores: Float64Array): RocPoint[] {
  const groups = tieGroups(labels, scores)
  const positives = groups.reduce((sum, g) => sum + g.positive, 0)
  const negatives = groups.reduce((sum, g) => sum + g.negative, 0)
  const points: RocPoint[] = [{ threshold: Infinity, falsePositiveRate: 0, truePositiveRate: 0 }]
  let tp = 0
  let fp = 0
  for (const [i, g] of groups.entries()) {
    tp += g.positive
    fp += g.negative
    const next = groups[i + 1]
    if (next !== undefined && g.positive * next.negative === g.negative * next.positive) continue
    points.push({ threshold: g.score, falsePositiveRate: fp / negatives, truePositiveRate: tp / positives })
  }
  return points
}

/** Rows of equal score together, the highest score first. */
function tieGroups(labels: Uint8Array, scores: Float64Array): { score: number; positive: number; negative: number }[] {
  const order = Uint32Array.from(labels, (_, i) => i).sort((a, b) => scores[b]! - scores[a]!)
  const groups: { score: number; positive: number; negative: number }[] = []
  for (const i of order) {
    let group = groups.at(-1)
    if (group === undefined || group.score !== scores[i]) {
      group = { score: scores[i]!, positive: 0, negative: 0 }
      groups.push(group)
    }
    if (labels[i] === 1) group.positive++
    else group.negative++
  }
  return groups
}
