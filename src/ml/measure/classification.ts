/** Measures of a two-class model. Labels are 0 and 1, scores are probabilities of class 1. */

export type Confusion = { trueNegative: number; falsePositive: number; falseNegative: number; truePositive: number }

/** Each row counted once, or as much as its weight. */
export function confusion(
  labels: Uint8Array,
  scores: Float64Array,
  threshold: number,
  weights?: ArrayLike<number>,
): Confusion {
  const counts = [0, 0, 0, 0]
  for (let i = 0; i < labels.length; i++)
    counts[labels[i]! * 2 + (scores[i]! >= threshold ? 1 : 0)]! += weights?.[i] ?? 1
  return { trueNegative: counts[0]!, falsePositive: counts[1]!, falseNegative: counts[2]!, truePositive: counts[3]! }
}

/** Share of right answers; NaN for no rows. */
export function accuracy(c: Confusion): number {
  return (c.truePositive + c.trueNegative) / (c.truePositive + c.trueNegative + c.falsePositive + c.falseNegative)
}

/** Harmonic mean of precision and recall; 0 when nothing is or is called positive, as scikit-learn has it. */
export function f1(c: Confusion): number {
  const denominator = 2 * c.truePositive + c.falsePositive + c.falseNegative
  return denominator === 0 ? 0 : (2 * c.truePositive) / denominator
}

/** Mean negative log-likelihood, probabilities kept away from 0 and 1 by the double's epsilon as in scikit-learn. */
export function logLoss(labels: Uint8Array, scores: Float64Array): number {
  return rowLogLoss(labels, scores).reduce((sum, loss) => sum + loss, 0) / labels.length
}

/** The same of each row. */
export function rowLogLoss(labels: Uint8Array, scores: Float64Array): Float64Array {
  return Float64Array.from(labels, (label, i) => {
    const p = Math.min(1 - Number.EPSILON, Math.max(Number.EPSILON, scores[i]!))
    return -Math.log(label === 1 ? p : 1 - p)
  })
}
