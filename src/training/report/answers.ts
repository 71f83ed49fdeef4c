import { type Target, takeTarget } from '../../ml/learn/task.ts'
import { rowLogLoss } from '../../ml/measure/classification.ts'

/** Rows that measure a model: what came true, what the model gave (rows x outputs, row after row), and of whom each row is. */
export type Answers = { target: Target; outputs: Float64Array; entities: Uint32Array }

export function answersOf(
  frame: { target: Target; entities: Uint32Array },
  rows: Uint32Array,
  outputs: Float64Array,
): Answers {
  const entities = Uint32Array.from(rows, (r) => frame.entities[r]!)
  return { target: takeTarget(frame.target, rows), outputs, entities }
}

/**
 * Of each row one number that was said and one that came true, which are equal on average where the model is calibrated, and
 * its loss. Of several classes that is how sure the model was of the likeliest one, and whether it was right.
 */
export function saidAndTrue({ target, outputs }: Answers): {
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
  const likeliest = Uint8Array.from(labels, (_, r) => {
    let best = 0
    for (let c = 1; c < classes; c++) if (outputs[r * classes + c]! > outputs[r * classes + best]!) best = c
    return best
  })
  return {
    said: Float64Array.from(likeliest, (c, r) => outputs[r * classes + c]!),
    labels: Float64Array.from(likeliest, (c, r) => (c === labels[r] ? 1 : 0)),
    losses: Float64Array.from(labels, (c, r) => -Math.log(Math.max(Number.EPSILON, outputs[r * classes + c]!))),
  }
}
