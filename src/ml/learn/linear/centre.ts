import { addCurve, type Curves } from '../../model/curves.ts'
import type { Matrix } from '../../model/trees.ts'

/**
 * Moves the curves so that each one's mean over the training rows is 0, and the base so that the sums stay: 0 then is what a
 * row has of which nothing is known, and is given to a missing value, and a category, that training did not have. Returns by
 * column the mean absolute contribution, summing to 1.
 */
export function centre(curves: Curves, matrix: Matrix, weights: Float64Array): Float64Array {
  const { outputs, columns, base, starts, values, missing } = curves
  const importance = new Float64Array(columns)
  for (let c = 0; c < columns; c++) {
    const column = matrix.values.subarray(c * matrix.rows, (c + 1) * matrix.rows)
    const means = meansOf(curves, c, column, weights)
    const hasMissing = column.some(Number.isNaN)
    const unseen = unseenLevels(curves, c, column)
    for (let k = 0; k < outputs; k++) {
      base[k]! += means[k]!
      for (let i = starts[c]!; i < starts[c + 1]!; i++) {
        values[i * outputs + k] = unseen.has(i - starts[c]!) ? 0 : values[i * outputs + k]! - means[k]!
      }
      missing[c * outputs + k] = hasMissing ? missing[c * outputs + k]! - means[k]! : 0
    }
    const out = new Float64Array(outputs)
    for (let r = 0; r < matrix.rows; r++) {
      out.fill(0)
      addCurve(curves, c, column[r]!, out, 0)
      for (let k = 0; k < outputs; k++) importance[c]! += weights[r]! * Math.abs(out[k]!)
    }
  }
  const total = importance.reduce((sum, x) => sum + x, 0)
  return total > 0 ? importance.map((x) => x / total) : importance
}

function meansOf(curves: Curves, c: number, column: ArrayLike<number>, weights: Float64Array): Float64Array {
  const sums = new Float64Array(curves.outputs)
  const out = new Float64Array(curves.outputs)
  let total = 0
  for (let r = 0; r < column.length; r++) {
    out.fill(0)
    addCurve(curves, c, column[r]!, out, 0)
    for (let k = 0; k < sums.length; k++) sums[k]! += weights[r]! * out[k]!
    total += weights[r]!
  }
  return sums.map((sum) => sum / total)
}

/** Categories have whole numbers as knots, and one that no row has is known from the rows that are not trained on. */
function unseenLevels({ starts, knots, values, outputs }: Curves, c: number, column: ArrayLike<number>): Set<number> {
  const unseen = new Set<number>()
  for (let i = starts[c]!; i < starts[c + 1]!; i++) {
    if (knots[i] !== i - starts[c]!) return new Set()
    let isZero = true
    for (let k = 0; k < outputs; k++) isZero &&= values[i * outputs + k] === 0
    if (isZero) unseen.add(i - starts[c]!)
  }
  if (unseen.size === 0) return unseen
  for (let r = 0; r < column.length; r++) unseen.delete(column[r]!)
  return unseen
}
