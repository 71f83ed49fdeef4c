/** Reads the fields of a request as MLflow's own server does: int64 as number or text, unknown fields ignored. */
import { PlatformError } from '../base/errors.ts'
import { type LimitName, limitOf, requireWithin, shown } from '../wire/limits.ts'

export type Fields = Record<string, unknown>

const SEE = 'See the API docs for more information about request parameters.'

export function fieldsOf(body: unknown): Fields {
  if (body === null || body === undefined) return {}
  if (typeof body !== 'object' || Array.isArray(body)) throw invalid('the body must be a JSON object')
  return body as Fields
}

/** At most as long as a limit of the table, or as a number of characters. */
export function optionalText(fields: Fields, name: string, limit: LimitName | number = 'text'): string | undefined {
  const value = fields[name]
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'string') throw wrongType(name, value)
  const most = typeof limit === 'number' ? limit : limitOf(limit)
  if (value.length > most) {
    const named = typeof limit === 'number' ? '' : ` (limit ${limit})`
    throw invalid(`'${name}' exceeds the maximum length of ${most} characters${named}`)
  }
  return value
}

export function requiredText(fields: Fields, name: string, limit?: LimitName | number): string {
  const value = optionalText(fields, name, limit)
  if (value === undefined || value === '') throw missing(name)
  return value
}

/** A whole number, also as text; beyond 2^53 only what a double holds exactly is taken. */
export function optionalInteger(fields: Fields, name: string): number | undefined {
  const value = fields[name]
  if (value === undefined || value === null) return undefined
  const number =
    typeof value === 'bigint' || (typeof value === 'string' && /^-?\d+$/.test(value)) ? Number(value) : value
  if (typeof number !== 'number' || !Number.isInteger(number)) throw wrongType(name, value)
  if (!Number.isSafeInteger(number)) {
    throw invalid(
      `Invalid value ${shown(value)} for parameter '${name}' supplied. It must lie within ±${2 ** 53 - 1}, so that it stays exact.`,
    )
  }
  return number
}

/** All of an int64, exactly: a bigint beyond 2^53. */
export function optionalInt64(fields: Fields, name: string): number | bigint | undefined {
  const value = fields[name]
  if (value === undefined || value === null) return undefined
  const isWhole = typeof value === 'bigint' || (typeof value === 'number' && Number.isSafeInteger(value))
  if (!isWhole && !(typeof value === 'string' && /^-?\d{1,20}$/.test(value))) {
    if (typeof value === 'number' && Number.isInteger(value))
      throw outside(name, value, '-2^63 and 2^63-1, with all its digits')
    throw wrongType(name, value)
  }
  const exact = BigInt(value as string | number | bigint)
  if (BigInt.asIntN(64, exact) !== exact) throw outside(name, value, '-2^63 and 2^63-1')
  const number = Number(exact)
  return Number.isSafeInteger(number) ? number : exact
}

function outside(name: string, value: unknown, bounds: string): PlatformError {
  return invalid(`Invalid value ${shown(value)} for parameter '${name}' supplied. It must lie between ${bounds}.`)
}

export function requiredInteger(fields: Fields, name: string): number {
  const value = optionalInteger(fields, name)
  if (value === undefined) throw missing(name)
  return value
}

/** A number, or one of the texts NaN, Infinity, -Infinity, or a number as text. */
export function requiredDouble(fields: Fields, name: string): number {
  const value = fields[name]
  if (value === undefined || value === null) throw missing(name)
  if (typeof value === 'number' || typeof value === 'bigint') return Number(value)
  if (typeof value !== 'string') throw wrongType(name, value)
  if (value === 'NaN') return Number.NaN
  const number = Number(value.replace(/^([+-]?)inf$/i, '$1Infinity'))
  if (value.trim() === '' || Number.isNaN(number)) throw wrongType(name, value)
  return number
}

export function optionalBoolean(fields: Fields, name: string): boolean | undefined {
  const value = fields[name]
  if (value === undefined || value === null) return undefined
  if (value === true || value === 'true') return true
  if (value === false || value === 'false') return false
  throw wrongType(name, value)
}

/** One of a protobuf enum, by name or number; numbers begin at 1. */
export function optionalEnum<Name extends string>(
  fields: Fields,
  name: string,
  names: readonly Name[],
): Name | undefined {
  const value = fields[name]
  if (value === undefined || value === null) return undefined
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value
  const found = names.find((known, index) => known === value || index + 1 === number)
  if (found === undefined) throw wrongType(name, value)
  return found
}

/** The size of a page, from 1 to `max`. */
export function pageSize(fields: Fields, size: { default: number; max: number }): number {
  const asked = optionalInteger(fields, 'max_results') ?? size.default
  if (asked >= 1 && asked <= size.max) return asked
  throw invalid(`Invalid value ${asked} for parameter 'max_results' supplied. It must be from 1 to ${size.max}.`)
}

/** A list of texts; a single one stands for a list of one, as in a query string. */
export function textList(fields: Fields, name: string, limit: LimitName = 'listItems'): string[] {
  const value = fields[name]
  if (value === undefined || value === null) return []
  const list = Array.isArray(value) ? value : [value]
  requireWithin(limit, list.length, `the list '${name}'`)
  for (const item of list) {
    if (typeof item !== 'string') throw wrongType(name, item)
  }
  return list as string[]
}

export function objectList(fields: Fields, name: string, limit: LimitName = 'listItems'): Fields[] {
  const value = fields[name]
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) throw wrongType(name, value)
  requireWithin(limit, value.length, `the list '${name}'`)
  return value.map((item) => fieldsOf(item))
}

/** [{key, value}] as pairs; a missing value is the empty text. */
export function keyValues(fields: Fields, name: string, limit?: LimitName): { key: string; value: string }[] {
  return objectList(fields, name, limit).map((item, i) => {
    const key = optionalText(item, 'key')
    // Where it stands, as MLflow names it.
    if (!key) throw missing(`${name}[${i}].key`)
    return { key, value: optionalText(item, 'value') ?? '' }
  })
}

export function missing(name: string): PlatformError {
  return invalid(`Missing value for required parameter '${name}'. ${SEE}`)
}

export function invalid(message: string): PlatformError {
  return new PlatformError('invalid_argument', message)
}

function wrongType(name: string, value: unknown): PlatformError {
  return invalid(`Invalid value ${shown(value)} for parameter '${name}' supplied. ${SEE}`)
}
