import { momentText } from '../../ui/format.ts'

/**
 * The two axes of the time machine. Each is a row of stops, the moments at which something changed, one step apart: what
 * came in within one second can be told apart, and nothing lies between. Moments are texts of fixed width, so their order is
 * that of time. Pure.
 */
export type Axis = readonly string[]

/** Where a moment lies: on its stop, or half a step behind the stop before it; -0.5 before the first. */
export function placeOf(axis: Axis, at: string): number {
  const last = axis.findLastIndex((stop) => stop <= at)
  return last >= 0 && axis[last] === at ? last : last + 0.5
}

/** The stop that answers for a moment: the one at or before it; the first for what was before. */
export function stopOf(axis: Axis, at: string): number {
  return Math.max(0, Math.floor(placeOf(axis, at)))
}

/** From 0 to 1 for drawing; a single stop is in the middle. */
export function shareOf(axis: Axis, at: string): number {
  if (axis.length < 2) return 0.5
  return Math.min(1, Math.max(0, placeOf(axis, at) / (axis.length - 1)))
}

/** The nearest stop to a share of the axis. */
export function stopAtShare(axis: Axis, share: number): string | undefined {
  return axis[Math.min(axis.length - 1, Math.max(0, Math.round(share * (axis.length - 1))))]
}

/** A moment as the server reads it: fixed width; undefined where the text is none. A date alone is midnight UTC. */
export function readMoment(text: string): string | undefined {
  const m = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?)?\s*(Z|UTC|[+-]\d\d:?\d\d)?$/.exec(
    text.trim(),
  )
  if (!m) return undefined
  const [, day, minute = '00:00', second = '00', fraction = '', zone = 'Z'] = m
  const ms = Date.parse(`${day}T${minute}:${second}${zone === 'UTC' ? 'Z' : zone}`)
  if (Number.isNaN(ms) || Number(day?.slice(8)) > 31) return undefined
  const utc = new Date(ms).toISOString()
  const rolled = zone === 'Z' || zone === 'UTC' ? utc.slice(0, 10) === day : true
  return rolled ? `${utc.slice(0, 19)}.${fraction.padEnd(6, '0')}Z` : undefined
}

/** To the second, for narrow places. */
export function shortMoment(instant: string): string {
  return momentText(`${instant.slice(0, 19)}.000000Z`)
    .replace('T', ' ')
    .replace('Z', '')
}

/** Below an axis: the day, and the hour where several stops share it. */
export function tickText(axis: Axis, index: number): string {
  const at = axis[index] ?? ''
  const shared = axis.filter((other) => other.slice(0, 10) === at.slice(0, 10)).length > 1
  return shared ? `${at.slice(5, 10)} ${at.slice(11, 19)}` : at.slice(0, 10)
}

/** Stops that have room for a label: so many, evenly, the first and the last among them. */
export function labelled(axis: Axis, most: number): number[] {
  if (axis.length <= most) return axis.map((_, index) => index)
  return Array.from({ length: most }, (_, i) => Math.round((i * (axis.length - 1)) / (most - 1)))
}
