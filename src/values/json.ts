import { instantOfMs } from '../base/instant.ts'
import { FIRST_SECOND, LAST_SECOND } from './moment.ts'
import { finite, readText, wholeNumber } from './text.ts'
import type { Value, ValueType } from './values.ts'

/**
 * A JSON value, or one of a program, as one of the type: null where there is none, undefined where it is another kind of
 * thing. Text is read as a field of a file is, so that an Int64 beyond 2^53 can be sent as text too. A bigint is what
 * `wire/exact-json.ts` makes of an integer that a double would round.
 */
export function readJsonValue(type: ValueType, value: unknown): Value | undefined {
  if (value === null || value === undefined) return null
  switch (typeof value) {
    case 'string':
      return readText(type, value)
    case 'boolean':
      return type === 'Bool' ? value : undefined
    case 'number':
    case 'bigint':
      return readNumber(type, value)
    default:
      return value instanceof Date ? readTime(type, value) : undefined
  }
}

function readNumber(type: ValueType, value: number | bigint): Value | undefined {
  switch (type) {
    case 'Float32':
      return finite(Math.fround(Number(value)))
    case 'Float64':
      return finite(Number(value))
    case 'Int32':
    case 'Int64':
      // Beyond 2^53 a double stands for several integers, and none of them need be what was meant.
      if (typeof value === 'number' && !Number.isSafeInteger(value)) return undefined
      return wholeNumber(BigInt(value), type === 'Int32' ? 32 : 64)
    case 'UnixTimestamp':
      if (!Number.isSafeInteger(Number(value)) || value < FIRST_SECOND || value > LAST_SECOND) return undefined
      return instantOfMs(Number(value) * 1000)
    default:
      return undefined
  }
}

/** A program's Date, which is a moment to the millisecond. */
function readTime(type: ValueType, value: Date): Value | undefined {
  if (Number.isNaN(value.getTime()) || (type !== 'UnixTimestamp' && type !== 'Date')) return undefined
  const text = value.toISOString()
  return readText(type, type === 'Date' ? text.replace('T00:00:00.000Z', '') : text)
}

/** Why a value was refused: what it was, where, and what is wanted. */
export function notOfType(type: ValueType, value: unknown, column: string): string {
  return `${shown(value)} in column '${column}' is not of type ${type}${hint(type, value)}`
}

const SHOWN_CHARS_MAX = 40

/** A value as a person would recognise it. */
export function shown(value: unknown): string {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'an invalid Date' : `'${value.toISOString()}'`
  if (value !== null && typeof value === 'object') return Array.isArray(value) ? 'a list' : 'an object'
  const text = String(value)
  return `'${text.length > SHOWN_CHARS_MAX ? `${text.slice(0, SHOWN_CHARS_MAX)}…` : text}'`
}

function hint(type: ValueType, value: unknown): string {
  if (typeof value === 'number' && (type === 'Int32' || type === 'Int64')) {
    const rounded = Number.isInteger(value) && !Number.isSafeInteger(value) && Math.abs(value) <= 2 ** 63
    return rounded ? ': beyond 2^53 a number like this loses digits; send all of them, or text' : ''
  }
  if (type !== 'UnixTimestamp' || (typeof value !== 'number' && typeof value !== 'bigint')) return ''
  return `: a number is whole seconds since 1970, from ${FIRST_SECOND} to ${LAST_SECOND}; send milliseconds as text like 2024-01-31T12:00:00.123Z`
}
