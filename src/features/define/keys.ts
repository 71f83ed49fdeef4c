import { PlatformError } from '../../base/errors.ts'
import { readJsonValue } from '../../values/json.ts'
import { readText } from '../../values/text.ts'
import { describeType, type Value } from '../../values/values.ts'
import type { Column } from './definitions.ts'

/** The key of one entity: the text of each join key, in the order of the service. */
export type EntityKey = readonly string[]

/** One value where there is one join key, else an object with a member for each. */
export type KeyInput = string | number | bigint | Readonly<Record<string, unknown>>

const KEY_CHARS_MAX = 1024

/**
 * Reads a caller's key and refuses what can be no key: so that nothing malformed reaches a query that others share.
 */
export function parseKey(columns: readonly Column[], input: KeyInput): EntityKey {
  return keyValues(columns, input).map(String)
}

/** The same in the types of the join keys. */
export function keyValues(columns: readonly Column[], input: KeyInput): Exclude<Value, null>[] {
  if (input !== null && typeof input === 'object') return columns.map((c) => readPart(c, input[c.name]))
  const [only, second] = columns
  if (only && !second) return [readPart(only, input)]
  throw refusal(`a key needs ${columns.map((c) => `'${c.name}'`).join(', ')}`)
}

/** What one part of a parsed key stands for. */
export function keyPartValue({ type }: Column, text: string): Value {
  return readText(type, text) ?? text
}

function readPart(column: Column, value: unknown): Exclude<Value, null> {
  const { name, type } = column
  if (typeof value === 'string' && value.length > KEY_CHARS_MAX) {
    throw new PlatformError('too_large', `'${name}' is longer than ${KEY_CHARS_MAX} characters`)
  }
  const read = readJsonValue(type, value) ?? undefined
  if (read === undefined) throw refusal(`'${name}' ${whyNot(column, value)}`)
  if (read === '') throw refusal(`'${name}' is empty`)
  return read
}

function whyNot({ type }: Column, value: unknown): string {
  if (type === 'String')
    return typeof value === 'string' ? 'holds characters that no text may hold' : 'must be a string'
  if (type !== 'Int32' && type !== 'Int64') return `must be ${describeType(type)}`
  // JSON has rounded it already: another entity's row would be the answer.
  const rounded = typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)
  if (!rounded || Math.abs(value) > 2 ** 63) return `must be an integer of type ${type}`
  return 'is beyond 2^53, where a JSON number loses digits; send it as text'
}

function refusal(message: string): PlatformError {
  return new PlatformError('invalid_argument', message)
}
