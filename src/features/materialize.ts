import type { Clock } from '../base/clock.ts'
import { type Instant, instantOfMs } from '../base/instant.ts'
import type { Database, Sql } from '../db/sql.ts'
import type { Duck } from '../lake/duck.ts'
import type { Lake } from '../lake/lake.ts'
import type { Snapshot } from '../lake/snapshot.ts'
import { tableDigest, type ViewDefinition } from './definitions.ts'
import {
  analyzeOnlineTable,
  createOnlineTable,
  deleteOlderRows,
  dropOnlineTable,
  onlineTableName,
  upsertRows,
} from './online-table.ts'
import {
  deleteOldTables,
  lockView,
  notifyFeaturesChanged,
  type OnlineTableRow,
  selectOnlineTable,
  upsertOnlineTable,
} from './queries.ts'
import { ident } from './quote.ts'
import { plainInDuck } from './value-types.ts'
import { viewRowsSql } from './view-rows.ts'

/**
 * materialized: the table now holds this snapshot. unchanged: it did already. kept newer: it holds a later moment, or a
 * later version of this one, and stays. no snapshot: the lake has none for this view yet, and nothing was done.
 */
export type MaterializeOutcome = 'materialized' | 'unchanged' | 'kept newer' | 'no snapshot'

/** `rows` and `validAt` say what the table holds afterwards. */
export type Materialized = { view: string; rows: number; validAt: Instant | null; outcome: MaterializeOutcome }

export type Progress = { view: string; rows: number; total: number }

type Deps = { sql: Database; lake: Lake; duck: Duck; clock: Clock }

/** Rows a statement; larger is not faster, and this bounds the memory whatever the size of a snapshot. */
const BATCH_ROWS = 10_240

/** Tables of earlier definitions that stay, for servers that still run with them. */
const OLD_TABLES_KEPT = 1

/**
 * Makes the online table of a view hold one snapshot: a whole state, so keys that it does not name are gone
 * afterwards. One transaction: readers see the state before or the state after. Any number may run at once.
 */
export async function materializeSnapshot(
  deps: Deps,
  view: ViewDefinition,
  snapshot: Snapshot,
  onProgress?: (progress: Progress) => void,
): Promise<Materialized> {
  return deps.sql.tx(async (tx) => {
    await lockView(tx, view.name)
    const held = await selectOnlineTable(tx, view.name, tableDigest(view))
    const order = held ? compareVersions(held, snapshot) : -1
    if (held && order >= 0) {
      const outcome = order === 0 ? 'unchanged' : 'kept newer'
      return { view: view.name, rows: held.rows, validAt: held.valid_at, outcome }
    }
    await createOnlineTable(tx, view)
    const rows = await load(deps, tx, view, snapshot, onProgress)
    await deleteOlderRows(tx, view, snapshot.validAt, snapshot.recordedAt)
    await analyzeOnlineTable(tx, view)
    await upsertOnlineTable(tx, tableRow(view, snapshot, rows, instantOfMs(deps.clock.nowMs())))
    const old = await deleteOldTables(tx, view.name, tableDigest(view), OLD_TABLES_KEPT)
    for (const table of old) await dropOnlineTable(tx, table)
    await notifyFeaturesChanged(tx, view.name)
    return { view: view.name, rows, validAt: snapshot.validAt, outcome: 'materialized' }
  })
}

/** By (valid_at, available_at, seq), as everywhere; 0 is the same version. */
function compareVersions(held: OnlineTableRow, snapshot: Snapshot): number {
  if (held.valid_at !== snapshot.validAt) return held.valid_at > snapshot.validAt ? 1 : -1
  if (held.available_at !== snapshot.availableAt) return held.available_at > snapshot.availableAt ? 1 : -1
  return held.seq - snapshot.seq
}

async function load(
  { lake, duck }: Deps,
  tx: Sql,
  view: ViewDefinition,
  snapshot: Snapshot,
  onProgress?: (progress: Progress) => void,
): Promise<number> {
  const typed = [...view.keys, ...view.features]
  const select = typed.map((c) => plainInDuck(ident(c.name), c.type))
  const stamp = { eventTimestamp: snapshot.validAt, created: snapshot.recordedAt }
  let rows = 0
  let batch: unknown[][] = typed.map(() => [])
  const flush = async () => {
    const count = batch[0]?.length ?? 0
    if (count === 0) return
    await upsertRows(tx, view, stamp, batch)
    rows += count
    batch = typed.map(() => [])
    onProgress?.({ view: view.name, rows, total: snapshot.rows })
  }
  const from = viewRowsSql(view, await lake.path(snapshot))
  for await (const chunk of duck.chunks(`SELECT ${select.join(', ')} FROM (${from})`)) {
    for (const [i, column] of batch.entries()) column.push(...chunk.getColumnValues(i))
    if ((batch[0]?.length ?? 0) >= BATCH_ROWS) await flush()
  }
  await flush()
  return rows
}

function tableRow(view: ViewDefinition, snapshot: Snapshot, rows: number, now: Instant): OnlineTableRow {
  return {
    view: view.name,
    definition: tableDigest(view),
    table_name: onlineTableName(view),
    snapshot_id: snapshot.id,
    snapshot_digest: snapshot.digest,
    valid_at: snapshot.validAt,
    available_at: snapshot.availableAt,
    recorded_at: snapshot.recordedAt,
    seq: snapshot.seq,
    rows,
    materialized_at: now,
  }
}
