import type { Clock } from '../../base/clock.ts'
import { PlatformError } from '../../base/errors.ts'
import { addMs, type Instant, instantOfMs } from '../../base/instant.ts'
import type { Source } from '../../config/project.ts'
import { notOfType, readJsonValue } from '../../values/json.ts'
import { readMoment } from '../../values/moment.ts'
import { readMomentIn } from '../../values/time-zone.ts'
import type { Frame } from '../../wire/feast.ts'
import type { FeatureValue } from '../../wire/features.ts'
import { limitOf } from '../../wire/limits.ts'
import type { Column, ViewDefinition } from '../define/definitions.ts'
import { EVENT_TIMESTAMP } from '../define/entity-rows.ts'
import { parseKey } from '../define/keys.ts'

/** A moment of more than a day from now is a slip, and would stay the newest for good. */
const AHEAD_MS_MAX = 24 * 3600_000

/**
 * The columns of a source in a frame, with each row's moment as `event_timestamp`; refuses what does not fit. `now` is the
 * database's: hosts may disagree about the time.
 */
export function readPush(clock: Clock, source: Source, frame: Frame, now: Instant): Map<string, FeatureValue[]> {
  const time = source.eventTime !== null && frame[source.eventTime] ? source.eventTime : EVENT_TIMESTAMP
  const given = { ...frame }
  // A flag of deletion that is not sent says that nothing is deleted.
  if (source.deleted !== null) given[source.deleted] ??= new Array(rowCount(frame)).fill(false)
  if (source.availableAt !== null) given[source.availableAt] ??= new Array(rowCount(frame)).fill(now)
  const columns: Column[] = source.columns.filter((c) => c.name !== time && c.name !== source.eventTime)
  const asked: Column[] = [...columns, { name: time, type: 'UnixTimestamp' }]
  const rows = readFrame(inZone(source, given, asked), asked, rowCount(frame))
  const moments = rows.get(time) ?? []
  requireMoments(clock, moments, time)
  rows.set(EVENT_TIMESTAMP, moments)
  if (source.eventTime !== null) rows.set(source.eventTime, moments)
  return rows
}

/** Times without a zone are those of the source's zone, as in its deliveries; such a time that is none, or two, is refused. */
function inZone({ timeZone }: Source, frame: Frame, columns: readonly Column[]): Frame {
  if (timeZone === null) return frame
  const times = columns.filter(({ name, type }) => type === 'UnixTimestamp' && frame[name])
  const read = times.map(({ name }) => {
    const values = (frame[name] ?? []).map((value, i) => {
      if (typeof value !== 'string' || readMoment(value) === undefined) return value
      const moment = readMomentIn(timeZone, value)
      if (moment !== undefined) return moment
      throw refusal(
        `row ${i + 1}: '${value}' in column '${name}' is a time that ${timeZone} has twice or not at all, as clocks change there; send it with its offset, like +01:00`,
      )
    })
    return [name, values] as const
  })
  return { ...frame, ...Object.fromEntries(read) }
}

/** How many rows there are; refuses none, too many, and columns of different lengths. */
export function rowCount(frame: Frame): number {
  const lengths = [...new Set(Object.values(frame).map((column) => column.length))]
  const [count] = lengths
  if (lengths.length > 1) throw refusal(`the columns have different lengths: ${lengths.join(', ')}`)
  if (count === undefined || count === 0) throw refusal('there are no rows')
  if (count > limitOf('pushRows')) {
    const message = `${count} rows; send them in parts of at most ${limitOf('pushRows')} (limit pushRows)`
    throw new PlatformError('too_large', message)
  }
  return count
}

/** The columns in their types, each value read or refused with its row. */
export function readFrame(frame: Frame, columns: readonly Column[], count: number): Map<string, FeatureValue[]> {
  const absent = columns.filter((c) => !frame[c.name]).map((c) => `'${c.name}'`)
  if (absent.length > 0) throw refusal(`there is no column ${absent.join(', ')}`)
  return new Map(
    columns.map(({ name, type }) => {
      const values = frame[name] ?? []
      const read = Array.from({ length: count }, (_, i) => {
        const value = readJsonValue(type, values[i])
        if (value !== undefined) return value
        throw refusal(`row ${i + 1}: ${notOfType(type, values[i], name)}`)
      })
      return [name, read]
    }),
  )
}

/** Each row has a time, and none lies ahead. */
export function requireMoments(clock: Clock, moments: readonly FeatureValue[] | undefined, name: string): void {
  const limit = instantOfMs(clock.nowMs() + AHEAD_MS_MAX)
  for (const [i, moment] of (moments ?? []).entries()) requireMoment(limit, moment, { row: i + 1, name })
}

function requireMoment(limit: Instant, moment: FeatureValue, { row, name }: { row: number; name: string }): void {
  if (typeof moment !== 'string') throw refusal(`row ${row}: column '${name}' has no value; it is the row's time`)
  if (moment <= limit) return
  throw refusal(`row ${row}: '${moment}' in column '${name}' is in the future`)
}

/** The keys of a view, column by column. */
export function keysOf(view: ViewDefinition, rows: ReadonlyMap<string, FeatureValue[]>, count: number): unknown[][] {
  const columns = view.keys.map((key) => rows.get(key.name) ?? [])
  const parsed = Array.from({ length: count }, (_, i) => {
    return parseKey(view.keys, Object.fromEntries(view.keys.map((key, k) => [key.name, columns[k]?.[i]])))
  })
  return view.keys.map((_, k) => parsed.map((key) => key[k]))
}

/** When the rows could first be known: as the caller says, else now. */
export function createdOf(given: readonly unknown[] | undefined, count: number, now: Instant): Instant[] {
  return Array.from({ length: count }, (_, i) => {
    const read = readJsonValue('UnixTimestamp', given?.[i])
    if (read === undefined) throw refusal(`row ${i + 1}: ${notOfType('UnixTimestamp', given?.[i], 'created')}`)
    // Of equal event times the later one counts: one of the year 9999 would do so for good.
    if (read !== null) requireMoment(addMs(now, AHEAD_MS_MAX), read, { row: i + 1, name: 'created' })
    return (read as Instant | null) ?? now
  })
}

function refusal(message: string): PlatformError {
  return new PlatformError('invalid_argument', message)
}
