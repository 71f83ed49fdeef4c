import { inverse } from '../../numbers/cholesky.ts'
import type { Problem } from '../problem.ts'
import { type Basis, type Design, writeRow } from './design.ts'
import { probabilityOf, rowLoss, type Solution } from './newton.ts'

/**
 * What the loss of a row would be, on average, had it not been learned from: of squared errors exactly, else by one step of
 * Newton's from the weights of all rows (approximate leave-one-out: Rad and Maleki 2020), which costs one fit instead of as
 * many as there are rows. Of several classes the steps are taken class by class.
 */
export function leaveOneOutLoss(design: Design, basis: Basis, problem: Problem, { sums, factors }: Solution): number {
  const { rows, columns, width } = design
  const { outputs, link, truth, weights } = problem
  const inverses = factors.map((l) => inverse(l, width))
  const index = new Int32Array(2 * columns + 1)
  const value = new Float64Array(2 * columns + 1)
  const without = new Float64Array(outputs)
  let loss = 0
  let total = 0
  for (let r = 0; r < rows; r++) {
    if (weights[r] === 0) continue
    const n = writeRow(design, basis, r, index, value)
    for (let k = 0; k < outputs; k++) {
      const sum = sums[r * outputs + k]!
      const p = link === 'identity' ? sum : probabilityOf(link, sums, r * outputs, outputs, k)
      const truthOfK = link === 'softmax' ? (truth[r] === k ? 1 : 0) : truth[r]!
      const curvature = weights[r]! * (link === 'identity' ? 1 : p * (1 - p))
      const leverage = quadratic(inverses[k]!, width, index, value, n)
      without[k] = sum + (weights[r]! * (p - truthOfK) * leverage) / Math.max(1 - curvature * leverage, 1e-3)
    }
    loss += weights[r]! * rowLoss(problem, without, 0, r)
    total += weights[r]!
  }
  return loss / total
}

/** xᵀ A x of a symmetric A and a sparse x. */
function quadratic(a: Float64Array, width: number, index: Int32Array, value: Float64Array, n: number): number {
  let sum = 0
  for (let i = 0; i < n; i++) {
    const row = index[i]! * width
    const x = value[i]!
    let part = 0
    for (let j = 0; j < i; j++) part += a[row + index[j]!]! * value[j]!
    sum += x * (2 * part + a[row + index[i]!]! * x)
  }
  return sum
}
