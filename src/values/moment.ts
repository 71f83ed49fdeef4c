import { type Instant, readInstant } from '../base/instant.ts'

/**
 * How a date and a moment are written, for both engines that read them. A second has at most six decimals that say
 * something; zones go to 14 hours; there is no 24:00 and no second 60. Without a zone it is UTC,
 * where a source does not say otherwise (time-zone.ts).
 */
export const DATE_PATTERN = '[0-9]{4}-[0-9]{2}-[0-9]{2}'
export const TIME_PATTERN = String.raw`([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6}0*)?`
export const ZONE_PATTERN = 'Z|[+-](0[0-9]|1[0-3])(:?[0-5][0-9])?|[+-]14(:?00)?'
export const MOMENT_PATTERN = `${DATE_PATTERN}([T ]${TIME_PATTERN}(${ZONE_PATTERN})?)?`

/** Seconds since 1970 of the first and the last moment that there is. */
export const FIRST_SECOND = -62_135_596_800
export const LAST_SECOND = 253_402_300_799

const DATE = new RegExp(`^(?:${DATE_PATTERN})$`)
const MOMENT = new RegExp(`^(?:${MOMENT_PATTERN})$`)

export function readDate(text: string): string | undefined {
  return DATE.test(text) ? readInstant(text)?.slice(0, 10) : undefined
}

export function readMoment(text: string): Instant | undefined {
  return MOMENT.test(text) ? readInstant(text) : undefined
}
