/**
 * A sum of curves, one for each column: the model of logistic, ridge and spline regression. A curve is a line from knot to
 * knot; beyond the last knots it goes on for `reach` times the distance of the last two, and then stays as it is. A missing
 * value has a sum of its own. A column of categories has a knot for each of them.
 */
import type { EncoderSpec } from './encoder.ts'
import { applyLink, type Link, linkedRows } from './link.ts'
import type { Matrix } from './trees.ts'

export type Curves = {
  link: Link
  outputs: number
  columns: number
  reach: number
  /** One for each output. */
  base: Float64Array
  /** By column its first knot, and at the end how many there are. */
  starts: Uint32Array
  /** Ascending within a column. */
  knots: Float64Array
  /** By knot, one for each output. */
  values: Float64Array
  /** By column what a missing value has, one for each output. */
  missing: Float64Array
}

/** Knots lie within these, so that no difference of two overflows; a value beyond is as good as one there. */
export const VALUES_MAX = 1e150
const SUMS_MAX = 1e100
export const REACH_MAX = 1e6

/** The segment of the knots from `start` to `end` that x is in, or is nearest to, by its number from `start`. */
export function segmentOf(knots: Float64Array, start: number, end: number, x: number): number {
  let low = start
  let high = end - 2
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (knots[middle]! <= x) low = middle
    else high = middle - 1
  }
  return low - start
}

export function predictCurves(model: Curves, row: Float64Array, out: Float64Array): void {
  addCurves(model, row, 0, 1, out, 0)
  applyLink(model.link, out, 0, model.outputs)
}

export function predictAllCurves(model: Curves, { rows, values }: Matrix): Float64Array {
  return linkedRows(model, rows, (r, out, to) => addCurves(model, values, r, rows, out, to))
}

/** The sums of a row whose columns stand at `at`, `at + stride` …, into `out` from `to` on. */
function addCurves(
  model: Curves,
  row: ArrayLike<number>,
  at: number,
  stride: number,
  out: Float64Array,
  to: number,
): void {
  const { outputs, columns, base } = model
  for (let k = 0; k < outputs; k++) out[to + k] = base[k]!
  for (let c = 0; c < columns; c++) addCurve(model, c, row[at + c * stride]!, out, to)
}

/** Adds what column c says of x. */
export function addCurve(model: Curves, c: number, x: number, out: Float64Array, to: number): void {
  const { outputs, reach, starts, knots, values, missing } = model
  if (Number.isNaN(x)) {
    for (let k = 0; k < outputs; k++) out[to + k]! += missing[c * outputs + k]!
    return
  }
  const start = starts[c]!
  const end = starts[c + 1]!
  if (end - start < 2) {
    if (end > start) for (let k = 0; k < outputs; k++) out[to + k]! += values[start * outputs + k]!
    return
  }
  const i = start + segmentOf(knots, start, end, x)
  const low = i === start ? -reach : 0
  const high = i === end - 2 ? 1 + reach : 1
  const part = Math.min(Math.max((x - knots[i]!) / (knots[i + 1]! - knots[i]!), low), high)
  for (let k = 0; k < outputs; k++) {
    const from = values[i * outputs + k]!
    out[to + k]! += from + part * (values[(i + 1) * outputs + k]! - from)
  }
}

/** What is wrong with these arrays as curves, or undefined: after this check every row has finite sums. */
export function findCurvesFault(model: Curves, encoder: EncoderSpec): string | undefined {
  const { outputs, columns, starts, knots } = model
  if (outputs < 2 && model.link === 'softmax') return 'shares of one class are nothing to tell apart'
  if (outputs > 1 && model.link !== 'softmax') return `${outputs} outputs do not go with the link ${model.link}`
  if (starts[0] !== 0 || starts[columns] !== knots.length) return 'the knots are not those of the columns'
  for (let c = 0; c < columns; c++) {
    if (starts[c + 1]! < starts[c]!) return `the knots of column ${c} are out of order`
    const column = encoder.columns[c]!
    const categories = column.kind === 'category' ? column.categories.length : -1
    if (categories >= 0 && starts[c + 1]! - starts[c]! !== categories)
      return `column ${c} has not one knot for each category`
    for (let i = starts[c]!; i < starts[c + 1]!; i++) {
      if (!(Math.abs(knots[i]!) <= VALUES_MAX)) return `knot ${i} is ${knots[i]}`
      if (i > starts[c]! && !(knots[i]! > knots[i - 1]!)) return `knot ${i} is not above the one before`
      if (categories >= 0 && knots[i] !== i - starts[c]!) return `knot ${i} is not the number of its category`
    }
  }
  for (const sums of [model.base, model.values, model.missing]) {
    const wrong = sums.findIndex((sum) => !(Math.abs(sum) <= SUMS_MAX))
    if (wrong >= 0) return `a sum is ${sums[wrong]}`
  }
  return undefined
}
