/**
 * Pages by where the last one ended: the next begins behind its last row, whatever was added or removed meanwhile, and
 * costs the same however far it is. Only for orders whose values are never missing.
 */
import { fault } from './lexer.ts'

export type OrderKey = { sql: string; direction: 'asc' | 'desc'; type: 'text' | 'bigint' | 'double precision' }

/** The columns that tell where a row stands, as texts that PostgreSQL reads back exactly. */
export function keyColumns(keys: readonly OrderKey[]): string {
  return `array[${keys.map((key) => `(${key.sql})::text`).join(', ')}] as keys`
}

/** Rows behind the one with these values. */
export function behind(keys: readonly OrderKey[], after: readonly string[], bind: (value: unknown) => string): string {
  const bound = keys.map((key, i) => `${bind(checked(key, after[i]))}::text::${key.type}`)
  const beyond = (i: number) => `${keys[i]!.sql} ${keys[i]!.direction === 'asc' ? '>' : '<'} ${bound[i]}`
  const nested = keys.reduceRight((rest, key, i) => {
    return rest === '' ? beyond(i) : `(${beyond(i)} or (${key.sql} = ${bound[i]} and ${rest}))`
  }, '')
  // Says again what follows from it, in the form that an index is read by.
  const [first] = keys
  return `${first!.sql} ${first!.direction === 'asc' ? '>=' : '<='} ${bound[0]} and ${nested}`
}

/** A number that PostgreSQL reads as a double: in decimal, and neither too great nor too small for one. */
function isDouble(text: string): boolean {
  if (/^(NaN|-?Infinity)$/.test(text)) return true
  if (!/^-?(\d{1,400}\.?\d{0,400}|\.\d{1,400})(e[+-]?\d{1,4})?$/i.test(text)) return false
  const value = Number(text)
  return Number.isFinite(value) && (value !== 0 || !/[1-9]/.test(text.replace(/e.*$/i, '')))
}

/** A token is the caller's: what it holds is bound, but must be of the type. */
function checked(key: OrderKey, value: string | undefined): string {
  const right =
    value !== undefined &&
    (key.type === 'text' ? !value.includes('\0') : key.type === 'bigint' ? /^-?\d{1,18}$/.test(value) : isDouble(value))
  if (right) return value
  throw fault('Invalid page token: it is of another search')
}
