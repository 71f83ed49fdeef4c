import type { Instant } from '../base/instant.ts'
import type { Sql } from '../db/sql.ts'
import { FEATURES_CHANNEL } from './channel.ts'
import type { Coverage } from './online/coverage.ts'

export type OnlineTableRow = {
  view: string
  definition: string
  store: string
  tableName: string
  /** The number of the load that it holds; that of a later load is greater. */
  generation: number
  snapshotId: string | null
  snapshotDigest: string | null
  validAt: Instant | null
  availableAt: Instant | null
  recordedAt: Instant | null
  seq: number
  /** Of a view of changes: what was brought. */
  coverage: Coverage
  /** The newest moment that was pushed, null where nothing was. */
  pushedUntil: Instant | null
  rows: number
  materializedAt: Instant
}

/** The column of each property; those of the key first. */
const COLUMN: Record<keyof OnlineTableRow, string> = {
  view: 'view',
  definition: 'definition',
  store: 'store',
  tableName: 'table_name',
  generation: 'generation',
  snapshotId: 'snapshot_id',
  snapshotDigest: 'snapshot_digest',
  validAt: 'valid_at',
  availableAt: 'available_at',
  recordedAt: 'recorded_at',
  seq: 'seq',
  coverage: 'coverage',
  pushedUntil: 'pushed_until',
  rows: 'rows',
  materializedAt: 'materialized_at',
}
const PROPERTIES = Object.keys(COLUMN) as (keyof OnlineTableRow)[]

const COLUMNS = PROPERTIES.map((property) => `${COLUMN[property]} as "${property}"`).join(', ')

export async function selectOnlineTables(sql: Sql, store: string): Promise<OnlineTableRow[]> {
  return sql.query<OnlineTableRow>(
    `select ${COLUMNS} from features.online_table where store = $1 order by view, definition`,
    [store],
  )
}

export async function selectOnlineTable(
  sql: Sql,
  at: Pick<OnlineTableRow, 'view' | 'definition' | 'store'>,
): Promise<OnlineTableRow | undefined> {
  const rows = await sql.query<OnlineTableRow>(
    `select ${COLUMNS} from features.online_table where view = $1 and definition = $2 and store = $3`,
    [at.view, at.definition, at.store],
  )
  return rows[0]
}

export async function upsertOnlineTable(sql: Sql, row: OnlineTableRow): Promise<void> {
  const columns = Object.values(COLUMN)
  const places = columns.map((_, i) => `$${i + 1}`)
  const set = columns
    .slice(3)
    .map((column) =>
      column === 'pushed_until'
        ? 'pushed_until = greatest(t.pushed_until, excluded.pushed_until)'
        : `${column} = excluded.${column}`,
    )
  await sql.query(
    `insert into features.online_table as t (${columns.join(', ')}) values (${places.join(', ')})
     on conflict (view, definition, store) do update set ${set.join(', ')}`,
    PROPERTIES.map((property) => (property === 'coverage' ? JSON.stringify(row.coverage) : row[property])),
  )
}

export async function deleteOnlineTable(
  sql: Sql,
  at: Pick<OnlineTableRow, 'view' | 'definition' | 'store'>,
): Promise<void> {
  await sql.query('delete from features.online_table where view = $1 and definition = $2 and store = $3', [
    at.view,
    at.definition,
    at.store,
  ])
}

/**
 * What was pushed describes moments up to this one. Pushes of a second share one write: they would wait for each other's
 * row else. A materialization writes the row at its end and keeps what is later.
 */
export async function movePushedUntil(
  sql: Sql,
  at: Pick<OnlineTableRow, 'view' | 'definition' | 'store'>,
  until: Instant,
): Promise<void> {
  await sql.query(
    `update features.online_table set pushed_until = $4
     where view = $1 and definition = $2 and store = $3
       and (pushed_until is null or pushed_until < $4::timestamptz - interval '1 second')`,
    [at.view, at.definition, at.store, until],
  )
}

/** Takes the tables of a view's definitions before the last off the list, all but the newest `keep`, and names them. */
export async function deleteOldTables(
  sql: Sql,
  at: Pick<OnlineTableRow, 'view' | 'definition' | 'store'>,
  keep: number,
): Promise<string[]> {
  const rows = await sql.query<{ tableName: string }>(
    `delete from features.online_table where view = $1 and store = $3 and definition in (
       select definition from features.online_table where view = $1 and store = $3 and definition <> $2
       order by materialized_at desc, definition offset $4)
     returning table_name as "tableName"`,
    [at.view, at.definition, at.store, keep],
  )
  return rows.map((row) => row.tableName)
}

/** A number for a load: greater than that of every load before. */
export async function nextGeneration(sql: Sql): Promise<number> {
  const rows = await sql.query<{ n: number }>(`select nextval('features.generation') as n`)
  return rows[0]?.n ?? 0
}

/** Waits until no other transaction materializes this view; held until the end of ours. */
export async function lockView(sql: Sql, view: string): Promise<void> {
  await sql.query(`select pg_advisory_xact_lock(hashtextextended('features.online_table ' || $1, 0))`, [view])
}

/** Heard when the transaction commits, by every process that reads features. */
export async function notifyFeaturesChanged(sql: Sql, view: string): Promise<void> {
  await sql.query('select pg_notify($1, $2)', [FEATURES_CHANNEL, view])
}

/** Whether nobody else materializes this view; if so it is ours until the end of the transaction. */
export async function tryLockView(sql: Sql, view: string): Promise<boolean> {
  const rows = await sql.query<{ ours: boolean }>(
    `select pg_try_advisory_xact_lock(hashtextextended('features.online_table ' || $1, 0)) as ours`,
    [view],
  )
  return rows[0]?.ours ?? false
}

type StatisticsKey = { view: string; definition: string; seq: number; digest: string }

export async function selectStatistics<T>(sql: Sql, at: StatisticsKey): Promise<T | undefined> {
  const rows = await sql.query<{ statistics: T }>(
    `select statistics from features.statistics where view = $1 and definition = $2 and seq = $3 and digest = $4`,
    [at.view, at.definition, at.seq, at.digest],
  )
  return rows[0]?.statistics
}

export async function insertStatistics(sql: Sql, at: StatisticsKey, now: Instant, statistics: object): Promise<void> {
  await sql.query(
    `insert into features.statistics (view, definition, seq, digest, computed_at, statistics)
     values ($1, $2, $3, $4, $5, $6) on conflict do nothing`,
    [at.view, at.definition, at.seq, at.digest, now, statistics],
  )
}
