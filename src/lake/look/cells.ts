/**
 * Cells of a snapshot as text. Text is exact where JSON is not: an Int64 keeps its digits, -0 its sign, a moment its
 * microsecond, and an empty text is not the same as none. A whole Float64 is written as `3`, not as `3.0`.
 */
import { limitOf } from '../../wire/limits.ts'
import { ident } from '../quote.ts'

export type LookedColumn = { name: string; type: string }

const FLOATS = ['Float32', 'Float64']
const INTEGERS = ['Int32', 'Int64']

export const isFloat = (type: string): boolean => FLOATS.includes(type)
export const isInteger = (type: string): boolean => INTEGERS.includes(type)
export const isNumber = (type: string): boolean => isFloat(type) || isInteger(type)

/** The value of a column as text, as long as it is. */
export function textOf({ name, type }: LookedColumn, table?: string): string {
  const column = placeOf(name, table)
  if (type === 'String') return column
  if (isFloat(type)) return `regexp_replace(CAST(${column} AS VARCHAR), '\\.0$', '')`
  if (type === 'UnixTimestamp') return `strftime(${column} AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ')`
  return `CAST(${column} AS VARCHAR)`
}

export function placeOf(name: string, table?: string): string {
  return table === undefined ? ident(name) : `${table}.${ident(name)}`
}

/** One character more than is shown, so that what was cut can be told. */
export function boundedText(text: string): string {
  return `left(${text}, ${limitOf('cellChars') + 1})`
}

/** What is longer than a cell may be ends with `…`; nothing else in a cell is changed. */
export function shownCell(text: unknown): string | null {
  if (typeof text !== 'string') return null
  const most = limitOf('cellChars')
  const characters = [...text.slice(0, 2 * most + 2)]
  return characters.length > most ? `${characters.slice(0, most).join('')}…` : text
}
