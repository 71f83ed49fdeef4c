/**
 * values: the types that a project declares for its columns, keys and features, and the one strict way in for each.
 *
 * Whatever comes from a caller is read here: the fields of a CSV file (`text.ts`), the members of a JSON document and the
 * rows of a program (`json.ts`), the columns of a Parquet file (`columns.ts`). Owns no tables, no I/O. Invariants:
 * - The same value gives the same answer by every door, or is refused by every door.
 * - Nothing is cut, rounded or guessed: an Int64 keeps its 64 bits, a moment its microsecond, a text its characters.
 * - Moments lie between 0001-01-01 and 9999-12-31, in UTC.
 *
 * The table in docs/reference/types.md is written from TYPES; a test compares them.
 */
export const VALUE_TYPES = ['String', 'Int32', 'Int64', 'Float32', 'Float64', 'Bool', 'Date', 'UnixTimestamp'] as const
export type ValueType = (typeof VALUE_TYPES)[number]

/** A Date is `2024-01-31`, a UnixTimestamp an instant; an integer beyond 2^53 is a bigint, so that no digit is lost. */
export type Value = string | number | bigint | boolean | null

export type TypeEntry = {
  /** What a value is, in the words of a refusal: "is not …". */
  is: string
  /** For the document: which texts, JSON values and Parquet columns are read. Text is that of a CSV field or a JSON string. */
  text: string
  json: string
  parquet: string
  duck: string
  postgres: string
}

const WHOLE = 'digits, with a sign or zeros after the point where you like: `7`, `-3`, `007`, `3.0`'
const DECIMAL = 'a decimal number: `0.5`, `.5`, `-1e-3`'

export const TYPES: Record<ValueType, TypeEntry> = {
  String: {
    is: 'a text without a NUL character',
    text: 'every text but one with a NUL character or half a surrogate pair',
    json: 'text',
    parquet: 'text',
    duck: 'VARCHAR',
    postgres: 'text',
  },
  Int32: {
    is: 'a whole number of 32 bits',
    text: WHOLE,
    json: 'a whole number, or text',
    parquet: 'numbers that are whole, text',
    duck: 'INTEGER',
    postgres: 'integer',
  },
  Int64: {
    is: 'a whole number of 64 bits',
    text: WHOLE,
    json: 'a whole number, every digit counts; or text',
    parquet: 'numbers that are whole, text',
    duck: 'BIGINT',
    postgres: 'bigint',
  },
  Float32: {
    is: 'a finite number',
    text: `${DECIMAL}, within the range of a float32`,
    json: 'a number, or text',
    parquet: 'finite numbers, text',
    duck: 'FLOAT',
    postgres: 'real',
  },
  Float64: {
    is: 'a finite number',
    text: DECIMAL,
    json: 'a number, or text',
    parquet: 'finite numbers, text',
    duck: 'DOUBLE',
    postgres: 'double precision',
  },
  Bool: {
    is: 'True or False',
    text: '`true` or `false`, in any case',
    json: '`true`, `false`, or text',
    parquet: 'booleans, text',
    duck: 'BOOLEAN',
    postgres: 'boolean',
  },
  Date: {
    is: 'a date like 2024-01-31',
    text: '`2024-01-31`',
    json: 'text',
    parquet: 'dates, times that are midnight (UTC), text',
    duck: 'DATE',
    postgres: 'date',
  },
  UnixTimestamp: {
    is: 'a moment like 2024-01-31T12:00:00Z',
    text: '`2024-01-31`, `2024-01-31T12:00:00Z`, `2024-01-31 12:00:00.123456+05:30`',
    json: 'text, or a whole number of seconds since 1970',
    parquet: 'times, dates, text',
    duck: 'TIMESTAMPTZ',
    postgres: 'timestamptz',
  },
}

/** What a value of this type is, for people. */
/** `an Int32`, `a String`: for sentences. */
export function withArticle(type: ValueType): string {
  return `${type.startsWith('Int') ? 'an' : 'a'} ${type}`
}

export function describeType(type: ValueType): string {
  return TYPES[type].is
}
