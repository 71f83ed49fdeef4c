import type { Instant } from '../base/instant.ts'
import type { Sql } from '../db/sql.ts'
import type { ViewDefinition } from './definitions.ts'
import { tableDigest } from './definitions.ts'
import { ident } from './quote.ts'
import { postgresType } from './value-types.ts'

/**
 * The statements on the tables of schema `online`: one table for each definition of a feature view, with typed
 * columns, so that a value can never be read as another type than it was written.
 */

/** PostgreSQL cuts names at 63 bytes, so the view's name is cut here, where the digest keeps it apart. */
export function onlineTableName(view: ViewDefinition): string {
  return `${Buffer.from(view.name).subarray(0, 40).toString('latin1').replaceAll(/\W/g, '_')}_${tableDigest(view).slice(0, 16)}`
}

export function qualified(table: string): string {
  return `online.${ident(table)}`
}

export async function createOnlineTable(sql: Sql, view: ViewDefinition): Promise<void> {
  const keys = view.keys.map((key) => `${ident(key.name)} ${keyType(key.type)} not null`)
  const features = view.features.map((f) => `${ident(f.name)} ${postgresType(f.type)}`)
  const columns = [...keys, 'event_timestamp timestamptz not null', 'created timestamptz not null', ...features]
  const primary = `primary key (${view.keys.map((k) => ident(k.name)).join(', ')})`
  // A month updates every row: room in the page keeps the updates off the index.
  await sql.query(
    `create table if not exists ${qualified(onlineTableName(view))} (${[...columns, primary].join(', ')}) with (fillfactor = 60)`,
  )
}

/**
 * Writes rows given column by column (keys, then features). A row that is newer in the table, by event time and then by
 * the time of its delivery, stays as it is.
 */
export async function upsertRows(
  sql: Sql,
  view: ViewDefinition,
  stamp: { eventTimestamp: Instant; created: Instant },
  columns: readonly (readonly unknown[])[],
): Promise<void> {
  const typed = [...view.keys, ...view.features]
  const names = typed.map((c) => ident(c.name))
  const arrays = typed.map((c, i) => `$${i + 3}::${postgresType(c.type)}[]`)
  const updated = ['event_timestamp', 'created', ...view.features.map((f) => ident(f.name))]
  await sql.query(
    `insert into ${qualified(onlineTableName(view))} as t (event_timestamp, created, ${names.join(', ')})
     select $1::timestamptz, $2::timestamptz, u.* from unnest(${arrays.join(', ')}) as u (${names.join(', ')})
     on conflict (${view.keys.map((k) => ident(k.name)).join(', ')}) do update
       set ${updated.map((c) => `${c} = excluded.${c}`).join(', ')}
       where (excluded.event_timestamp, excluded.created) >= (t.event_timestamp, t.created)`,
    [stamp.eventTimestamp, stamp.created, ...columns],
  )
}

/** Removes the keys that a whole state no longer holds: the rows that are older than it, after its own were written. */
export async function deleteOlderRows(sql: Sql, view: ViewDefinition, eventTimestamp: Instant, created: Instant) {
  const rows = await sql.query<{ n: number }>(
    `with gone as (
       delete from ${qualified(onlineTableName(view))}
       where (event_timestamp, created) < ($1::timestamptz, $2::timestamptz) returning 1)
     select count(*) as n from gone`,
    [eventTimestamp, created],
  )
  return rows[0]?.n ?? 0
}

export async function dropOnlineTable(sql: Sql, table: string): Promise<void> {
  await sql.query(`drop table if exists ${qualified(table)}`)
}

/** Fresh statistics, so that the first reads after a load find the index. */
export async function analyzeOnlineTable(sql: Sql, view: ViewDefinition): Promise<void> {
  await sql.query(`analyze ${qualified(onlineTableName(view))}`)
}

function keyType(type: ViewDefinition['keys'][number]['type']): string {
  // Byte order: faster than the language's, and the same on every machine.
  return type === 'String' ? 'text collate "C"' : postgresType(type)
}
