import type { Matrix } from '../model/trees.ts'

/**
 * Each column as ranks among its distinct values: a tree only asks "x <= t?", so ranks decide every split exactly and
 * small integers are what counting and sorting like. In shared memory, read by all threads.
 */
export type RankCodes = {
  rows: number
  columns: number
  /** Column after column; a missing value has the code `distinct` of its column, one beyond the greatest. */
  codes: Uint16Array | Uint32Array
  /** Distinct values of each column, ascending, column c in offsets[c] … offsets[c + 1]. */
  values: Float64Array
  offsets: Uint32Array
}

export function rankCodes(matrix: Matrix): RankCodes {
  const { rows, columns } = matrix
  const distinct: Float64Array[] = []
  for (let c = 0; c < columns; c++) distinct.push(distinctSorted(matrix.values.subarray(c * rows, (c + 1) * rows)))
  const offsets = shared(Uint32Array, columns + 1)
  for (let c = 0; c < columns; c++) offsets[c + 1] = offsets[c]! + distinct[c]!.length
  const values = shared(Float64Array, offsets[columns]!)
  for (let c = 0; c < columns; c++) values.set(distinct[c]!, offsets[c]!)

  const fits16 = distinct.every((d) => d.length < 65535)
  const codes = fits16 ? shared(Uint16Array, rows * columns) : shared(Uint32Array, rows * columns)
  for (let c = 0; c < columns; c++) {
    for (let r = 0; r < rows; r++) codes[c * rows + r] = codeOf(matrix.values[c * rows + r]!, distinct[c]!)
  }
  return { rows, columns, codes, values, offsets }
}

/** An array over shared memory. */
export function shared<T>(type: { new (buffer: SharedArrayBuffer): T; BYTES_PER_ELEMENT: number }, length: number): T {
  return new type(new SharedArrayBuffer(length * type.BYTES_PER_ELEMENT))
}

function distinctSorted(column: Float64Array | Float32Array): Float64Array {
  const sorted = Float64Array.from(column).filter((x) => !Number.isNaN(x))
  sorted.sort()
  let n = 0
  for (let i = 0; i < sorted.length; i++) if (n === 0 || sorted[i] !== sorted[n - 1]) sorted[n++] = sorted[i]!
  return sorted.slice(0, n)
}

function codeOf(x: number, distinct: Float64Array): number {
  if (Number.isNaN(x)) return distinct.length
  let low = 0
  let high = distinct.length - 1
  while (low < high) {
    const middle = (low + high) >>> 1
    if (distinct[middle]! < x) low = middle + 1
    else high = middle
  }
  return low
}
