import { FIRST_INSTANT, LAST_INSTANT } from '../base/instant.ts'
import { DATE_PATTERN, MOMENT_PATTERN, readDate, readMoment } from './moment.ts'
import { isNaive, readLocal } from './time-zone.ts'
import type { Value, ValueType } from './values.ts'

/**
 * How the text of a field becomes a value of each type, strictly: what is not exactly such a value becomes null and is
 * a finding, nothing is cut or guessed. NaN and the infinities are refused: in a file they are a division
 * gone wrong, and a null is written as an empty field.
 *
 * Twice, for files by DuckDB and for single values here; test/values/doors.test.ts compares the two.
 */
type Reading = { inDuck: (text: string) => string; here: (text: string) => Value | undefined }

const INTEGER = String.raw`-?[0-9]+(\.0*)?`
const NUMBER = String.raw`-?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?`

const integer = (duck: string) => (text: string) =>
  `CASE WHEN ${matches(text, INTEGER)} THEN TRY_CAST(split_part(${text}, '.', 1) AS ${duck}) END`

/** By way of a double, as everyone who reads CSV does: the nearest float32 of the nearest float64. */
const number = (text: string) => `CASE WHEN ${matches(text, NUMBER)} THEN TRY_CAST(${text} AS DOUBLE) END`

/** DuckDB reads the year 0000 as 1 before Christ. */
const inOurEra = (text: string, pattern: string, duck: string) =>
  `CASE WHEN ${matches(text, pattern)} AND NOT starts_with(${text}, '0000') THEN TRY_CAST(${text} AS ${duck}) END`

const READINGS: Record<ValueType, Reading> = {
  String: {
    inDuck: (text) => `CASE WHEN NOT contains(${text}, chr(0)) THEN ${text} END`,
    here: (text) => (/[\0\p{Surrogate}]/u.test(text) ? undefined : text),
  },
  Int32: { inDuck: integer('INTEGER'), here: (text) => readInteger(text, 32) },
  Int64: { inDuck: integer('BIGINT'), here: (text) => readInteger(text, 64) },
  Float32: {
    inDuck: (text) => `TRY_CAST(${number(text)} AS FLOAT)`,
    here: (text) => finite(Math.fround(readNumber(text))),
  },
  Float64: { inDuck: number, here: (text) => finite(readNumber(text)) },
  Bool: {
    inDuck: (text) => `CASE lower(${text}) WHEN 'true' THEN true WHEN 'false' THEN false END`,
    here: (text) => ({ true: true, false: false })[text.toLowerCase()],
  },
  Date: { inDuck: (text) => inOurEra(text, DATE_PATTERN, 'DATE'), here: readDate },
  UnixTimestamp: { inDuck: (text) => inOurEra(text, MOMENT_PATTERN, 'TIMESTAMPTZ'), here: readMoment },
}

/** The value of a text, or undefined where it is none of the type. */
export function readText(type: ValueType, text: string): Value | undefined {
  return READINGS[type].here(text)
}

/** A DuckDB expression that gives the value of `text`, or null. `zone` is that of times without one, null for UTC. */
export function readAs(type: ValueType, text: string, zone: string | null = null): string {
  const value = READINGS[type].inDuck(text)
  if (type !== 'UnixTimestamp' || zone === null) return value
  return `CASE WHEN ${isNaive(text)} AND NOT starts_with(${text}, '0000') THEN ${readLocal(text, zone)} ELSE ${value} END`
}

/**
 * True where `text` is there and `value`, which was read from it, is none of the type. A number that is too large was
 * read as an infinity, a moment of the year 1 or 9999 may be out of range by its zone; to look for that while reading
 * would take time that grows with the square of the columns.
 */
export function isNoValue(type: ValueType, text: string, value: string): string {
  const alsoBroken = brokenValue(type, value)
  return `${text} IS NOT NULL AND (${value} IS NULL${alsoBroken === '' ? '' : ` OR ${alsoBroken}`})`
}

function brokenValue(type: ValueType, value: string): string {
  if (type === 'Float32' || type === 'Float64') return `isinf(${value})`
  if (type !== 'UnixTimestamp') return ''
  return `${value} NOT BETWEEN TIMESTAMPTZ '${FIRST_INSTANT}' AND TIMESTAMPTZ '${LAST_INSTANT}'`
}

/** A value as text that is read as the same value again. */
export function valueText(value: Exclude<Value, null>): string {
  return Object.is(value, -0) ? '-0' : String(value)
}

/** An integer as a number while that is exact, else as a bigint; undefined beyond the bits. */
export function wholeNumber(value: bigint, bits: 32 | 64): number | bigint | undefined {
  if (BigInt.asIntN(bits, value) !== value) return undefined
  const plain = Number(value)
  return Number.isSafeInteger(plain) ? plain : value
}

export function finite(value: number): number | undefined {
  return Number.isFinite(value) ? value : undefined
}

const WHOLE_INTEGER = new RegExp(`^${INTEGER}$`)
const WHOLE_NUMBER = new RegExp(`^${NUMBER}$`)

function readInteger(text: string, bits: 32 | 64): number | bigint | undefined {
  // Longer ones are none of 64 bits, but for zeros; a text of a megabyte would take BigInt seconds.
  const digits = WHOLE_INTEGER.test(text) ? text.replace(/\..*$/, '').replace(/^(-?)0+(?=\d)/, '$1') : undefined
  return digits === undefined || digits.length > 20 ? undefined : wholeNumber(BigInt(digits), bits)
}

function readNumber(text: string): number {
  return WHOLE_NUMBER.test(text) ? Number(text) : Number.NaN
}

function matches(text: string, pattern: string): string {
  return `regexp_full_match(${text}, '${pattern}')`
}
