/**
 * An additive model: a score for each bin of each column, and for some pairs of columns one for each bin of a grid. What it
 * says of a row is the sum of a few numbers that can be looked up, and drawn.
 *
 * The bins of a column are those between its cuts, bin b with the values above cut b - 1 and up to cut b, and behind them
 * that of the missing. For grids neighbouring bins are put together (`wide`), the missing again alone and last.
 */
import type { EncoderSpec } from './encoder.ts'
import { applyLink, type Link, linkedRows } from './link.ts'
import type { Matrix } from './trees.ts'

export type Additive = {
  link: Link
  outputs: number
  columns: number
  /** One for each output, like all scores. */
  base: Float64Array
  /** By column its first cut, and at the end how many there are. */
  starts: Uint32Array
  /** Ascending within a column. */
  cuts: Float64Array
  /** By column and bin: column c begins at bin starts[c] + 2 c. */
  scores: Float64Array
  /** By the same, the wider bin. */
  wide: Uint8Array
  /** Two columns for each grid. */
  pairs: Uint32Array
  /** Grid after grid, row after row. */
  grids: Float64Array
}

const SCORES_MAX = 1e100

export function firstBin({ starts }: Additive, c: number): number {
  return starts[c]! + 2 * c
}

/** Bins of values, without that of the missing. */
export function valueBinsOf({ starts }: Additive, c: number): number {
  return starts[c + 1]! - starts[c]! + 1
}

/** Wider bins of a column, that of the missing among them. */
export function wideBinsOf(model: Additive, c: number): number {
  return model.wide[firstBin(model, c) + valueBinsOf(model, c)]! + 1
}

export function predictAdditive(model: Additive, row: Float64Array, out: Float64Array): void {
  addScores(model, row, 0, 1, out, 0)
  applyLink(model.link, out, 0, model.outputs)
}

export function predictAllAdditive(model: Additive, { rows, values }: Matrix): Float64Array {
  return linkedRows(model, rows, (r, out, to) => addScores(model, values, r, rows, out, to))
}

let places = new Uint32Array(64)

function addScores(
  model: Additive,
  row: ArrayLike<number>,
  at: number,
  stride: number,
  out: Float64Array,
  to: number,
): void {
  const { outputs, columns, base, scores, wide, pairs, grids } = model
  if (places.length < columns) places = new Uint32Array(columns)
  for (let k = 0; k < outputs; k++) out[to + k] = base[k]!
  for (let c = 0; c < columns; c++) {
    const place = firstBin(model, c) + binOf(model, c, row[at + c * stride]!)
    places[c] = place
    for (let k = 0; k < outputs; k++) out[to + k]! += scores[place * outputs + k]!
  }
  let grid = 0
  for (let p = 0; p < pairs.length; p += 2) {
    const [a, b] = [pairs[p]!, pairs[p + 1]!]
    const width = wideBinsOf(model, b)
    const place = grid + (wide[places[a]!]! * width + wide[places[b]!]!) * outputs
    for (let k = 0; k < outputs; k++) out[to + k]! += grids[place + k]!
    grid += wideBinsOf(model, a) * width * outputs
  }
}

/** The bin of a value of column c: how many of its cuts are below. */
export function binOf({ starts, cuts }: Additive, c: number, x: number): number {
  const start = starts[c]!
  const end = starts[c + 1]!
  if (Number.isNaN(x)) return end - start + 1
  let low = start
  let high = end
  while (low < high) {
    const middle = (low + high) >> 1
    if (cuts[middle]! < x) low = middle + 1
    else high = middle
  }
  return low - start
}

/** What is wrong with these arrays as an additive model, or undefined: after this check every row has finite sums. */
export function findAdditiveFault(model: Additive, encoder: EncoderSpec): string | undefined {
  const { outputs, link, columns, starts, cuts, wide, pairs, grids } = model
  if (outputs > 1 !== (link === 'softmax')) return `${outputs} outputs do not go with the link ${link}`
  if (starts[0] !== 0 || starts[columns] !== cuts.length) return 'the cuts are not those of the columns'
  for (let c = 0; c < columns; c++) {
    const fault = findColumnFault(model, encoder, c)
    if (fault !== undefined) return fault
  }
  let size = 0
  for (let p = 0; p < pairs.length; p += 2) {
    const [a, b] = [pairs[p]!, pairs[p + 1]!]
    if (!(a < b && b < columns)) return `grid ${p / 2} is of columns ${a} and ${b}`
    size += wideBinsOf(model, a) * wideBinsOf(model, b) * outputs
  }
  if (size !== grids.length) return `the grids have ${grids.length} scores instead of ${size}`
  if (wide.length !== cuts.length + 2 * columns) return 'the wider bins are not those of the columns'
  for (const scores of [model.base, model.scores, grids]) {
    const wrong = scores.findIndex((score) => !(Math.abs(score) <= SCORES_MAX))
    if (wrong >= 0) return `a score is ${scores[wrong]}`
  }
  return undefined
}

function findColumnFault(model: Additive, { columns }: EncoderSpec, c: number): string | undefined {
  const { starts, cuts, wide } = model
  if (starts[c + 1]! < starts[c]! || starts[c + 1]! > cuts.length) return `the cuts of column ${c} are out of order`
  for (let i = starts[c]!; i < starts[c + 1]!; i++) {
    if (Number.isNaN(cuts[i]!)) return `cut ${i} is no number`
    if (i > starts[c]! && !(cuts[i]! > cuts[i - 1]!)) return `cut ${i} is not above the one before`
  }
  const column = columns[c]!
  if (column.kind === 'category' && valueBinsOf(model, c) !== column.categories.length) {
    return `column ${c} has not one bin for each category`
  }
  const first = firstBin(model, c)
  const missing = first + valueBinsOf(model, c)
  if (wide[first] !== 0 || wide[missing] !== wide[missing - 1]! + 1) return `the wider bins of column ${c} do not fit`
  for (let i = first + 1; i < missing; i++) {
    if (wide[i] !== wide[i - 1] && wide[i] !== wide[i - 1]! + 1) return `the wider bins of column ${c} are out of order`
  }
  return undefined
}
