import { PlatformError } from '../base/errors.ts'
import type { Column } from './definitions.ts'

/** The key of one entity: the text of each join key, in the order of the service. */
export type EntityKey = readonly string[]

/** One value where there is one join key, else an object with a member for each. */
export type KeyInput = string | number | bigint | Readonly<Record<string, unknown>>

const KEY_CHARS_MAX = 1024
const LIMITS = { Int32: 2n ** 31n, Int64: 2n ** 63n }

/**
 * Reads a caller's key and refuses what can be no key: so that nothing malformed reaches a query that others share.
 */
export function parseKey(columns: readonly Column[], input: KeyInput): EntityKey {
  if (input !== null && typeof input === 'object') return columns.map((c) => parsePart(c, input[c.name]))
  const [only, second] = columns
  if (only && !second) return [parsePart(only, input)]
  throw refusal(`a key needs ${columns.map((c) => `'${c.name}'`).join(', ')}`)
}

function parsePart(column: Column, value: unknown): string {
  if (column.type === 'Int32' || column.type === 'Int64') return parseInteger(column, value, LIMITS[column.type])
  if (typeof value !== 'string') throw refusal(`'${column.name}' must be a string`)
  if (value.length > KEY_CHARS_MAX) {
    throw new PlatformError('too_large', `'${column.name}' is longer than ${KEY_CHARS_MAX} characters`)
  }
  if (value === '') throw refusal(`'${column.name}' is empty`)
  if (/[\0\p{Surrogate}]/u.test(value)) throw refusal(`'${column.name}' holds characters that no text may hold`)
  return value
}

function parseInteger(column: Column, value: unknown, limit: bigint): string {
  // JSON has rounded it already: another entity's row would be the answer.
  const rounded = typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)
  if (rounded && Math.abs(value) <= 2 ** 63) {
    throw refusal(`'${column.name}' is beyond 2^53, where a JSON number loses digits; send it as text`)
  }
  const text = typeof value === 'number' || typeof value === 'bigint' ? String(value) : value
  const digits = typeof text === 'string' && /^-?\d{1,19}$/.test(text) ? BigInt(text) : undefined
  if (digits !== undefined && digits >= -limit && digits < limit) return digits.toString()
  throw refusal(`'${column.name}' must be an integer of type ${column.type}`)
}

function refusal(message: string): PlatformError {
  return new PlatformError('invalid_argument', message)
}
