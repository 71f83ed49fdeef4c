import { PlatformError } from '../base/errors.ts'
import { instantOfMs, parseInstant } from '../base/instant.ts'
import type { ValueType } from '../config/project.ts'
import type { FeatureValue } from '../wire/features.ts'
import { literal } from './quote.ts'

/**
 * What each declared type is on its three carriers. One table, so that an Int64 is 64 bits offline and online, and a
 * Float32 the same 32 bits.
 */
const TYPES: Record<ValueType, { duck: string; postgres: string }> = {
  String: { duck: 'VARCHAR', postgres: 'text' },
  Int32: { duck: 'INTEGER', postgres: 'integer' },
  Int64: { duck: 'BIGINT', postgres: 'bigint' },
  Float32: { duck: 'FLOAT', postgres: 'real' },
  Float64: { duck: 'DOUBLE', postgres: 'double precision' },
  Bool: { duck: 'BOOLEAN', postgres: 'boolean' },
  Date: { duck: 'DATE', postgres: 'date' },
  UnixTimestamp: { duck: 'TIMESTAMPTZ', postgres: 'timestamptz' },
}

export function duckType(type: ValueType): string {
  return TYPES[type].duck
}

export function postgresType(type: ValueType): string {
  return TYPES[type].postgres
}

/** A DuckDB expression as text, number or boolean: moments become text, since JavaScript has no type for them. */
export function plainInDuck(expression: string, type: ValueType): string {
  if (type === 'Date') return `CAST(${expression} AS VARCHAR)`
  if (type === 'UnixTimestamp') return `strftime(${expression} AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ')`
  return expression
}

/**
 * The same in PostgreSQL. `real` is widened to double precision there: the text of a `real` is the shortest that
 * names it among float32 (29.85), the value that callers see is its exact double (29.850000381469727).
 */
export function plainInPostgres(expression: string, type: ValueType): string {
  if (type === 'Float32') return `${expression}::float8`
  if (type === 'Date') return `${expression}::text`
  return expression
}

/** A moment as a DuckDB literal. */
export function duckInstant(instant: string): string {
  return `TIMESTAMPTZ ${literal(instant)}`
}

/**
 * A JSON value as one of the type, or undefined where it is none. NaN and the infinities are null: they are a division
 * gone wrong, not a value. A UnixTimestamp is ISO 8601 text (UTC where it names no zone) or whole seconds.
 */
export function readValue(type: ValueType, value: unknown): FeatureValue | undefined {
  if (value === null || value === undefined) return null
  switch (type) {
    case 'Float32':
    case 'Float64': {
      if (typeof value !== 'number') return undefined
      const exact = type === 'Float32' ? Math.fround(value) : value
      return Number.isFinite(exact) ? exact : null
    }
    case 'Int32':
    case 'Int64': {
      if (typeof value !== 'bigint' && !Number.isSafeInteger(value)) return undefined
      const whole = BigInt(value as number | bigint)
      if (BigInt.asIntN(type === 'Int32' ? 32 : 64, whole) !== whole) return undefined
      return Number.isSafeInteger(Number(whole)) ? Number(whole) : whole
    }
    case 'Bool':
      return typeof value === 'boolean' ? value : undefined
    case 'String':
      return typeof value === 'string' && !value.includes('\0') ? value : undefined
    default:
      return readMoment(type, value)
  }
}

function readMoment(type: 'Date' | 'UnixTimestamp', value: unknown): FeatureValue | undefined {
  if (type === 'UnixTimestamp' && Number.isSafeInteger(value)) return instantOfMs(Number(value) * 1000)
  if (typeof value !== 'string') return undefined
  try {
    const instant = parseInstant(value)
    if (type === 'UnixTimestamp') return instant
    return instant.endsWith('T00:00:00.000000Z') ? instant.slice(0, 10) : undefined
  } catch (error) {
    if (error instanceof PlatformError) return undefined
    throw error
  }
}
