import { dateAsUsual } from './date-format.ts'
import type { ValueType } from './values.ts'

/** How a file writes its values, where that is not the usual way (text.ts). */
export type Written = {
  decimal: '.' | ','
  /** Between groups of three digits; null where there is none. */
  thousands: '.' | ',' | ' ' | "'" | null
  /** What stands before or behind a number, as `€`, and is no part of it. */
  units: readonly string[]
  /** As `dd.MM.yyyy`, or several of which no two read one text as two days; null for `2024-01-31`. */
  dateFormat: string | readonly string[] | null
  /** Words for a value that is missing, beside the empty field. */
  nulls: readonly string[]
  /** Words for true and false instead of `true` and `false`, in any case. */
  booleans: { true: readonly string[]; false: readonly string[] } | null
  /** Blanks around a value are no part of it. */
  trim: boolean
}

export const AS_USUAL: Written = {
  decimal: '.',
  thousands: null,
  units: [],
  dateFormat: null,
  nulls: [],
  booleans: null,
  trim: false,
}

/** A DuckDB expression for what a person sees in a field: null where the file says so. */
export function fieldText(field: string, { nulls, trim }: Written): string {
  const text = trim ? `regexp_replace(${field}, '^${BLANK}+|${BLANK}+$', '', 'g')` : field
  return nulls.length === 0 ? text : `CASE WHEN ${text} NOT IN (${nulls.map(literal).join(', ')}) THEN ${text} END`
}

/** A DuckDB expression for the same value as it is usually written, null where `text` is not as the file writes its values. */
export function asUsual(type: ValueType, text: string, written: Written): string {
  switch (type) {
    case 'Int32':
    case 'Int64':
    case 'Float32':
    case 'Float64':
      return numberAsUsual(text, written)
    case 'Bool':
      return written.booleans === null ? text : wordAsUsual(text, written.booleans)
    case 'Date':
    case 'UnixTimestamp':
      return written.dateFormat === null ? text : anyDate(type, text, written.dateFormat)
    default:
      return text
  }
}

/** Blanks of every kind, also those that nobody sees. */
export const BLANK = String.raw`[\s\x{00a0}\x{200b}\x{202f}\x{feff}]`

/** What programs write for each mark: French has narrow blanks, Swiss has a curled apostrophe. */
const GROUPED_BY: Record<NonNullable<Written['thousands']>, string> = {
  '.': '[.]',
  ',': '[,]',
  ' ': String.raw`[ \x{00a0}\x{202f}]`,
  "'": String.raw`['\x{2019}]`,
}

/** By the first pattern that reads it. */
function anyDate(type: 'Date' | 'UnixTimestamp', text: string, format: string | readonly string[]): string {
  const read = [format].flat().map((one) => dateAsUsual(type, text, one))
  return read.length === 1 ? read[0]! : `coalesce(${read.join(', ')})`
}

/**
 * Groups are of three digits, but the first: `1,23,4` is no number. Between commas India writes groups of two before the last
 * three: `12,34,567`. Without any mark a number is one too.
 */
function numberAsUsual(written: string, { decimal, thousands, units }: Written): string {
  const text = units.length === 0 ? written : withoutUnit(written, units)
  if (decimal === '.' && thousands === null) return text
  const mark = thousands === null ? null : GROUPED_BY[thousands]
  const lakhs = thousands === ',' ? '|[0-9]{1,2}(,[0-9]{2})+,[0-9]{3}' : ''
  const whole = mark === null ? '[0-9]+' : `([0-9]+|[0-9]{1,3}(${mark}[0-9]{3})+${lakhs})`
  const point = `[${decimal}]`
  const pattern = `-?(${whole}(${point}[0-9]*)?|${point}[0-9]+)([eE][+-]?[0-9]+)?`
  const plain = mark === null ? text : `regexp_replace(${text}, ${literal(mark)}, '', 'g')`
  return `CASE WHEN regexp_full_match(${text}, ${literal(pattern)}) THEN replace(${plain}, '${decimal}', '.') END`
}

/** One unit, before or behind the number, with or without a blank: `€ 5`, `-5 €`, `-$5`. */
function withoutUnit(text: string, units: readonly string[]): string {
  const any = `(?:${units.map((unit) => unit.replaceAll(/[^\p{L}\p{N}]/gu, hex)).join('|')})`
  const before = `^(-?)${any}${BLANK}*([-0-9.,])`
  return `CASE WHEN regexp_matches(${text}, ${literal(before)}) THEN regexp_replace(${text}, ${literal(before)}, '\\1\\2')
    ELSE regexp_replace(${text}, ${literal(`${BLANK}*${any}$`)}, '') END`
}

function hex(sign: string): string {
  return `\\x{${sign.codePointAt(0)?.toString(16)}}`
}

function wordAsUsual(text: string, words: NonNullable<Written['booleans']>): string {
  const list = (of: readonly string[]) => of.map((word) => literal(word.toLowerCase())).join(', ')
  return `CASE WHEN lower(${text}) IN (${list(words.true)}) THEN 'true' WHEN lower(${text}) IN (${list(words.false)}) THEN 'false' END`
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
