/** Measures of predicted numbers, where row i counts `counts[i]` times, else once; all are NaN for no rows. */
import { meanOf } from './mean.ts'

type Counts = ArrayLike<number> | null

/** Root of the mean squared error, in the unit of the label. */
export function rootMeanSquaredError(labels: Float64Array, predicted: Float64Array, counts?: Counts): number {
  return Math.sqrt(meanSquare(labels, predicted, counts))
}

/** Mean absolute error, in the unit of the label. */
export function meanAbsoluteError(labels: Float64Array, predicted: Float64Array, counts?: Counts): number {
  return meanOf(
    labels.map((label, r) => Math.abs(label - predicted[r]!)),
    counts,
  )
}

/**
 * R², the share of the variance that is explained: 0 is no better than the mean of these labels, below 0 is worse. For
 * labels that are all equal it is 1 for a perfect prediction and else 0, as scikit-learn has it.
 */
export function rSquared(labels: Float64Array, predicted: Float64Array, counts?: Counts): number {
  const mean = meanOf(labels, counts)
  const residual = meanSquare(labels, predicted, counts)
  const total = meanOf(
    labels.map((label) => (label - mean) ** 2),
    counts,
  )
  if (total === 0) return residual === 0 ? 1 : 0
  return 1 - residual / total
}

function meanSquare(labels: Float64Array, predicted: Float64Array, counts?: Counts): number {
  return meanOf(
    labels.map((label, r) => (label - predicted[r]!) ** 2),
    counts,
  )
}
