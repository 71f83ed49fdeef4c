import pg from 'pg'
import type { Instant } from '../base/instant.ts'
import { remembered } from '../base/remembered.ts'

/**
 * How values come out of PostgreSQL, for our pools only: another user of `pg` in this process keeps its own. Dates and
 * times without a zone stay text, because a JavaScript Date would read them in the machine's zone.
 */
export const typeParsers: pg.CustomTypesConfig = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    const own = format === 'binary' ? undefined : PARSERS.get(oid)
    return own ?? pg.types.getTypeParser(oid, format)
  },
}

const TEXT_ARRAY = 1009
const asText = (text: string) => text
const PARSERS = new Map<number, (text: string) => unknown>([
  [20, parseInt8],
  [1016, arrayOf(parseInt8)],
  // Rows that are read together have few moments between them: those of a delivery one.
  [1184, remembered(parseTimestamptz)],
  [1185, arrayOf(parseTimestamptz)],
  [1082, asText],
  [1182, arrayOf(asText)],
  [1114, asText],
  [1115, arrayOf(asText)],
])

/** A number where it is exact, else a bigint. */
export function parseInt8(text: string): number | bigint {
  const n = Number(text)
  return Number.isSafeInteger(n) ? n : BigInt(text)
}

const PATTERN = /^(\d{4})-(\d\d)-(\d\d) (\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?([+-]\d\d(?::\d\d){0,2})$/

/** Fixed width, UTC. `infinity` and years outside of 0001–9999 have no such form and stay as they are. */
export function parseTimestamptz(text: string): Instant {
  const m = PATTERN.exec(text)
  if (!m) return text
  const [, year, month, day, time, fraction = '', zone = ''] = m
  const micros = fraction.padEnd(6, '0')
  if (zone === '+00') return `${year}-${month}-${day}T${time}.${micros}Z`
  const utc = Date.parse(`${year}-${month}-${day}T${time}Z`) - zoneSeconds(zone) * 1000
  return `${new Date(utc).toISOString().slice(0, 19)}.${micros}Z`
}

function zoneSeconds(zone: string): number {
  const [hours = 0, minutes = 0, seconds = 0] = zone.slice(1).split(':').map(Number)
  return (zone.startsWith('-') ? -1 : 1) * (hours * 3600 + minutes * 60 + seconds)
}

/** `pg` gives the text of array elements through the parser of a text array. */
function arrayOf(parse: (text: string) => unknown): (text: string) => unknown {
  const elements = pg.types.getTypeParser(TEXT_ARRAY as number, 'text') as (text: string) => unknown[]
  const deep = (value: unknown): unknown =>
    Array.isArray(value) ? value.map(deep) : value === null ? null : parse(value as string)
  return (text) => deep(elements(text))
}
