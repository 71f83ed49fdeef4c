import type { InputColumn } from '../model/encoder.ts'
import { quantile } from './bootstrap.ts'
import type { Division } from './segments.ts'

/** A text with more values is no segment; nor is a table that nobody reads to its end. */
export const SEGMENT_VALUES_MAX = 20
const NULL = '(null)'
const PARTS = 4

/**
 * The rows of a feature by its value: of a text or a boolean each value, and of a number the quarters of these rows; null is
 * a value of its own. Undefined for a text with more than 20 values, and where all rows have one value.
 */
export function divide(input: InputColumn, rows: Uint32Array): Division | undefined {
  const { name, type, values, valid } = input
  const named =
    type === 'String' || type === 'Bool'
      ? Array.from(rows, (r) => (valid[r] === 1 ? textOf(type, values[r]) : NULL))
      : quarters(Array.from(rows, (r) => (valid[r] === 1 ? Number(values[r]) : null)))
  const distinct = [...new Set(named)]
  if (distinct.length < 2 || distinct.length > SEGMENT_VALUES_MAX) return undefined
  const order = type === 'String' || type === 'Bool' ? distinct.sort() : distinct
  const places = new Map(order.map((value, place) => [value, place]))
  return { feature: name, values: order, places: Uint32Array.from(named, (value) => places.get(value)!) }
}

function textOf(type: InputColumn['type'], value: unknown): string {
  return type === 'Bool' ? String(value === 1 || value === true) : String(value)
}

/** The name of each row's quarter, `from … to`; equal numbers are never parted. */
function quarters(values: readonly (number | null)[]): string[] {
  const sorted = Float64Array.from(values.filter((v) => v !== null)).sort()
  if (sorted.length === 0) return values.map(() => NULL)
  const inner = Array.from({ length: PARTS - 1 }, (_, q) => quantile(sorted, (q + 1) / PARTS))
  const ends = [...new Set([...inner, sorted[sorted.length - 1]!])]
  const names = ends.map((end, i) => `${i === 0 ? short(sorted[0]!) : `above ${short(ends[i - 1]!)}`} to ${short(end)}`)
  return values.map((value) => {
    if (value === null) return NULL
    const place = ends.findIndex((end) => value <= end)
    return names[place < 0 ? names.length - 1 : place]!
  })
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)))
}
