import { rowLogLoss } from '../../ml/measure/classification.ts'
import { rowClassLogLoss } from '../../ml/measure/multiclass.ts'
import { likeliest } from '../../ml/model/outcome.ts'
import type { Measured } from '../measured.ts'

/**
 * Of each row one number that was said and one that came true, which are equal on average where the model is calibrated, and
 * its loss. Of several classes that is how sure the model was of the likeliest one, and whether it was right.
 */
export function saidAndTrue({ target, outputs }: Pick<Measured, 'target' | 'outputs'>): {
  said: Float64Array
  labels: Float64Array
  losses: Float64Array
} {
  if (target.kind === 'binary') {
    return { said: outputs, labels: Float64Array.from(target.labels), losses: rowLogLoss(target.labels, outputs) }
  }
  if (target.kind === 'regression') {
    const losses = target.values.map((value, r) => (value - outputs[r]!) ** 2)
    return { said: outputs, labels: target.values, losses }
  }
  const { classes, labels } = target
  const places = Uint8Array.from(labels, (_, r) => likeliest(outputs, r * classes, classes))
  return {
    said: Float64Array.from(places, (c, r) => outputs[r * classes + c]!),
    labels: Float64Array.from(places, (c, r) => (c === labels[r] ? 1 : 0)),
    losses: rowClassLogLoss(labels, { classes, scores: outputs }),
  }
}
