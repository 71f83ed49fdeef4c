import type { Clock } from '../base/clock.ts'
import { PlatformError } from '../base/errors.ts'
import { type Instant, instantOfMs } from '../base/instant.ts'
import type { Database, Sql } from '../db/sql.ts'
import type { Duck } from '../lake/duck.ts'
import type { Lake } from '../lake/lake.ts'
import type { Recorded, Snapshot } from '../lake/snapshot.ts'
import { tableDigest, type ViewDefinition } from './definitions.ts'
import { filesOf } from './join.ts'
import type { OnlineStore } from './online-store.ts'
import {
  deleteOldTables,
  lockView,
  nextGeneration,
  notifyFeaturesChanged,
  type OnlineTableRow,
  selectOnlineTable,
  tryLockView,
  upsertOnlineTable,
} from './queries.ts'
import { ident } from './quote.ts'
import { leaveWithoutSnapshot, takeBack, withdrawnInTable } from './take-back.ts'
import { duckInstant } from './value-types.ts'
import { newestChangesSql, requireColumns, stateRowsSql, viewColumns } from './view-rows.ts'

/**
 * materialized: the table now holds this. unchanged: it did already. kept newer: it holds a later moment, or a later
 * version of this one, and stays. no snapshot: the lake has none for this view in reach, and nothing was done.
 * withdrawn: what the table held was taken back, and there is nothing before it.
 */
export type MaterializeOutcome = 'materialized' | 'unchanged' | 'kept newer' | 'no snapshot' | 'withdrawn'

/** `rows` and `validAt` say what the table holds afterwards, `written` how many rows were brought. */
export type Materialized = {
  view: string
  rows: number
  written: number
  validAt: Instant | null
  outcome: MaterializeOutcome
}

export type Progress = { view: string; rows: number; total: number }

export type Bounds = {
  /** The newest moment at or before it, and no later change; without it all there is. */
  asOf?: Instant
  /** Nothing that describes an earlier moment. */
  since?: Instant
  knownAt?: Instant
  /** Brings everything again, also what was brought before. */
  full?: boolean
  /** Refuses (conflict) instead of waiting while another process materializes the view. */
  noWait?: boolean
  onProgress?: (progress: Progress) => void
}

type Deps = { sql: Database; lake: Lake; duck: Duck; clock: Clock; online: OnlineStore }

/** Tables of earlier definitions that stay, for servers that still run with them. */
const OLD_TABLES_KEPT = 1

const NO_BOUND = 'infinity'

/**
 * Brings a view online, in one transaction: readers see the state before or the state after, and a process that is
 * killed leaves the state before. A view of whole states holds one snapshot afterwards: keys that it does not name are
 * gone. A view of changes takes in the deliveries that came since, and of each key keeps the newest change.
 */
export async function materializeView(deps: Deps, view: ViewDefinition, bounds: Bounds): Promise<Materialized> {
  const { sql, lake, online, clock } = deps
  const asked = { source: view.source, ...(bounds.knownAt ? { knownAt: bounds.knownAt } : {}) }
  return sql.tx(async (tx) => {
    await takeView(tx, view.name, bounds.noWait)
    // Read under the view's lock: what was withdrawn while we waited is not brought back.
    const history = await lake.history(asked, tx)
    const known = history.filter((snapshot) => snapshot.withdrawn === null)
    const at = { view: view.name, definition: tableDigest(view), store: online.name }
    const row = await selectOnlineTable(tx, at)
    // What a store of its own has lost is brought again, all of it.
    const table = row && (await online.holds(row)) ? row : undefined
    const withdrawn = withdrawnInTable(view, history, table)
    await takeBack(deps, tx, view, withdrawn)
    const held = withdrawn.length > 0 ? undefined : table
    const plan = view.changes ? planChanges(known, held, bounds) : planState(known, held, bounds)
    if (typeof plan === 'string' && table && withdrawn.length > 0) {
      const rows = await leaveWithoutSnapshot({ online, now: instantOfMs(clock.nowMs()) }, tx, view, table)
      return { view: view.name, rows, written: 0, validAt: null, outcome: 'withdrawn' }
    }
    if (typeof plan === 'string' && row && !table) {
      // Lost, and nothing here to fill it with: then it is not materialized any more.
      await online.drop(tx, row.table_name)
      await leaveWithoutSnapshot({ online, now: instantOfMs(clock.nowMs()) }, tx, view, row)
      return { view: view.name, rows: 0, written: 0, validAt: null, outcome: plan }
    }
    if (typeof plan === 'string') {
      return { view: view.name, rows: held?.rows ?? 0, written: 0, validAt: held?.valid_at ?? null, outcome: plan }
    }
    for (const snapshot of plan.snapshots) requireColumns(snapshot, viewColumns(view))
    const generation = await nextGeneration(tx)
    await online.create(tx, view, { anew: table === undefined })
    const written = await load(deps, tx, view, plan, bounds)
    const { rows, newest } = await online.extent(tx, view)
    await online.complete(tx, view, generation)
    await upsertOnlineTable(tx, {
      ...at,
      table_name: online.table(view),
      generation,
      snapshot_id: plan.last.id,
      snapshot_digest: plan.last.digest,
      valid_at: view.changes ? newest : plan.last.validAt,
      available_at: plan.last.availableAt,
      recorded_at: view.changes ? shownAt(plan.last, history) : plan.last.recordedAt,
      seq: plan.last.seq,
      until: plan.until,
      rows,
      materialized_at: instantOfMs(clock.nowMs()),
    })
    for (const old of await deleteOldTables(tx, at, OLD_TABLES_KEPT)) await online.drop(tx, old)
    await notifyFeaturesChanged(tx, view.name)
    const validAt = view.changes ? newest : plan.last.validAt
    return { view: view.name, rows, written, validAt, outcome: 'materialized' }
  })
}

/** The moment of the catalogue that a table of changes shows: its last delivery, or what was taken back after it. */
function shownAt(last: Snapshot, history: readonly Recorded[]): Instant {
  const moments = history.map(({ withdrawn }) => withdrawn?.recordedAt ?? '')
  return [last.recordedAt, ...moments].sort().at(-1) ?? last.recordedAt
}

async function takeView(tx: Sql, view: string, noWait = false): Promise<void> {
  if (!noWait) return lockView(tx, view)
  if (await tryLockView(tx, view)) return
  throw new PlatformError('conflict', `feature view '${view}' is being materialized; wait until that is done`)
}

type Plan = {
  snapshots: readonly Snapshot[]
  /** What the table will say that it holds. */
  last: Snapshot
  until: Instant
}

function planState(
  known: readonly Snapshot[],
  held: OnlineTableRow | undefined,
  bounds: Bounds,
): Plan | MaterializeOutcome {
  const reach = known.filter(
    (s) => !(bounds.asOf && s.validAt > bounds.asOf) && !(bounds.since && s.validAt < bounds.since),
  )
  const [best] = [...reach].sort((a, b) => compareVersions(b, a))
  if (!best) return 'no snapshot'
  if (held?.valid_at && held.snapshot_id !== null) {
    const order = compareVersions({ validAt: held.valid_at, availableAt: held.available_at ?? '', seq: held.seq }, best)
    if (order === 0 && held.snapshot_digest === best.digest && !bounds.full) return 'unchanged'
    if (order > 0) return 'kept newer'
  }
  return { snapshots: [best], last: best, until: NO_BOUND }
}

type Version = Pick<Snapshot, 'validAt' | 'availableAt' | 'seq'>

/** By (valid_at, available_at, seq), as everywhere; 0 is the same version. */
function compareVersions(a: Version, b: Version): number {
  if (a.validAt !== b.validAt) return a.validAt > b.validAt ? 1 : -1
  if (a.availableAt !== b.availableAt) return a.availableAt > b.availableAt ? 1 : -1
  return a.seq - b.seq
}

function planChanges(
  known: readonly Snapshot[],
  held: OnlineTableRow | undefined,
  bounds: Bounds,
): Plan | MaterializeOutcome {
  const last = known.reduce<Snapshot | undefined>((a, b) => (a && a.seq > b.seq ? a : b), undefined)
  if (!last) return 'no snapshot'
  const until = bounds.asOf ?? NO_BOUND
  const boundHeld = held?.snapshot_id ? held.until : undefined
  if (boundHeld !== undefined && !bounds.full && !isLater(until, boundHeld)) {
    if (isLater(boundHeld, until)) return 'kept newer'
    const since = known.filter((s) => s.seq > (held?.seq ?? 0))
    return since.length === 0 ? 'unchanged' : { snapshots: since, last, until }
  }
  return { snapshots: known, last, until }
}

function isLater(a: Instant, b: Instant): boolean {
  return a !== b && (a === NO_BOUND || (b !== NO_BOUND && a > b))
}

async function load(deps: Deps, tx: Sql, view: ViewDefinition, plan: Plan, bounds: Bounds): Promise<number> {
  const { lake, duck, online } = deps
  const files = await filesOf(lake, plan.snapshots)
  const [state] = files
  const whole = view.changes ? null : { eventTimestamp: plan.last.validAt, created: plan.last.recordedAt }
  const sql =
    whole && state ? stateLoadSql(view, stateRowsSql(view, state), whole) : changesLoadSql(view, files, bounds)
  const total = plan.snapshots.reduce((sum, s) => sum + s.rows, 0)
  let written = 0
  const onRows = (rows: number) => {
    written = rows
    bounds.onProgress?.({ view: view.name, rows, total })
  }
  await lake.withScratch((scratch) =>
    duck.session((session) => online.load(tx, view, { session, scratch, sql, whole, onRows })),
  )
  return written
}

function stateLoadSql(view: ViewDefinition, rows: string, at: { eventTimestamp: Instant; created: Instant }): string {
  const columns = [...view.keys, ...view.features].map((c) => ident(c.name))
  return `SELECT ${columns.join(', ')}, ${duckInstant(at.eventTimestamp)} AS event_timestamp,
    ${duckInstant(at.created)} AS created, false AS _gone FROM (${rows})`
}

function changesLoadSql(view: ViewDefinition, files: Parameters<typeof newestChangesSql>[1], bounds: Bounds): string {
  const { asOf, since } = bounds
  const where = [...(asOf ? [`_ts <= ${duckInstant(asOf)}`] : []), ...(since ? [`_ts >= ${duckInstant(since)}`] : [])]
  const keys = view.keys.map((key) => ident(key.name))
  const features = view.features.map((f) => ident(f.name))
  const unknown = duckInstant('0001-01-01T00:00:00Z')
  return `SELECT ${[...keys, ...features].join(', ')}, _ts AS event_timestamp, coalesce(_known_at, ${unknown}) AS created,
    _gone FROM (${newestChangesSql(view, files, where.join(' AND ') || 'true')})`
}
