import type { TimeCell, TimeColumn } from '../../../src/wire/time.ts'
import { momentText } from '../../ui/format.ts'

/** A value as the command line shows it; null where there is none. A Float32 by the fewest digits that name it. */
export function cellText(type: TimeColumn['type'] | string, value: TimeCell): string | null {
  if (value === null) return null
  if (type === 'UnixTimestamp' && typeof value === 'string') return momentText(value)
  if (type === 'Float32' && typeof value === 'number') return shortestFloat32(value)
  return String(value)
}

/** The type of each cell of a row: of a column of mixed values the row says it. */
export function typesOf(columns: readonly TimeColumn[], values: readonly TimeCell[]): string[] {
  const typeAt = columns.findIndex((column) => column.name === 'type')
  return columns.map(({ type }) => (type === 'Mixed' ? String(values[typeAt]) : type))
}

const DIGITS_MAX = 9

function shortestFloat32(value: number): string {
  for (let digits = 1; digits <= DIGITS_MAX; digits++) {
    const short = Number(value.toPrecision(digits))
    if (Math.fround(short) === value) return String(short)
  }
  return String(value)
}

export function isNumber(type: string): boolean {
  return ['Int32', 'Int64', 'Float32', 'Float64'].includes(type)
}

/** Places of columns: what names the row first, then those in which something differs, so that no one looks for them. */
export function differingFirst(columns: readonly TimeColumn[], differing: readonly { name: string }[]): number[] {
  const names = new Set(differing.map((one) => one.name))
  const rank = (column: TimeColumn) => (column.key ? 0 : names.has(column.name) ? 1 : 2)
  const places = columns.map((_, i) => i)
  return places.sort((a, b) => rank(columns[a]!) - rank(columns[b]!) || a - b)
}
