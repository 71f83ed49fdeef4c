import type { ValueType } from '../values/values.ts'
import { batchMember } from './predict.ts'

type Key = { name: string; type: ValueType }

/**
 * A prediction's body with the integers that no double holds as text: JSON Schema knows no bigint, and text is taken wherever
 * an Int64 is. Only those where an integer key is expected: elsewhere they stay, to be refused as what they are.
 */
export function longKeysAsText(body: unknown, keys: readonly Key[]): unknown {
  const whole = keys.filter((key) => key.type === 'Int32' || key.type === 'Int64').map((key) => key.name)
  if (whole.length === 0 || !isObject(body)) return body
  const member = batchMember(keys)
  const list = body[member]
  if (!Array.isArray(list)) return membersAsText(body, whole)
  return { ...body, [member]: list.map((key) => (isObject(key) ? membersAsText(key, whole) : asText(key))) }
}

function membersAsText(key: Record<string, unknown>, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(key).map(([name, value]) => [name, names.includes(name) ? asText(value) : value]),
  )
}

function asText(value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
