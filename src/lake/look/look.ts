/**
 * Looking into snapshots: rows, what differs between two, what columns are like. A look is work (work.ts): an erasure waits
 * until it has ended, so that nothing that was read before is kept afterwards. A few at a time, in pages.
 */
import { PlatformError } from '../../base/errors.ts'
import { longPage } from '../../db/long-work.ts'
import type { Sql } from '../../db/sql.ts'
import type { Duck } from '../duck.ts'
import type { ObjectStore } from '../objects.ts'
import { literal } from '../quote.ts'
import type { Snapshot } from '../snapshot.ts'
import { snapshotPath } from '../snapshot-path.ts'
import type { Work } from '../work.ts'
import type { LookedColumn } from './cells.ts'
import {
  type Changes,
  type ChangesRequest,
  type DifferenceSummary,
  readChanges,
  type Side,
  summarize,
} from './difference.ts'
import { type Rows, type RowsRequest, readRows } from './rows.ts'
import { type ColumnStatistics, createStatistics } from './statistics.ts'

export type Difference = DifferenceSummary & Changes

export type Look = {
  rows(snapshot: Snapshot, request: RowsRequest): Promise<Rows>
  difference(from: Snapshot, to: Snapshot, request: ChangesRequest): Promise<Difference>
  statistics(snapshots: readonly Snapshot[], columns: readonly LookedColumn[]): Promise<ColumnStatistics[]>
  /** How many results of statistics are kept in this process. */
  kept(): number
  /** Forgets what is kept of values whenever somebody was taken out, until the returned function is called. */
  follow(): Promise<() => Promise<void>>
}

type Deps = {
  sql: Sql & { listen(channel: string, hear: () => void, again: () => void): Promise<() => Promise<void>> }
  objects: ObjectStore
  duck: Duck
  work: Work
}

export function createLook({ sql, objects, duck, work }: Deps): Look {
  const statistics = createStatistics(duck)
  const inTurn = <T>(body: () => Promise<T>) => longPage(() => work.during(body))
  const sideOf = async (snapshot: Snapshot): Promise<Side> => {
    const path = literal(await snapshotPath(objects, snapshot))
    return { select: `SELECT * FROM read_parquet(${path})`, columns: snapshot.columns, uniqueKey: snapshot.uniqueKey }
  }
  const compare = (from: Side, to: Side, request: ChangesRequest) =>
    duck.session(async (session) => ({
      ...(await summarize(session, from, to)),
      ...(await readChanges(session, from, to, request)),
    }))
  return {
    rows: (snapshot, request) =>
      inTurn(async () => readRows(duck, await snapshotPath(objects, snapshot), snapshot, request)),
    difference: (from, to, request) =>
      inTurn(async () => {
        if (from.source === to.source) return compare(await sideOf(from), await sideOf(to), request)
        const message = `${from.id} and ${to.id} are of two sources; a difference is of two snapshots of one`
        throw new PlatformError('invalid_argument', message)
      }),
    statistics: (snapshots, columns) =>
      inTurn(() => {
        const files = snapshots.map((snapshot) => ({ ...snapshot, path: () => snapshotPath(objects, snapshot) }))
        return statistics.of(files, columns)
      }),
    kept: statistics.size,
    follow: () => sql.listen('objects_erased', statistics.clear, statistics.clear),
  }
}
