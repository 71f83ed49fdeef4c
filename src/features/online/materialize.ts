import { must } from '../../base/assert.ts'
import { throwIfCancelled } from '../../base/cancel.ts'
import type { Clock } from '../../base/clock.ts'
import { PlatformError } from '../../base/errors.ts'
import { type Instant, instantOfMs } from '../../base/instant.ts'
import { progress } from '../../base/progress.ts'
import { requireSameRows } from '../../base/same-rows.ts'
import type { Database, Sql } from '../../db/sql.ts'
import { recordChange } from '../../identity/audit.ts'
import type { Duck } from '../../lake/duck.ts'
import type { Lake } from '../../lake/lake.ts'
import type { Recorded } from '../../lake/snapshot.ts'
import { tableDigest, type ViewDefinition } from '../define/definitions.ts'
import { changeFilesOf, filesOf } from '../offline/join.ts'
import { isUnique, requireColumns, viewColumns } from '../offline/view-rows.ts'
import {
  deleteOldTables,
  lockView,
  nextGeneration,
  notifyFeaturesChanged,
  type OnlineTableRow,
  selectOnlineTable,
  tryLockView,
  upsertOnlineTable,
} from '../queries.ts'
import { changesLiveSql, stateLiveSql, wantedSql } from './live-rows.ts'
import { type MaterializeOutcome, type Plan, planChanges, planState, windowOf } from './materialize-plan.ts'
import type { OnlineStore } from './online-store.ts'
import { leaveWithoutSnapshot, takeBack, withdrawnInTable } from './take-back.ts'

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
  /** Nothing that describes an earlier moment: with `asOf` a window, both ends inclusive. */
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

/**
 * Brings a view online, in one transaction: readers see the state before or the state after, and a process that is
 * killed leaves the state before. A view of whole states holds one snapshot afterwards: keys that it does not name are
 * gone. A view of changes takes in what was not brought before, and of each key keeps the newest change.
 *
 * How the record works (features.online_table, one row a table). Of whole states: the snapshot that is held. Of changes:
 * `coverage` (coverage.ts) says for each event time up to which delivery all rows were brought. A call brings the rows of
 * its window (`since` to `asOf`, both inclusive) whose delivery lies beyond the record for their event time, and then
 * adds its window to the record. So what a window left out comes with the next call that asks for it, a late row comes
 * though later ones were brought before, and nothing is read twice. Rows may come in any order of calls: a store never
 * replaces a row by one with a smaller (event time, created), and of equal ones the later delivery is brought later.
 * A delivery that was withdrawn is taken out (take-back.ts), and all that the record says is brought again without it.
 */
export async function materializeView(deps: Deps, view: ViewDefinition, bounds: Bounds): Promise<Materialized> {
  const { sql, lake, online, clock } = deps
  const window = windowOf(bounds)
  return sql.tx(async (tx) => {
    await takeView(tx, view.name, bounds.noWait)
    // Read under the view's lock: what was withdrawn while we waited is not brought back.
    const history = await lake.history(
      { source: view.source, ...(bounds.knownAt ? { knownAt: bounds.knownAt } : {}) },
      tx,
    )
    const known = history.filter((snapshot) => snapshot.withdrawn === null)
    const at = { view: view.name, definition: tableDigest(view), store: online.name }
    const held = await selectOnlineTable(tx, at)
    // What a store of its own has lost is brought again, all of it.
    const lost = held !== undefined && !(await online.holds(held))
    const withdrawn = lost ? [] : withdrawnInTable(view, history, held)
    await takeBack(deps, tx, view, withdrawn)
    const again = lost || withdrawn.length > 0
    const all = bounds.full ?? false
    const plan = view.changes
      ? planChanges(known, held, { window, all, again })
      : planState(known, again ? undefined : held, { window, all })
    if (typeof plan === 'string' && held && again) {
      // Nothing here to fill it with: then it is not materialized any more.
      if (lost) await online.drop(tx, held.tableName)
      const rows = await leaveWithoutSnapshot({ online, now: instantOfMs(clock.nowMs()) }, tx, view, held)
      return { view: view.name, rows, written: 0, validAt: null, outcome: lost ? plan : 'withdrawn' }
    }
    if (typeof plan === 'string') {
      return { view: view.name, rows: held?.rows ?? 0, written: 0, validAt: held?.validAt ?? null, outcome: plan }
    }
    for (const snapshot of plan.snapshots) requireColumns(snapshot, viewColumns(view))
    const generation = await nextGeneration(tx)
    await online.create(tx, view, { anew: lost || held === undefined })
    const written = await load(deps, tx, view, plan, bounds.onProgress)
    const { rows, newest } = await online.extent(tx, view)
    // From here on readers see it.
    throwIfCancelled()
    await online.complete(tx, { view: view.name, table: online.table(view) }, generation)
    const validAt = view.changes ? newest : plan.last.validAt
    await upsertOnlineTable(tx, {
      ...at,
      ...shown(view, plan, history, again ? undefined : held),
      tableName: online.table(view),
      generation,
      validAt,
      coverage: plan.after,
      pushedUntil: lost ? null : (held?.pushedUntil ?? null),
      rows,
      materializedAt: instantOfMs(clock.nowMs()),
    })
    for (const old of await deleteOldTables(tx, at, OLD_TABLES_KEPT)) await online.drop(tx, old)
    await notifyFeaturesChanged(tx, view.name)
    const shows = { snapshot: plan.last.id, digest: plan.last.digest, valid_at: validAt, rows, written }
    const on = { kind: 'view', name: view.name }
    await recordChange(tx, {
      action: 'features.materialized',
      on,
      from: { valid_at: held?.validAt ?? null },
      to: shows,
    })
    return { view: view.name, rows, written, validAt, outcome: 'materialized' }
  })
}

/** The delivery and the moment of the catalogue that the table shows. */
function shown(view: ViewDefinition, { last }: Plan, history: readonly Recorded[], held: OnlineTableRow | undefined) {
  const moments = view.changes ? history.map(({ withdrawn }) => withdrawn?.recordedAt ?? '') : []
  const recordedAt = [last.recordedAt, ...moments].sort().at(-1) ?? last.recordedAt
  // A call with an earlier K adds less than is known already, and may add what was withdrawn after that K.
  if (view.changes && held?.snapshotId && held.seq > last.seq) {
    const { snapshotId, snapshotDigest, availableAt, seq } = held
    return {
      snapshotId,
      snapshotDigest,
      availableAt,
      seq,
      recordedAt: [held.recordedAt ?? '', recordedAt].sort()[0] ?? null,
    }
  }
  const { id, digest, availableAt, seq } = last
  return { snapshotId: id, snapshotDigest: digest, availableAt, seq, recordedAt }
}

async function takeView(tx: Sql, view: string, noWait = false): Promise<void> {
  if (!noWait) return lockView(tx, view)
  if (await tryLockView(tx, view)) return
  throw new PlatformError('conflict', `feature view '${view}' is being materialized; wait until that is done`)
}

/** Gives how many rows were brought; each of them, or a newer one of its key, must be in the table afterwards. */
async function load(deps: Deps, tx: Sql, view: ViewDefinition, plan: Plan, onProgress: Bounds['onProgress']) {
  const { lake, duck, online } = deps
  const files = await (view.changes ? changeFilesOf : filesOf)(lake, plan.snapshots)
  const [state] = files
  const whole = view.changes ? null : { eventTimestamp: plan.last.validAt, created: plan.last.recordedAt }
  const sql = whole ? stateLiveSql(view, must(state), whole) : changesLiveSql(view, files, wantedSql(plan))
  return lake.withScratch((scratch) =>
    duck.session(async (session) => {
      await session.run(`CREATE OR REPLACE TEMP TABLE brought AS ${sql}`)
      const [count] = await session.rows<{ n: number }>('SELECT count(*) AS n FROM brought')
      const total = must(count).n
      if (state && whole && isUnique(view, state)) {
        requireSameRows(`snapshot ${plan.last.id} → feature view '${view.name}'`, plan.last.rows, total)
      }
      const tell = progress()
      const onRows = (rows: number) => {
        onProgress?.({ view: view.name, rows, total })
        tell({ phase: `bring ${view.name} online`, done: rows, total, unit: 'rows' })
      }
      const there = await online.load(tx, view, { session, scratch, sql: 'SELECT * FROM brought', whole, onRows })
      requireSameRows(`feature view '${view.name}' → online store (${online.name})`, total, there)
      return total
    }),
  )
}
