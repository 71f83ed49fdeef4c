import type { Instant } from '../../base/instant.ts'
import type { Sql } from '../../db/sql.ts'
import type { Duck } from '../../lake/duck.ts'
import type { Lake } from '../../lake/lake.ts'
import type { Recorded } from '../../lake/snapshot.ts'
import type { ViewDefinition } from '../define/definitions.ts'
import { ident, literal } from '../define/quote.ts'
import { duckInstant, duckType } from '../define/value-types.ts'
import { changeFilesOf, filesOf } from '../offline/join.ts'
import { changeRowsSql, type ViewFile } from '../offline/view-rows.ts'
import {
  deleteOnlineTable,
  nextGeneration,
  notifyFeaturesChanged,
  type OnlineTableRow,
  upsertOnlineTable,
} from '../queries.ts'
import type { OnlineStore } from './online-store.ts'

type Deps = { lake: Lake; duck: Duck; online: OnlineStore }

/**
 * Deliveries whose rows a live table may hold although they were withdrawn. Of whole states it is the one that the table
 * was filled with; of changes those that it took in before they were withdrawn: `recorded_at` of the table is the moment
 * of the catalogue that it shows.
 */
export function withdrawnInTable(
  view: ViewDefinition,
  history: readonly Recorded[],
  held: OnlineTableRow | undefined,
): Recorded[] {
  if (!held?.snapshotId) return []
  return history.filter(({ id, seq, withdrawn }) => {
    if (withdrawn === null) return false
    if (view.changes === null) return id === held.snapshotId
    return seq <= held.seq && withdrawn.recordedAt > (held.recordedAt ?? '')
  })
}

/**
 * Takes the rows of these deliveries out of the table, where they are still those that the deliveries brought: what was
 * pushed since stays. Going back in time is meant here, so what is loaded afterwards is as into a new table.
 */
export async function takeBack(
  { lake, duck, online }: Deps,
  tx: Sql,
  view: ViewDefinition,
  withdrawn: readonly Recorded[],
): Promise<void> {
  if (withdrawn.length === 0) return
  const files = await (view.changes ? changeFilesOf : filesOf)(lake, withdrawn)
  await lake.withScratch((scratch) =>
    duck.session((session) => online.takeBack(tx, view, { session, scratch, sql: rowsSql(view, withdrawn, files) })),
  )
}

/**
 * Keys and times as the load of the deliveries wrote them. A change counts by its own time, whenever it was known: a row
 * that was pushed to both stores has another `created` in the lake.
 */
function rowsSql(view: ViewDefinition, withdrawn: readonly Recorded[], files: readonly ViewFile[]): string {
  if (view.changes !== null) {
    const columns = [
      ...view.keys.map((key) => ident(key.name)),
      '_ts AS event_timestamp',
      'NULL::TIMESTAMPTZ AS created',
    ]
    return `SELECT DISTINCT ${columns.join(', ')} FROM (${changeRowsSql(view, files)})`
  }
  const keys = view.keys.map((k) => `CAST(${ident(k.column)} AS ${duckType(k.type)}) AS ${ident(k.name)}`)
  const inOrder = [...withdrawn].sort((a, b) => a.seq - b.seq)
  const selects = inOrder.map(({ validAt, recordedAt }, i) => {
    const times = [`${duckInstant(validAt)} AS event_timestamp`, `${duckInstant(recordedAt)} AS created`]
    return `SELECT DISTINCT ${[...keys, ...times].join(', ')} FROM read_parquet(${literal(files[i]?.path ?? '')})`
  })
  return selects.join(' UNION ALL ')
}

/** Nothing of the lake is left for the view: the table has what was pushed alone, and goes where that is nothing. */
export async function leaveWithoutSnapshot(
  { online, now }: { online: OnlineStore; now: Instant },
  tx: Sql,
  view: ViewDefinition,
  held: OnlineTableRow,
): Promise<number> {
  const { rows, newest } = await online.extent(tx, view)
  if (rows === 0) {
    await deleteOnlineTable(tx, held)
    await online.drop(tx, held.tableName)
  } else {
    const none = { snapshotId: null, snapshotDigest: null, availableAt: null, recordedAt: null, seq: 0 }
    // A copy of the store from before the withdrawal must not be believed again.
    const generation = await nextGeneration(tx)
    await online.complete(tx, { view: view.name, table: held.tableName }, generation)
    await upsertOnlineTable(tx, {
      ...held,
      ...none,
      generation,
      coverage: [],
      validAt: newest,
      rows,
      materializedAt: now,
    })
  }
  await notifyFeaturesChanged(tx, view.name)
  return rows
}
