import { type Instant, instantOfMs, readInstant } from '../base/instant.ts'
import { DATE_PATTERN, readMoment, TIME_PATTERN } from './moment.ts'

/**
 * Times without a zone, where a source says in which zone they are written. A local time that a change of clocks makes
 * occur twice, or not at all, is no moment: which one was meant is not guessed. Twice, as in `text.ts`: for files by
 * DuckDB, and for single values here.
 */
const NAIVE_PATTERN = `${DATE_PATTERN}([T ]${TIME_PATTERN})?`
const NAIVE = new RegExp(`^(?:${NAIVE_PATTERN})$`)
const DAY_MS = 24 * 3600_000

export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z_]+(\/[A-Za-z0-9_+-]+)*$/.test(name)) return false
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}

/** A DuckDB expression that is true where `text` is a time without a zone. */
export function isNaive(text: string): string {
  return `regexp_full_match(${text}, '${NAIVE_PATTERN}')`
}

/**
 * A DuckDB expression that reads `text` as a local time of the zone, null where there is no such time, or two. The zone's
 * offsets a day before and a day after are the two that can hold: each gives a moment, which must be that local time again.
 */
export function readLocal(text: string, zone: string): string {
  const local = `TRY_CAST(${text} AS TIMESTAMP)`
  const at = (moment: string) => `(${moment} AT TIME ZONE '${zone}')`
  const utc = (moment: string) => `(${moment} AT TIME ZONE 'UTC')`
  const candidate = (near: string) => `${utc(`(${local} - (${at(utc(near))} - ${near}))`)}`
  const [before, after] = [candidate(`(${local} - INTERVAL 1 DAY)`), candidate(`(${local} + INTERVAL 1 DAY)`)]
  const [first, second] = [`${at(before)} = ${local}`, `${at(after)} = ${local}`]
  return `CASE WHEN ${first} AND ${second} AND ${before} <> ${after} THEN NULL
    WHEN ${first} THEN ${before} WHEN ${second} THEN ${after} END`
}

/** The same for one text; one with a zone of its own is read as it is. */
export function readMomentIn(zone: string, text: string): Instant | undefined {
  if (!NAIVE.test(text)) return readMoment(text)
  const utc = readInstant(text)
  if (utc === undefined) return undefined
  // Whole milliseconds carry the offset; what is finer stays.
  const ms = Date.parse(`${utc.slice(0, 19)}Z`)
  const found = [ms - offsetMs(zone, ms - DAY_MS), ms - offsetMs(zone, ms + DAY_MS)]
    .filter((moment, i, all) => all.indexOf(moment) === i)
    .filter((moment) => moment + offsetMs(zone, moment) === ms)
  const [only, second] = found
  return only === undefined || second !== undefined ? undefined : `${instantOfMs(only).slice(0, 19)}${utc.slice(19)}`
}

const formats = new Map<string, Intl.DateTimeFormat>()

/** How far the zone's clocks are ahead of UTC at a moment. */
function offsetMs(zone: string, ms: number): number {
  let format = formats.get(zone)
  if (!format) {
    const fields = { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' } as const
    const style = { calendar: 'gregory', numberingSystem: 'latn', hourCycle: 'h23', era: 'short' } as const
    format = new Intl.DateTimeFormat('en', { timeZone: zone, ...fields, second: '2-digit', ...style })
    formats.set(zone, format)
  }
  const parts = Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, Number(value)]))
  const local = new Date(0)
  local.setUTCFullYear(parts.year ?? 0, (parts.month ?? 1) - 1, parts.day)
  local.setUTCHours(parts.hour ?? 0, parts.minute, parts.second)
  return local.getTime() - Math.floor(ms / 1000) * 1000
}
