/**
 * The rows of a linear model, as the few weights that each one asks for: every column of the matrix asks for at most two, the
 * neighbouring knots of its curve, or for that of what is missing. A row of 14 columns has 29 numbers, however many knots.
 */

import { segmentOf, VALUES_MAX } from '../../model/curves.ts'
import type { EncodedColumn } from '../../model/encoder.ts'
import type { Matrix } from '../../model/trees.ts'

/** What a column has weights for. */
export type ColumnBasis = {
  /** 'line': one weight, for the standardised value. 'curve': one for each knot, and between two knots a share of both. 'levels': one for each category. */
  kind: 'line' | 'curve' | 'levels'
  /** The first of its weights, and how many there are without that of the missing. */
  at: number
  count: number
  /** The weight of a missing value; -1 where training had none. */
  missing: number
  /** Ascending; of a line the least and the greatest value. One alone, or none, where training saw nothing that differs. */
  knots: Float64Array
  /** Of a line: what is taken off a value, and what it is divided by. */
  center: number
  scale: number
}

/** `width`: how many weights there are; number 0 is the intercept. */
export type Basis = { columns: ColumnBasis[]; width: number }

/** By row and column the first weight that is asked for, and the share of the next one; of a line the value itself. */
export type Design = {
  rows: number
  columns: number
  width: number
  isLine: Uint8Array
  first: Int32Array
  part: Float64Array
}

/** `knots`: the most that a curve has; 0 for lines. */
export function learnBasis(matrix: Matrix, columns: readonly EncodedColumn[], knots: number): Basis {
  let width = 1
  const bases = columns.map((column, c): ColumnBasis => {
    const { sorted, missing } = knownSorted(matrix.values.subarray(c * matrix.rows, (c + 1) * matrix.rows))
    const basis = basisOf(column, sorted, knots, width)
    width += basis.count
    if (missing) basis.missing = width++
    return basis
  })
  return { columns: bases, width }
}

function basisOf(column: EncodedColumn, sorted: Float64Array, most: number, at: number): ColumnBasis {
  const rest = { at, missing: -1, center: 0, scale: 1 }
  if (column.kind === 'category') {
    const levels = Float64Array.from(column.categories, (_, i) => i)
    return { ...rest, kind: 'levels', count: levels.length, knots: levels }
  }
  if (most === 0) {
    const { mean, deviation } = momentsOf(sorted)
    const ends = knotsOf(sorted, 2)
    return { ...rest, kind: 'line', count: ends.length > 1 ? 1 : 0, knots: ends, center: mean, scale: deviation }
  }
  const own = knotsOf(sorted, most)
  return { ...rest, kind: 'curve', count: own.length > 1 ? own.length : 0, knots: own }
}

/** Values at even ranks, each once, the least and the greatest among them. */
function knotsOf(sorted: Float64Array, most: number): Float64Array {
  const knots: number[] = []
  for (let i = 0; i < most && sorted.length > 0; i++) {
    const value = sorted[Math.round((i * (sorted.length - 1)) / (most - 1))]!
    if (knots.length === 0 || value > knots[knots.length - 1]!) knots.push(value)
  }
  return Float64Array.from(knots)
}

export function designOf(matrix: Matrix, basis: Basis): Design {
  const { rows, columns } = matrix
  const design: Design = {
    rows,
    columns,
    width: basis.width,
    isLine: Uint8Array.from(basis.columns, ({ kind }) => (kind === 'line' ? 1 : 0)),
    first: new Int32Array(rows * columns),
    part: new Float64Array(rows * columns),
  }
  for (const [c, column] of basis.columns.entries()) writeColumn(matrix, c, column, design)
  return design
}

function writeColumn({ rows, columns, values }: Matrix, c: number, column: ColumnBasis, { first, part }: Design): void {
  const { kind, at, count, missing, knots, center, scale } = column
  for (let r = 0; r < rows; r++) {
    const x = values[c * rows + r]!
    const i = r * columns + c
    if (Number.isNaN(x) || count === 0) {
      // Of a column of lines a missing value has a weight like any other, so it is written as one of a curve would be.
      first[i] = Number.isNaN(x) ? missing : -1
      continue
    }
    if (kind === 'levels') {
      first[i] = at + x
      continue
    }
    const bounded = Math.min(Math.max(x, knots[0]!), knots[knots.length - 1]!)
    if (kind === 'line') {
      first[i] = at
      part[i] = (bounded - center) / scale
      continue
    }
    const k = segmentOf(knots, 0, knots.length, bounded)
    first[i] = at + k
    part[i] = (bounded - knots[k]!) / (knots[k + 1]! - knots[k]!)
  }
}

/** The weights that a row asks for, ascending by column; returns how many. `index` and `value` have 2 · columns + 1 places. */
export function writeRow(
  { columns, isLine, first, part }: Design,
  basis: Basis,
  r: number,
  index: Int32Array,
  value: Float64Array,
): number {
  index[0] = 0
  value[0] = 1
  let n = 1
  for (let c = 0; c < columns; c++) {
    const i = r * columns + c
    const at = first[i]!
    if (at < 0) continue
    const share = part[i]!
    index[n] = at
    if (isLine[c] === 1) {
      value[n++] = at === basis.columns[c]!.missing ? 1 : share
      continue
    }
    value[n++] = 1 - share
    if (share === 0) continue
    index[n] = at + 1
    value[n++] = share
  }
  return n
}

/** The values that are there and no infinity, ascending. */
function knownSorted(values: ArrayLike<number>): { sorted: Float64Array; missing: boolean } {
  const known = new Float64Array(values.length)
  let n = 0
  let missing = false
  for (let i = 0; i < values.length; i++) {
    const x = values[i]!
    if (Number.isNaN(x)) missing = true
    // Adding 0 makes -0 and 0 one value.
    else if (Math.abs(x) <= VALUES_MAX) known[n++] = x + 0
  }
  return { sorted: known.slice(0, n).sort(), missing }
}

function momentsOf(values: Float64Array): { mean: number; deviation: number } {
  let mean = 0
  for (let i = 0; i < values.length; i++) mean += (values[i]! - mean) / (i + 1)
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += (values[i]! - mean) ** 2
  const deviation = Math.sqrt(sum / Math.max(1, values.length))
  return { mean, deviation: deviation > 0 && deviation < Infinity ? deviation : 1 }
}
