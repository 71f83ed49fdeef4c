import type { Matrix } from '../model/trees.ts'

export function takeRows(matrix: Matrix, rows: Uint32Array): Matrix {
  return copyRows(matrix, rows, new Float64Array(rows.length * matrix.columns))
}

/** The same into an array of the caller's, which may be shared memory. */
export function copyRows(matrix: Matrix, rows: Uint32Array, values: Float64Array): Matrix {
  for (let c = 0; c < matrix.columns; c++) {
    for (let i = 0; i < rows.length; i++) values[c * rows.length + i] = matrix.values[c * matrix.rows + rows[i]!]!
  }
  return { rows: rows.length, columns: matrix.columns, values }
}

export function takeLabels(labels: Uint8Array, rows: Uint32Array): Uint8Array {
  return Uint8Array.from(rows, (row) => labels[row]!)
}
