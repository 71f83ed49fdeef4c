import type { Instant } from '../base/instant.ts'
import type { Sql } from '../db/sql.ts'

export type OnlineTableRow = {
  view: string
  definition: string
  table_name: string
  snapshot_id: string
  snapshot_digest: string
  valid_at: Instant
  available_at: Instant
  recorded_at: Instant
  seq: number
  rows: number
  materialized_at: Instant
}

const COLUMNS = `view, definition, table_name, snapshot_id, snapshot_digest, valid_at, available_at, recorded_at, seq,
  rows, materialized_at`

export async function selectOnlineTables(sql: Sql): Promise<OnlineTableRow[]> {
  return sql.query<OnlineTableRow>(`select ${COLUMNS} from features.online_table order by view, definition`)
}

export async function selectOnlineTable(
  sql: Sql,
  view: string,
  definition: string,
): Promise<OnlineTableRow | undefined> {
  const rows = await sql.query<OnlineTableRow>(
    `select ${COLUMNS} from features.online_table where view = $1 and definition = $2`,
    [view, definition],
  )
  return rows[0]
}

export async function upsertOnlineTable(sql: Sql, row: OnlineTableRow): Promise<void> {
  await sql.query(
    `insert into features.online_table (${COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
     on conflict (view, definition) do update set
       table_name = excluded.table_name, snapshot_id = excluded.snapshot_id,
       snapshot_digest = excluded.snapshot_digest, valid_at = excluded.valid_at, available_at = excluded.available_at,
       recorded_at = excluded.recorded_at, seq = excluded.seq, rows = excluded.rows,
       materialized_at = excluded.materialized_at`,
    [
      row.view,
      row.definition,
      row.table_name,
      row.snapshot_id,
      row.snapshot_digest,
      row.valid_at,
      row.available_at,
      row.recorded_at,
      row.seq,
      row.rows,
      row.materialized_at,
    ],
  )
}

/** Takes the tables of a view's definitions before the last off the list, all but the newest `keep`, and names them. */
export async function deleteOldTables(sql: Sql, view: string, definition: string, keep: number): Promise<string[]> {
  const rows = await sql.query<{ table_name: string }>(
    `delete from features.online_table where view = $1 and definition in (
       select definition from features.online_table where view = $1 and definition <> $2
       order by materialized_at desc, definition offset $3)
     returning table_name`,
    [view, definition, keep],
  )
  return rows.map((row) => row.table_name)
}

/** Waits until no other transaction materializes this view; held until the end of ours. */
export async function lockView(sql: Sql, view: string): Promise<void> {
  await sql.query(`select pg_advisory_xact_lock(hashtextextended('features.online_table ' || $1, 0))`, [view])
}

/** Heard when the transaction commits, by every process that reads features. */
export async function notifyFeaturesChanged(sql: Sql, view: string): Promise<void> {
  await sql.query(`select pg_notify('features_changed', $1)`, [view])
}
