import { log } from '../../numbers/exp.ts'
import type { Target } from '../task.ts'

/** The loss of each of `rows` by the model's outputs for them: log-loss, or squared error. With logarithms of our own, since it decides. */
export function outputLosses(target: Target, rows: Uint32Array, outputs: Float64Array): Float64Array {
  const count = outputs.length / rows.length
  return Float64Array.from(rows, (row, i) => {
    if (target.kind === 'regression') return (outputs[i]! - target.values[row]!) ** 2
    const label = target.labels[row]!
    const p = target.kind === 'binary' ? (label === 1 ? outputs[i]! : 1 - outputs[i]!) : outputs[i * count + label]!
    return -log(Math.min(1 - Number.EPSILON, Math.max(Number.EPSILON, p)))
  })
}
