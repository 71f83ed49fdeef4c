import type { Sql } from '../db/sql.ts'

export type ViewKeyRow = {
  definition: string
  view: string
  entity: string | null
  keys: { name: string; type: string }[]
}

export async function insertViewKey(sql: Sql, row: ViewKeyRow): Promise<void> {
  await sql.query(
    `insert into features.view_key (definition, view, entity, keys) values ($1, $2, $3, $4::jsonb) on conflict do nothing`,
    [row.definition, row.view, row.entity, JSON.stringify(row.keys)],
  )
}

/** A table with live values, in PostgreSQL or by its name elsewhere; what the catalogue does not know of it is null. */
export type LiveTable = {
  table: string
  store: string
  view: string | null
  definition: string | null
  entity: string | null
  keys: { name: string; type: string }[] | null
  /** Of PostgreSQL: the names of all columns, and of those that the rows are keyed by. */
  columns: string[]
  keyColumns: string[]
}

/** Every table that is there or that the catalogue knows, whatever the project says of it. */
export async function selectLiveTables(sql: Sql): Promise<LiveTable[]> {
  return sql.query<LiveTable>(
    `with there as (
       select c.oid, c.relname::text as name from pg_class c
       join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'online' and c.relkind = 'r'
     )
     select coalesce(t.table_name, there.name) as "table", coalesce(t.store, 'postgres') as store,
       t.view, t.definition, k.entity, k.keys,
       array(select a.attname::text from pg_attribute a
         where a.attrelid = there.oid and a.attnum > 0 and not a.attisdropped order by a.attnum) as columns,
       array(select a.attname::text from pg_index i cross join unnest(i.indkey) with ordinality as p (attnum, place)
         join pg_attribute a on a.attrelid = i.indrelid and a.attnum = p.attnum
         where i.indrelid = there.oid and i.indisprimary order by p.place) as "keyColumns"
     from there full join features.online_table t on t.table_name = there.name and t.store = 'postgres'
     left join features.view_key k on k.definition = t.definition
     order by 1, 2`,
  )
}

/** The catalogue says how many rows a table has. */
export async function subtractRows(sql: Sql, table: string, store: string, rows: number): Promise<void> {
  await sql.query(
    `update features.online_table set rows = greatest(rows - $3, 0) where table_name = $1 and store = $2`,
    [table, store, rows],
  )
}

export async function updateGeneration(
  sql: Sql,
  { table, store }: { table: string; store: string },
  generation: number,
): Promise<void> {
  await sql.query(`update features.online_table set generation = $3 where table_name = $1 and store = $2`, [
    table,
    store,
    generation,
  ])
}

/** Has the next materialization bring everything again, whatever it brought before. */
export async function forgetBrought(sql: Sql, view: string): Promise<void> {
  await sql.query(`update features.online_table set seq = 0, snapshot_digest = null where view = $1`, [view])
}

/** Removes the statistics of files that are not read any more; gives how many. */
export async function deleteOldStatistics(sql: Sql, now: readonly { seq: number; digest: string }[]): Promise<number> {
  const rows = await sql.query(
    `delete from features.statistics s where not exists (
       select from unnest($1::bigint[], $2::text[]) as f (seq, digest) where f.seq = s.seq and f.digest = s.digest)
     returning 1`,
    [now.map((f) => f.seq), now.map((f) => f.digest)],
  )
  return rows.length
}

/** Training sets of which it is known that they were built from none of these snapshots, by their object keys. */
export async function selectSetsNotFrom(sql: Sql, snapshots: readonly string[]): Promise<string[]> {
  const rows = await sql.query<{ key: string }>(
    `select object_key as key from features.training_set group by object_key having not bool_or(snapshots && $1::text[])`,
    [snapshots],
  )
  return rows.map((row) => row.key)
}
