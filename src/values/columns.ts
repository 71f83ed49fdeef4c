import { readAs } from './text.ts'
import { TYPES, type ValueType } from './values.ts'
import { AS_USUAL, asUsual, fieldText, type Written } from './written.ts'

/**
 * How a column of a Parquet file becomes one of a declared type: `text` is what a person would see there, `value` the
 * value, null where there is none of the type (`isNoValue` finds those rows). A number is a number whatever its width, a time
 * is read by its text, as in a CSV file. What is of another kind has no value: a number, a list or bytes are no String, since
 * 17, 17.0 and 00017 would be three keys; a Bool is no number. A column of nulls only may be of any type.
 */
export function readColumn(
  type: ValueType,
  physical: string,
  column: string,
  { zone, written }: { zone: string | null; written: Written } = { zone: null, written: AS_USUAL },
): { text: string; value: string } {
  const kind = kindOf(physical)
  const text = fieldText(`CAST(${column} AS VARCHAR)`, kind === 'text' ? written : { ...written, trim: false })
  if (kind === 'text') return { text, value: readAs(type, asUsual(type, text, written), zone) }
  if (type === 'Bool' && kind === 'integer' && written.booleans !== null) {
    return { text, value: readAs(type, asUsual(type, text, written)) }
  }
  if (!KINDS[type].includes(kind)) return { text, value: `NULL::${TYPES[type].duck}` }
  if (kind === 'integer' && (type === 'Int32' || type === 'Int64')) {
    return { text, value: whereThere(text, written, `TRY_CAST(${column} AS ${TYPES[type].duck})`) }
  }
  if (kind === 'float') return { text, value: whereThere(text, written, fromFloat(type, physical, column)) }
  if (type !== 'Date' || kind !== 'time') return { text, value: readAs(type, text, zone) }
  // Data frames keep a date as its midnight.
  const day = `regexp_replace(${text}, '[ T]00:00:00(\\.0+)?([+]00(:00)?)?$', '')`
  return { text: day, value: readAs(type, day) }
}

/**
 * Whether a column of this kind can hold values of the type at all; where not, no row of it is one. `words`: the project says
 * what true and false are, which may be 1 and 0.
 */
export function fits(type: ValueType, physical: string, words = false): boolean {
  const kind = kindOf(physical)
  return KINDS[type].includes(kind) || (type === 'Bool' && words && kind === 'integer')
}

/** A NaN, or a number that stands for none, may be among the words for a missing value. */
function whereThere(text: string, { nulls }: Written, value: string): string {
  return nulls.length === 0 ? value : `CASE WHEN ${text} IS NOT NULL THEN ${value} END`
}

type Kind = 'integer' | 'decimal' | 'float' | 'bool' | 'text' | 'date' | 'time' | 'other'

const KINDS: Record<ValueType, readonly Kind[]> = {
  String: ['text'],
  Int32: ['integer', 'decimal', 'float', 'text'],
  Int64: ['integer', 'decimal', 'float', 'text'],
  Float32: ['integer', 'decimal', 'float', 'text'],
  Float64: ['integer', 'decimal', 'float', 'text'],
  Bool: ['bool', 'text'],
  Date: ['date', 'time', 'text'],
  UnixTimestamp: ['date', 'time', 'text'],
}

const PHYSICAL: [RegExp, Kind][] = [
  [/(\[\d*\]|\))$/, 'other'],
  [/^U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?$/, 'integer'],
  [/^(FLOAT|DOUBLE)$/, 'float'],
  [/^BOOLEAN$/, 'bool'],
  [/^(VARCHAR|UUID|JSON)$/, 'text'],
  [/^DATE$/, 'date'],
  [/^TIMESTAMP/, 'time'],
]

/** What kind of thing a column of DuckDB's type holds; lists, structs, bytes and times of day are of none. */
function kindOf(physical: string): Kind {
  if (/^DECIMAL\(\d+,\d+\)$/.test(physical)) return 'decimal'
  if (/^ENUM\([^[\]]*\)$/.test(physical)) return 'text'
  return PHYSICAL.find(([pattern]) => pattern.test(physical))?.[1] ?? 'other'
}

/** A float beyond its exact integers stands for several, so it is none: pandas makes floats of integers where one is missing. */
function fromFloat(type: ValueType, physical: string, column: string): string {
  if (type === 'Float32') return `CASE WHEN isfinite(${column}) THEN TRY_CAST(${column} AS FLOAT) END`
  if (type === 'Float64') return `CASE WHEN isfinite(${column}) THEN CAST(${column} AS DOUBLE) END`
  const exact = physical === 'FLOAT' ? 2 ** 24 : 2 ** 53
  const whole = `abs(${column}) < ${exact} AND ${column} = trunc(${column})`
  return `CASE WHEN ${whole} THEN TRY_CAST(${column} AS ${TYPES[type].duck}) END`
}
