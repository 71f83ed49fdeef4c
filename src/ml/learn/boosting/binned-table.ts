import type { Matrix } from '../../model/trees.ts'
import { binColumn, learnCuts } from './bins.ts'

/** Bins that a column has room for in a histogram. */
export const LANES = 256

/**
 * A matrix in bins, row after row, four columns in a word, so that a row can be moved as a few whole numbers. A column of
 * categories has its numbers as bins.
 */
export type BinnedTable = {
  rows: number
  columns: number
  /** Words of a row, an even number. */
  words: number
  bins: Uint8Array
  /** By column: how many bins of values; the bin of the missing has that number. */
  valueBins: Int32Array
  isCategory: Uint8Array
  /** Of a numeric column. */
  cuts: Float64Array[]
}

/** A table of which one column is there at a time: a matrix of ten million rows would be a gigabyte. */
export type Columns = { rows: number; columns: number; column(c: number): Float64Array }

export function binTable(matrix: Matrix, categories: ArrayLike<number>, binsMax: number): BinnedTable {
  const { rows, columns, values } = matrix
  if (!(values instanceof Float64Array)) throw new Error('bins are made of doubles')
  const column = (c: number) => values.subarray(c * rows, (c + 1) * rows)
  return binColumns({ rows, columns, column }, categories, binsMax)
}

/** `categories`: by column how many categories it has, 0 where it is numeric. */
export function binColumns(given: Columns, categories: ArrayLike<number>, binsMax: number): BinnedTable {
  const { rows, columns } = given
  const words = 2 * Math.ceil(columns / 8)
  const bins = new Uint8Array(rows * words * 4)
  const table: BinnedTable = {
    rows,
    columns,
    words,
    bins,
    valueBins: new Int32Array(columns),
    isCategory: Uint8Array.from(categories, (count) => (count > 0 ? 1 : 0)),
    cuts: [],
  }
  for (let c = 0; c < columns; c++) {
    const values = given.column(c)
    // Categories are whole numbers from 0 on: cuts at each half give them their own number as bin.
    const cuts =
      categories[c]! > 0
        ? Float64Array.from({ length: categories[c]! - 1 }, (_, i) => i + 0.5)
        : learnCuts(values, binsMax)
    table.cuts.push(cuts)
    table.valueBins[c] = cuts.length + 1
    binColumn(values, cuts, bins, c, words * 4)
  }
  return table
}
