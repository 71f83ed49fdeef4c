import { PlatformError } from './errors.ts'

/**
 * A moment in UTC to the microsecond as fixed-width text, `2024-01-31T00:00:00.000000Z`: string order is time order,
 * and PostgreSQL and DuckDB read it as it is.
 */
export type Instant = string

const PATTERN =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(Z|[+-]\d{2}(?::?\d{2})?)?)?$/i

/** Reads a date (midnight UTC) or a date and time; without a zone it is UTC. `what` names the input in the refusal. */
export function parseInstant(text: string, what = 'time'): Instant {
  const m = PATTERN.exec(text.trim())
  if (!m) throw refusal(text, what)
  const [, year, month, day, hour = '00', minute = '00', second = '00', fraction = '', zone = 'Z'] = m
  const micros = fraction.padEnd(6, '0').slice(0, 6)
  const utc = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second))
  const back = new Date(utc)
  const real =
    back.getUTCMonth() === Number(month) - 1 &&
    back.getUTCDate() === Number(day) &&
    Number(hour) < 24 &&
    Number(minute) < 60 &&
    Number(second) < 60
  if (!real) throw refusal(text, what)
  return `${new Date(utc - zoneMs(zone)).toISOString().slice(0, 19)}.${micros}Z`
}

/** The moment of a millisecond count. */
export function instantOfMs(ms: number): Instant {
  return `${new Date(ms).toISOString().slice(0, 23)}000Z`
}

/** Milliseconds since 1970; microseconds are cut off. */
export function msOfInstant(instant: Instant): number {
  return Date.parse(`${instant.slice(0, 23)}Z`)
}

/** The moment `ms` later (or earlier, when negative), microseconds kept. */
export function addMs(instant: Instant, ms: number): Instant {
  return `${new Date(msOfInstant(instant) + ms).toISOString().slice(0, 23)}${instant.slice(23)}`
}

/** The next moment that there is: one microsecond later. */
export function nextInstant(instant: Instant): Instant {
  const micros = Number(instant.slice(23, 26)) + 1
  const ms = micros === 1000 ? msOfInstant(instant) + 1 : msOfInstant(instant)
  return `${new Date(ms).toISOString().slice(0, 23)}${String(micros % 1000).padStart(3, '0')}Z`
}

/** `2024-01-31` for a midnight, else the shortest form that loses nothing: how people are shown a moment. */
export function displayInstant(instant: Instant): string {
  if (instant.endsWith('T00:00:00.000000Z')) return instant.slice(0, 10)
  return instant.replace(/\.?0+Z$/, 'Z')
}

function zoneMs(zone: string): number {
  if (zone.toUpperCase() === 'Z') return 0
  const sign = zone.startsWith('-') ? -1 : 1
  const digits = zone.slice(1).replace(':', '')
  return sign * (Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2) || 0)) * 60_000
}

function refusal(text: string, what: string): PlatformError {
  return new PlatformError(
    'invalid_argument',
    `${what}: '${text.slice(0, 40)}' is not a date; write 2024-01-31 or 2024-01-31T12:00:00Z`,
  )
}
