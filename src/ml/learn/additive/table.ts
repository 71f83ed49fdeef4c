import type { Matrix } from '../../model/trees.ts'
import { binColumn, learnCuts } from '../boosting/bins.ts'

/** A matrix in bins, column after column, and for pairs the wider bin that each bin is a part of. */
export type ShapeTable = {
  rows: number
  columns: number
  bins: Uint8Array
  /** By column: how many bins of values; the bin of the missing has that number. */
  valueBins: Int32Array
  isCategory: Uint8Array
  cuts: Float64Array[]
  /** By column, for each bin of values and the missing, its wider bin; that of the missing is the last. */
  wide: Uint8Array[]
  wideBins: Int32Array
}

export function shapeTable(
  matrix: Matrix,
  categories: ArrayLike<number>,
  most: { bins: number; wide: number },
): ShapeTable {
  const { rows, columns } = matrix
  const bins = new Uint8Array(rows * columns)
  const table: ShapeTable = {
    rows,
    columns,
    bins,
    valueBins: new Int32Array(columns),
    isCategory: Uint8Array.from(categories, (count) => (count > 0 ? 1 : 0)),
    cuts: [],
    wide: [],
    wideBins: new Int32Array(columns),
  }
  for (let c = 0; c < columns; c++) {
    const values = matrix.values.subarray(c * rows, (c + 1) * rows) as Float64Array
    const count = categories[c]!
    const cuts = count > 0 ? Float64Array.from({ length: count - 1 }, (_, i) => i + 0.5) : learnCuts(values, most.bins)
    table.cuts.push(cuts)
    table.valueBins[c] = cuts.length + 1
    binColumn(values, cuts, bins, c * rows, 1)
    const wide = widerBins(bins.subarray(c * rows, (c + 1) * rows), cuts.length + 1, count > 0 ? 256 : most.wide)
    table.wide.push(wide)
    table.wideBins[c] = wide[cuts.length + 1]! + 1
  }
  return table
}

/** Neighbouring bins are put together until at most `most` are left, of about as many rows each; the missing stay alone. */
function widerBins(bins: Uint8Array, valueBins: number, most: number): Uint8Array {
  const rows = new Float64Array(valueBins + 1)
  for (let r = 0; r < bins.length; r++) rows[bins[r]!]!++
  const wide = new Uint8Array(valueBins + 1)
  const known = bins.length - rows[valueBins]!
  let at = 0
  let inBin = 0
  let left = known
  for (let b = 0; b < valueBins; b++) {
    wide[b] = at
    inBin += rows[b]!
    const isFull = valueBins <= most - 1 || inBin >= (left / (most - 1 - at)) * (1 - 1e-9)
    if (!isFull || at >= most - 2) continue
    left -= inBin
    inBin = 0
    if (b + 1 < valueBins) at++
  }
  wide[valueBins] = at + 1
  return wide
}
