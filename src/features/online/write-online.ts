import type { Clock } from '../../base/clock.ts'
import { PlatformError } from '../../base/errors.ts'
import { addMs, type Instant, instantOfMs } from '../../base/instant.ts'
import type { Log } from '../../base/log.ts'
import { sourceOf } from '../../config/find.ts'
import type { Project, Source, ValueType } from '../../config/project.ts'
import type { Database, Sql } from '../../db/sql.ts'
import type { Duck } from '../../lake/duck.ts'
import type { Lake } from '../../lake/lake.ts'
import { lockShortWork } from '../../lake/work.ts'
import { notOfType, readJsonValue } from '../../values/json.ts'
import { readMoment } from '../../values/moment.ts'
import { valueText } from '../../values/text.ts'
import { readMomentIn } from '../../values/time-zone.ts'
import type { FeatureValue } from '../../wire/features.ts'
import { limitOf } from '../../wire/limits.ts'
import { type Column, tableDigest, type ViewDefinition } from '../define/definitions.ts'
import { EVENT_TIMESTAMP } from '../define/entity-rows.ts'
import { parseKey } from '../define/keys.ts'
import { keptPlaces, type NamedRows, namedRowsOfSource, namedRowsOfView } from '../define/leave-out.ts'
import { ident } from '../define/quote.ts'
import { duckType, plainInDuck } from '../define/value-types.ts'
import { featureSql } from '../offline/view-rows.ts'
import {
  lockView,
  movePushedUntil,
  nextGeneration,
  notifyFeaturesChanged,
  selectOnlineTable,
  upsertOnlineTable,
} from '../queries.ts'
import type { OnlineStore, OnlineWrite } from './online-store.ts'

/** Rows column by column, as JSON has them. */
export type Frame = Readonly<Record<string, readonly unknown[]>>

type Deps = {
  sql: Database
  lake: Pick<Lake, 'suppressions' | 'moment'>
  duck: Duck
  project: Project
  clock: Clock
  log: Log
  online: OnlineStore
}

/** A moment of more than a day from now is a slip, and would stay the newest for good. */
const AHEAD_MS_MAX = 24 * 3600_000

/** Writes values of the features of a view, by their names, with the moment that each row describes. */
export async function writeFeatures(deps: Deps, view: ViewDefinition, frame: Frame): Promise<number> {
  const count = rowCount(frame)
  const columns = [...view.keys, ...view.features, { name: EVENT_TIMESTAMP, type: 'UnixTimestamp' } as const]
  const rows = readFrame(frame, columns, count)
  requireMoments(deps.clock, rows.get(EVENT_TIMESTAMP), EVENT_TIMESTAMP)
  const now = await deps.lake.moment()
  const written = {
    keys: keysOf(view, rows, count),
    eventTimestamps: rows.get(EVENT_TIMESTAMP) as Instant[],
    created: createdOf(frame.created, count, now),
    gone: new Array(count).fill(false),
    features: view.features.map((f) => rows.get(f.name) ?? []),
  }
  await writeRows(deps, view, written, namedRowsOfView(deps.project, view, rows))
  return count
}

/**
 * Takes rows of a source, as a delivery has them, straight into the online tables of all its views: the features are
 * computed by the expressions of the views. The moment of a row is in the source's own column of event time, or in
 * `event_timestamp`.
 */
export async function pushRows(
  deps: Deps,
  views: readonly ViewDefinition[],
  name: string,
  frame: Frame,
): Promise<number> {
  const source = sourceOf(deps.project, name)
  const now = await deps.lake.moment()
  const rows = readPush(deps.clock, source, frame, now)
  const count = rowCount(frame)
  // As the lake has it, where the source says when its rows could be known.
  const known = source.availableAt === null ? frame.created : rows.get(source.availableAt)
  for (const view of views.filter((v) => v.source === name)) {
    const computed = await computeFeatures(deps.duck, source, view, rows, count)
    const gone = source.deleted === null ? [] : (rows.get(source.deleted) ?? [])
    const written = {
      keys: keysOf(view, new Map(view.keys.map((k) => [k.name, rows.get(k.column) ?? []])), count),
      eventTimestamps: rows.get(EVENT_TIMESTAMP) as Instant[],
      created: createdOf(known, count, now),
      gone: Array.from({ length: count }, (_, i) => gone[i] === true),
      features: computed,
    }
    await writeRows(deps, view, written, namedRowsOfSource(deps.project, source, rows))
  }
  return count
}

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

async function writeRows(deps: Deps, view: ViewDefinition, given: OnlineWrite, named: NamedRows): Promise<void> {
  const { sql, online, clock } = deps
  await sql.tx(async (tx) => {
    const last = newestOfEachKey(await withoutErased(deps, tx, given, named))
    if (last.gone.length === 0) return
    const at = { view: view.name, definition: tableDigest(view), store: online.name }
    let held = await selectOnlineTable(tx, at)
    if (!held) {
      // Two that write the first rows must not both begin the table.
      await lockView(tx, view.name)
      held = await selectOnlineTable(tx, at)
    }
    await online.create(tx, view, { anew: held === undefined })
    await online.write(tx, view, last, held?.generation ?? 0)
    const until = last.eventTimestamps.reduce((a, b) => (a > b ? a : b))
    if (held) return movePushedUntil(tx, at, until)
    const generation = await nextGeneration(tx)
    await online.complete(tx, { view: view.name, table: online.table(view) }, generation)
    const { rows: count, newest } = await online.extent(tx, view)
    await upsertOnlineTable(tx, {
      ...at,
      table_name: online.table(view),
      generation,
      snapshot_id: null,
      snapshot_digest: null,
      valid_at: newest,
      available_at: null,
      recorded_at: null,
      seq: 0,
      coverage: [],
      pushed_until: until,
      rows: count,
      materialized_at: instantOfMs(clock.nowMs()),
    })
    await notifyFeaturesChanged(tx, view.name)
  })
}

/** From here to the end of the transaction an erasure that begins waits for it; one that began is seen. */
async function withoutErased(
  { lake, project, log }: Deps,
  tx: Sql,
  rows: OnlineWrite,
  named: NamedRows,
): Promise<OnlineWrite> {
  await lockShortWork(tx)
  const suppressed = await lake.suppressions.active(tx)
  if (!suppressed) return rows
  const count = rows.gone.length
  const kept = keptPlaces(named, count, project, suppressed)
  if (kept.length === count) return rows
  log.warn({ rows: count - kept.length }, 'rows of an erased key were left out')
  return pickRows(rows, kept)
}

/** One statement can touch a key once. Of equal moments the later row counts. */
function newestOfEachKey(rows: OnlineWrite): OnlineWrite {
  const best = new Map<string, number>()
  for (const [i, moment] of rows.eventTimestamps.entries()) {
    const key = JSON.stringify(rows.keys.map((column) => String(column[i])))
    const held = best.get(key)
    const rank = (r: number) => `${rows.eventTimestamps[r]} ${rows.created[r]}`
    if (held === undefined || `${moment} ${rows.created[i]}` >= rank(held)) best.set(key, i)
  }
  return pickRows(rows, [...best.values()])
}

function pickRows(rows: OnlineWrite, places: readonly number[]): OnlineWrite {
  const pick = <T>(column: readonly T[]) => places.map((i) => column[i] as T)
  return {
    keys: rows.keys.map(pick),
    eventTimestamps: pick(rows.eventTimestamps),
    created: pick(rows.created),
    gone: pick(rows.gone),
    features: rows.features.map(pick),
  }
}

/** By the same expressions, in the same engine, as in a training set. */
async function computeFeatures(
  duck: Duck,
  source: Source,
  view: ViewDefinition,
  rows: ReadonlyMap<string, FeatureValue[]>,
  count: number,
): Promise<FeatureValue[][]> {
  if (view.features.every((f) => f.sql === null && typeOf(source, f.column) === f.type)) {
    return view.features.map((f) => rows.get(f.column ?? '') ?? [])
  }
  const objects = Array.from({ length: count }, (_, i) => {
    const text = (value: FeatureValue | undefined) => (value === null || value === undefined ? null : valueText(value))
    return Object.fromEntries(source.columns.map((c) => [c.name, text(rows.get(c.name)?.[i])]))
  })
  const typed = source.columns.map((c) => {
    const path = `$."${c.name.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
    return `CAST(j->>'${path.replaceAll("'", "''")}' AS ${duckType(c.type)}) AS ${ident(c.name)}`
  })
  const features = view.features.map((f, i) => `${plainInDuck(featureSql(f), f.type)} AS f${i}`)
  const found = await duck.rows<Record<string, FeatureValue>>(
    `SELECT ${features.join(', ')} FROM (SELECT ${typed.join(', ')} FROM (SELECT unnest(CAST($1 AS JSON[])) AS j))`,
    [JSON.stringify(objects)],
  )
  return view.features.map((_, i) => found.map((row) => row[`f${i}`] ?? null))
}

function typeOf(source: Source, column: string | null): ValueType | undefined {
  return source.columns.find((c) => c.name === column)?.type
}

function rowCount(frame: Frame): number {
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

function readFrame(frame: Frame, columns: readonly Column[], count: number): Map<string, FeatureValue[]> {
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

function requireMoments(clock: Clock, moments: readonly FeatureValue[] | undefined, name: string): void {
  const limit = instantOfMs(clock.nowMs() + AHEAD_MS_MAX)
  for (const [i, moment] of (moments ?? []).entries()) requireMoment(limit, moment, { row: i + 1, name })
}

function requireMoment(limit: Instant, moment: FeatureValue, { row, name }: { row: number; name: string }): void {
  if (typeof moment !== 'string') throw refusal(`row ${row}: column '${name}' has no value; it is the row's time`)
  if (moment <= limit) return
  throw refusal(`row ${row}: '${moment}' in column '${name}' is in the future`)
}

function keysOf(view: ViewDefinition, rows: ReadonlyMap<string, FeatureValue[]>, count: number): unknown[][] {
  const columns = view.keys.map((key) => rows.get(key.name) ?? [])
  const parsed = Array.from({ length: count }, (_, i) => {
    return parseKey(view.keys, Object.fromEntries(view.keys.map((key, k) => [key.name, columns[k]?.[i]])))
  })
  return view.keys.map((_, k) => parsed.map((key) => key[k]))
}

/** When the rows could first be known: as the caller says, else now. */
function createdOf(given: readonly unknown[] | undefined, count: number, now: Instant): Instant[] {
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
