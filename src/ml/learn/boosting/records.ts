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

/** Where arrays are made: in the memory that the kernels work on. */
export type Arrays = { words(length: number): Int32Array; doubles(length: number): Float64Array }

/** What the records of so many rows take, both buffers among them, and what belongs to each row beside them. */
export function bytesOfRecords({ words }: BinnedTable, rows: number): number {
  return rows * (3 * 4 * (words + 2) + 8 + 8 + 1)
}

/** Records of the named rows of a table, numbered 0 … rows - 1. */
export function createRecords(table: BinnedTable, rows: Uint32Array, arrays: Arrays): Records {
  const { words } = table
  const stride = words + 2
  const base = arrays.words(rows.length * stride)
  const bins = new Int32Array(table.bins.buffer, table.bins.byteOffset, table.rows * words)
  for (let i = 0; i < rows.length; i++) {
    const from = rows[i]! * words
    for (let w = 0; w < words; w++) base[i * stride + w] = bins[from + w]!
    base[i * stride + words + 1] = i
  }
  const moved: [Int32Array, Int32Array] = [arrays.words(base.length), arrays.words(base.length)]
  return { rows: rows.length, words, stride, base, moved }
}

/** The bin of one column in the record that begins at `at`. */
export function binAt(records: Int32Array, at: number, column: number): number {
  return (records[at + (column >> 2)]! >>> ((column & 3) << 3)) & 255
}

/** Adds `value` to the margins of the records from number `from` up to `to`. */
export function addToMargins(
  records: Int32Array,
  stride: number,
  from: number,
  to: number,
  value: number,
  margins: Float64Array,
): void {
  const last = to * stride
  for (let at = (from + 1) * stride - 1; at < last; at += stride) margins[records[at]!]! += value
}
