import type { Clock } from '../../base/clock.ts'
import { type Instant, instantOfMs } from '../../base/instant.ts'
import type { Log } from '../../base/log.ts'
import { sourceOf } from '../../config/find.ts'
import type { Project } from '../../config/project.ts'
import type { Database, Sql } from '../../db/sql.ts'
import { recordChange } from '../../identity/audit.ts'
import type { Duck } from '../../lake/duck.ts'
import type { Lake } from '../../lake/lake.ts'
import { lockShortWork } from '../../lake/work.ts'
import type { Frame } from '../../wire/feast.ts'
import { tableDigest, type ViewDefinition } from '../define/definitions.ts'
import { EVENT_TIMESTAMP } from '../define/entity-rows.ts'
import { keptPlaces, type NamedRows, namedRowsOfSource, namedRowsOfView } from '../define/leave-out.ts'
import {
  lockView,
  movePushedUntil,
  nextGeneration,
  notifyFeaturesChanged,
  selectOnlineTable,
  upsertOnlineTable,
} from '../queries.ts'
import { computeFeatures } from './compute-pushed.ts'
import type { OnlineStore, OnlineWrite } from './online-store.ts'
import { createdOf, keysOf, readFrame, readPush, requireMoments, rowCount } from './read-frame.ts'

type Deps = {
  sql: Database
  lake: Pick<Lake, 'suppressions' | 'moment'>
  duck: Duck
  project: Project
  clock: Clock
  log: Log
  online: OnlineStore
}

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
    const on = { kind: 'view', name: view.name }
    await recordChange(tx, { action: 'features.pushed', on, from: null, to: { rows: last.gone.length } })
    const until = last.eventTimestamps.reduce((a, b) => (a > b ? a : b))
    if (held) return movePushedUntil(tx, at, until)
    const generation = await nextGeneration(tx)
    await online.complete(tx, { view: view.name, table: online.table(view) }, generation)
    const { rows: count, newest } = await online.extent(tx, view)
    await upsertOnlineTable(tx, {
      ...at,
      tableName: online.table(view),
      generation,
      snapshotId: null,
      snapshotDigest: null,
      validAt: newest,
      availableAt: null,
      recordedAt: null,
      seq: 0,
      coverage: [],
      pushedUntil: until,
      rows: count,
      materializedAt: instantOfMs(clock.nowMs()),
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
