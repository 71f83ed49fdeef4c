import { readAs } from './text.ts'
import { TYPES, type ValueType } from './values.ts'

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
  zone: string | null = null,
): { text: string; value: string } {
  const kind = kindOf(physical)
  const text = `CAST(${column} AS VARCHAR)`
  if (!KINDS[type].includes(kind)) return { text, value: `NULL::${TYPES[type].duck}` }
  if (kind === 'integer' && (type === 'Int32' || type === 'Int64')) {
    return { text, value: `TRY_CAST(${column} AS ${TYPES[type].duck})` }
  }
  if (kind === 'float') return { text, value: fromFloat(type, physical, column) }
  if (type !== 'Date' || kind !== 'time') return { text, value: readAs(type, text, zone) }
  // Data frames keep a date as its midnight.
  const day = `regexp_replace(${text}, '[ T]00:00:00(\\.0+)?([+]00(:00)?)?$', '')`
  return { text: day, value: readAs(type, day) }
}

/** Whether a column of this kind can hold values of the type at all; where not, no row of it is one. */
export function fits(type: ValueType, physical: string): boolean {
  return KINDS[type].includes(kindOf(physical))
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
