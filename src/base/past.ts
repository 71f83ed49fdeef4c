import type { Clock } from './clock.ts'
import { PlatformError } from './errors.ts'
import { displayInstant, type Instant, instantOfMs } from './instant.ts'

/** Somewhere on earth the day has ended already. */
const AHEAD_MS_MAX = 24 * 3600_000

/**
 * Gives a moment that a caller named back, unless it is in the future. Whatever is asked for as of a date is about what has
 * been: a slip in the year would be the newest state for years, and an answer about days to come would be another one
 * every day.
 */
export function requirePast(moment: Instant, clock: Pick<Clock, 'nowMs'>, what: string): Instant {
  if (moment <= instantOfMs(clock.nowMs() + AHEAD_MS_MAX)) return moment
  const now = displayInstant(instantOfMs(clock.nowMs()))
  throw new PlatformError(
    'invalid_argument',
    `${what} ${displayInstant(moment)} is in the future (now it is ${now}); name a past date`,
  )
}
