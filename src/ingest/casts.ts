import type { ValueType } from '../config/project.ts'

/**
 * How the text of a field becomes a value of each type, strictly: what is not exactly such a value becomes null and is
 * a finding, nothing is cut or guessed. NaN and the infinities are refused: in a file they are a division
 * gone wrong, and a null is written as an empty field.
 */
type Reading = { is: string; read: (text: string) => string }

const INTEGER = String.raw`-?[0-9]+(\.0*)?`
const NUMBER = String.raw`-?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?`
const DATE = '[0-9]{4}-[0-9]{2}-[0-9]{2}'
const TIME = String.raw`([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?`
const ZONE = 'Z|[+-](0[0-9]|1[0-4])(:?[0-5][0-9])?'
const MOMENT = `${DATE}([T ]${TIME}(${ZONE})?)?`

const integer = (duck: string) => (text: string) =>
  `CASE WHEN ${matches(text, INTEGER)} THEN TRY_CAST(split_part(${text}, '.', 1) AS ${duck}) END`

/** By way of a double, as everyone who reads CSV does: the nearest float32 of the nearest float64. */
const number = (text: string) => `CASE WHEN ${matches(text, NUMBER)} THEN TRY_CAST(${text} AS DOUBLE) END`

/** DuckDB reads the year 0000 as 1 before Christ. */
const inOurEra = (text: string, pattern: string, duck: string) =>
  `CASE WHEN ${matches(text, pattern)} AND NOT starts_with(${text}, '0000') THEN TRY_CAST(${text} AS ${duck}) END`

const READINGS: Record<ValueType, Reading> = {
  String: {
    is: 'a text without a NUL character',
    read: (text) => `CASE WHEN NOT contains(${text}, chr(0)) THEN ${text} END`,
  },
  Int32: { is: 'a whole number of 32 bits', read: integer('INTEGER') },
  Int64: { is: 'a whole number of 64 bits', read: integer('BIGINT') },
  Float32: { is: 'a finite number', read: (text) => `TRY_CAST(${number(text)} AS FLOAT)` },
  Float64: { is: 'a finite number', read: number },
  Bool: {
    is: 'True or False',
    read: (text) => `CASE lower(${text}) WHEN 'true' THEN true WHEN 'false' THEN false END`,
  },
  Date: {
    is: 'a date like 2024-01-31',
    read: (text) => inOurEra(text, DATE, 'DATE'),
  },
  UnixTimestamp: {
    is: 'a moment like 2024-01-31T12:00:00Z',
    read: (text) => inOurEra(text, MOMENT, 'TIMESTAMPTZ'),
  },
}

/** A DuckDB expression that gives the value of `text`, or null. */
export function readAs(type: ValueType, text: string): string {
  return READINGS[type].read(text)
}

/**
 * True where `text` is there and `value`, which was read from it, is none of the type. A number that is too large was
 * read as an infinity; to look for that while reading would take time that grows with the square of the columns.
 */
export function isNoValue(type: ValueType, text: string, value: string): string {
  const infinite = type === 'Float32' || type === 'Float64' ? ` OR isinf(${value})` : ''
  return `${text} IS NOT NULL AND (${value} IS NULL${infinite})`
}

/** What a value of this type is, for people. */
export function describeType(type: ValueType): string {
  return READINGS[type].is
}

function matches(text: string, pattern: string): string {
  return `regexp_full_match(${text}, '${pattern}')`
}
