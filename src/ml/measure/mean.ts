/** Of all rows alike, or by how much each counts; NaN for no rows. */
export function meanOf(values: Float64Array, counts?: ArrayLike<number> | null): number {
  let [sum, all] = [0, 0]
  for (let r = 0; r < values.length; r++) {
    const count = counts ? counts[r]! : 1
    sum += values[r]! * count
    all += count
  }
  return sum / all
}
