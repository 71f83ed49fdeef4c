import { TYPES, type ValueType } from '../../values/values.ts'
import { literal } from './quote.ts'

/** What each declared type is in DuckDB and in PostgreSQL: an Int64 is 64 bits in both, and a Float32 the same 32 bits. */
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
