import type { BinnedTable } from './binned-table.ts'

/**
 * A row as one record of 32-bit words: its bins, four in a word; its gradient and hessian, quantised, in one word; its
 * number. Records are moved whole when a node is split, so that a histogram reads memory in order: gathering rows by number
 * takes three times as long once a node has a few per cent of the rows.
 */
export type Records = {
  rows: number
  /** Words of bins. */
  words: number
  /** Words of a record: words + 2. */
  stride: number
  /** In the order of the rows, never moved; the root of every tree. */
  base: Int32Array
  /** The nodes lie in one of these two; a split moves from one to the other. */
  moved: [Int32Array, Int32Array]
}

/** Records of the named rows of a table, numbered 0 … rows - 1. */
export function createRecords(table: BinnedTable, rows: Uint32Array): Records {
  const { words } = table
  const stride = words + 2
  const base = new Int32Array(rows.length * stride)
  const bins = new Int32Array(table.bins.buffer, table.bins.byteOffset, table.rows * words)
  for (let i = 0; i < rows.length; i++) {
    const from = rows[i]! * words
    for (let w = 0; w < words; w++) base[i * stride + w] = bins[from + w]!
    base[i * stride + words + 1] = i
  }
  const moved: [Int32Array, Int32Array] = [new Int32Array(base.length), new Int32Array(base.length)]
  return { rows: rows.length, words, stride, base, moved }
}

/** The bin of one column in the record that begins at `at`. */
export function binAt(records: Int32Array, at: number, column: number): number {
  return (records[at + (column >> 2)]! >>> ((column & 3) << 3)) & 255
}
