/** Measures of predicted numbers; all are NaN for no rows. */

/** Root of the mean squared error, in the unit of the label. */
export function rootMeanSquaredError(labels: Float64Array, predicted: Float64Array): number {
  let sum = 0
  for (let i = 0; i < labels.length; i++) sum += (predicted[i]! - labels[i]!) ** 2
  return Math.sqrt(sum / labels.length)
}

/** Mean absolute error, in the unit of the label. */
export function meanAbsoluteError(labels: Float64Array, predicted: Float64Array): number {
  let sum = 0
  for (let i = 0; i < labels.length; i++) sum += Math.abs(predicted[i]! - labels[i]!)
  return sum / labels.length
}

/**
 * R², the share of the variance that is explained: 0 is no better than the mean of these labels, below 0 is worse. For
 * labels that are all equal it is 1 for a perfect prediction and else 0, as scikit-learn has it.
 */
export function rSquared(labels: Float64Array, predicted: Float64Array): number {
  let mean = 0
  for (let i = 0; i < labels.length; i++) mean += labels[i]!
  mean /= labels.length
  let residual = 0
  let total = 0
  for (let i = 0; i < labels.length; i++) {
    residual += (predicted[i]! - labels[i]!) ** 2
    total += (labels[i]! - mean) ** 2
  }
  if (total === 0 && labels.length > 0) return residual === 0 ? 1 : 0
  return 1 - residual / total
}
