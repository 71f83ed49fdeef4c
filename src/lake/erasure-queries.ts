import type { Instant } from '../base/instant.ts'
import type { Sql } from '../db/sql.ts'
import { SNAPSHOTS } from './queries.ts'

export type SuppressionRow = { entity: string; subject: string; secret: string }

export async function selectActiveSuppressions(sql: Sql): Promise<SuppressionRow[]> {
  return sql.query<SuppressionRow>(
    'select entity, subject, secret from lake.suppression where lifted_at is null order by id',
  )
}

export async function selectSuppression(sql: Sql, subject: string): Promise<number | undefined> {
  const rows = await sql.query<{ id: number }>(
    'select id from lake.suppression where subject = $1 and lifted_at is null',
    [subject],
  )
  return rows[0]?.id
}

export async function insertSuppression(
  sql: Sql,
  row: SuppressionRow & { recordedAt: Instant; actor: string; reason: string },
): Promise<number> {
  const rows = await sql.query<{ id: number }>(
    `insert into lake.suppression (entity, subject, secret, recorded_at, actor, reason)
     values ($1, $2, $3, $4, $5, $6) returning id`,
    [row.entity, row.subject, row.secret, row.recordedAt, row.actor, row.reason],
  )
  return rows[0]!.id
}

export async function liftSuppression(
  sql: Sql,
  lift: { subject: string; at: Instant; actor: string; reason: string },
): Promise<boolean> {
  const rows = await sql.query(
    `update lake.suppression set lifted_at = $2, lifted_by = $3, lift_reason = $4
     where subject = $1 and lifted_at is null returning id`,
    [lift.subject, lift.at, lift.actor, lift.reason],
  )
  return rows.length > 0
}

export async function insertKeyPlaces(
  sql: Sql,
  places: readonly { entity: string; source: string; columns: readonly string[] }[],
): Promise<void> {
  if (places.length === 0) return
  await sql.query(
    `insert into lake.key_place (entity, source, columns)
     select p->>'entity', p->>'source', p->'columns' from jsonb_array_elements($1::jsonb) p
     on conflict do nothing`,
    [JSON.stringify(places)],
  )
}

export async function selectKeyPlaces(sql: Sql, entity: string): Promise<{ source: string; columns: string[] }[]> {
  return sql.query('select source, columns from lake.key_place where entity = $1 order by source, columns', [entity])
}

/** The file of every snapshot that is read now, whatever became of the snapshot since. */
export type ReadFile = {
  seq: number
  id: string
  source: string
  validAt: Instant
  columns: { name: string }[]
  digest: string
  objectKey: string
  rows: number
}

const READ_FILES = `select s.seq, s.id, s.source, s.valid_at as "validAt", s.columns, coalesce(r.digest, s.digest) as digest,
    coalesce(r.object_key, s.object_key) as "objectKey", coalesce(r.rows, s.rows) as rows
  from ${SNAPSHOTS}`

export async function selectReadFiles(sql: Sql): Promise<ReadFile[]> {
  return sql.query<ReadFile>(`${READ_FILES} order by s.source, s.valid_at, s.version`)
}

/**
 * Objects that snapshots had before a redaction, that none reads any more, and that were not taken out yet. One that was, and
 * is there again, belongs to a delivery under way: the suppression of whom it held was lifted.
 */
export async function selectReplacedObjects(sql: Sql): Promise<string[]> {
  const rows = await sql.query<{ key: string }>(
    `(select object_key as key from lake.snapshot union select object_key from lake.redacted_file)
     except select f."objectKey" from (${READ_FILES}) f
     except select object_key from lake.erased_object order by 1`,
  )
  return rows.map((row) => row.key)
}

export async function selectErasedFrom(sql: Sql, suppression: number): Promise<string[]> {
  const rows = await sql.query<{ id: string }>(
    `select distinct s.id from lake.redaction r join lake.redacted_file f on f.redaction = r.id
     join lake.snapshot s on s.seq = f.seq where r.suppression = $1 order by 1`,
    [suppression],
  )
  return rows.map((row) => row.id)
}

/** Of these objects those that no snapshot reads. */
export async function selectUnread(sql: Sql, keys: readonly string[]): Promise<string[]> {
  const rows = await sql.query<{ key: string }>(
    `select key from unnest($1::text[]) as key except select f."objectKey" from (${READ_FILES}) f order by 1`,
    [keys],
  )
  return rows.map((row) => row.key)
}

export async function insertErasedObjects(sql: Sql, keys: readonly string[], at: Instant): Promise<void> {
  if (keys.length === 0) return
  await sql.query('insert into lake.erased_object (object_key, erased_at) select unnest($1::text[]), $2', [keys, at])
}

export async function selectErasedAt(sql: Sql, key: string): Promise<Instant | undefined> {
  const rows = await sql.query<{ at: Instant }>(
    'select erased_at as at from lake.erased_object where object_key = $1 order by id desc limit 1',
    [key],
  )
  return rows[0]?.at
}

/** Those after a number, and the greatest number there is. */
export async function selectErasedSince(sql: Sql, since: number): Promise<{ keys: string[]; last: number }> {
  const rows = await sql.query<{ id: number; key: string }>(
    'select id, object_key as key from lake.erased_object where id > $1 order by id',
    [since],
  )
  return { keys: rows.map((row) => row.key), last: rows.at(-1)?.id ?? since }
}

export type CacheRow = { id: string; host: string; folder: string; seenAt: Instant; swept: number }

/** Enters a cache, or says that it is still there; gives up to which erased object it was swept. */
export async function upsertCache(sql: Sql, cache: Omit<CacheRow, 'swept'>): Promise<number> {
  const rows = await sql.query<{ swept: number }>(
    `insert into lake.cache (id, host, folder, seen_at, swept) values ($1, $2, $3, $4, 0)
     on conflict (id) do update set seen_at = excluded.seen_at returning swept`,
    [cache.id, cache.host, cache.folder, cache.seenAt],
  )
  return rows[0]!.swept
}

export async function updateCacheSwept(sql: Sql, id: string, swept: number): Promise<void> {
  await sql.query('update lake.cache set swept = greatest(swept, $2) where id = $1', [id, swept])
}

export async function selectCaches(sql: Sql): Promise<(CacheRow & { behind: boolean })[]> {
  return sql.query(
    `select id, host, folder, seen_at as "seenAt", swept,
       swept < (select coalesce(max(id), 0) from lake.erased_object) as behind
     from lake.cache order by host, folder`,
  )
}

export async function notifyErased(sql: Sql): Promise<void> {
  await sql.query(`select pg_notify('objects_erased', '')`)
}
