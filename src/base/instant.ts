import { PlatformError } from './errors.ts'

/**
 * A moment in UTC to the microsecond as fixed-width text, `2024-01-31T00:00:00.000000Z`: string order is time order,
 * and PostgreSQL and DuckDB read it as it is.
 */
export type Instant = string

/** The first and the last moment that there is: those of the years that four digits can write. */
export const FIRST_INSTANT: Instant = '0001-01-01T00:00:00.000000Z'
export const LAST_INSTANT: Instant = '9999-12-31T23:59:59.999999Z'

const FIRST_MS = Date.parse('0001-01-01T00:00:00.000Z')
const LAST_MS = Date.parse('9999-12-31T23:59:59.999Z')

const PATTERN =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ]([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:\.(\d{1,6})0*)?)?(Z|[+-](?:0\d|1[0-3])(?::?[0-5]\d)?|[+-]14(?::?00)?)?)?$/

/** Reads a date (midnight UTC) or a date and time; without a zone it is UTC. `what` names the input in the refusal. */
export function parseInstant(text: string, what = 'time'): Instant {
  const instant = readInstant(text.trim())
  if (instant !== undefined) return instant
  throw new PlatformError(
    'invalid_argument',
    `${what}: '${text.slice(0, 40)}' is not a date; write 2024-01-31 or 2024-01-31T12:00:00Z`,
  )
}

/** The same, but undefined where it is none: no such day, decimals beyond the microsecond, outside of 0001 to 9999. */
export function readInstant(text: string): Instant | undefined {
  const m = PATTERN.exec(text)
  if (!m) return undefined
  const [, year, month, day, hour = '00', minute = '00', second = '00', fraction = '', zone = 'Z'] = m
  // Date.UTC takes the years 0 to 99 for those of the last century.
  const local = new Date(0)
  local.setUTCFullYear(Number(year), Number(month) - 1, Number(day))
  if (local.getUTCMonth() !== Number(month) - 1 || local.getUTCDate() !== Number(day)) return undefined
  const utc = local.setUTCHours(Number(hour), Number(minute), Number(second)) - zoneMs(zone)
  if (utc < FIRST_MS || utc > LAST_MS) return undefined
  return `${new Date(utc).toISOString().slice(0, 19)}.${fraction.padEnd(6, '0')}Z`
}

/** The moment of a millisecond count; refuses one outside of the years 0001 to 9999. */
export function instantOfMs(ms: number): Instant {
  if (!(ms >= FIRST_MS && ms <= LAST_MS)) {
    throw new PlatformError('invalid_argument', `${ms} ms since 1970 is outside the years 0001 to 9999`)
  }
  return `${new Date(ms).toISOString().slice(0, 23)}000Z`
}

/** The same of a number that somebody else's program gave: null where no year of four digits has such a moment. */
export function momentOfMs(ms: number | bigint): Instant | null {
  return ms >= FIRST_MS && ms <= LAST_MS ? instantOfMs(Number(ms)) : null
}

/** Milliseconds since 1970; microseconds are cut off. */
export function msOfInstant(instant: Instant): number {
  return Date.parse(`${instant.slice(0, 23)}Z`)
}

/** The moment `ms` later (or earlier, when negative), microseconds kept; the first or the last one beyond them. */
export function addMs(instant: Instant, ms: number): Instant {
  const sum = msOfInstant(instant) + ms
  if (sum < FIRST_MS) return FIRST_INSTANT
  if (sum > LAST_MS) return LAST_INSTANT
  return `${new Date(sum).toISOString().slice(0, 23)}${instant.slice(23)}`
}

/** The next moment that there is: one microsecond later; the last one has none and stays. */
export function nextInstant(instant: Instant): Instant {
  const micros = Number(instant.slice(23, 26)) + 1
  if (instant === LAST_INSTANT) return instant
  const ms = micros === 1000 ? msOfInstant(instant) + 1 : msOfInstant(instant)
  return `${new Date(ms).toISOString().slice(0, 23)}${String(micros % 1000).padStart(3, '0')}Z`
}

/** The moment before: one microsecond earlier; the first one has none and stays. */
export function previousInstant(instant: Instant): Instant {
  const micros = Number(instant.slice(23, 26))
  if (instant === FIRST_INSTANT) return instant
  const ms = micros === 0 ? msOfInstant(instant) - 1 : msOfInstant(instant)
  return `${new Date(ms).toISOString().slice(0, 23)}${String((micros + 999) % 1000).padStart(3, '0')}Z`
}

/** `2024-01-31` for a midnight, else the shortest form that loses nothing: how people are shown a moment. */
export function displayInstant(instant: Instant): string {
  if (instant.endsWith('T00:00:00.000000Z')) return instant.slice(0, 10)
  return instant.replace(/\.?0+Z$/, 'Z')
}

function zoneMs(zone: string): number {
  if (zone === 'Z') return 0
  const sign = zone.startsWith('-') ? -1 : 1
  const digits = zone.slice(1).replace(':', '')
  return sign * (Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2) || 0)) * 60_000
}
