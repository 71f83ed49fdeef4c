import type { Instant } from '../base/instant.ts'
import type { Sql } from '../db/sql.ts'
import { SNAPSHOTS } from './queries.ts'
import type { Snapshot } from './snapshot.ts'

export type MergedFile = { id: number; objectKey: string; rows: number; members: { seq: number; objectKey: string }[] }

/**
 * The merged files of a source that may be read. As soon as rows were taken out of one of its snapshots none of a file is
 * read any more, so whoever erases waits for its readers as for those of the snapshot's own file.
 */
export async function selectMerged(sql: Sql, source: string): Promise<MergedFile[]> {
  return sql.query<MergedFile>(
    `select f.id, f.object_key as "objectKey", f.rows,
       jsonb_agg(jsonb_build_object('seq', m.seq, 'objectKey', m.object_key) order by m.seq) as members
     from lake.merged_file f join lake.merged_member m on m.file = f.id join (${SNAPSHOTS}) on s.seq = m.seq
     where f.source = $1 and f.replaced_at is null
     group by f.id having bool_and(m.object_key = coalesce(r.object_key, s.object_key))
     order by f.id`,
    [source],
  )
}

export type NewMerged = {
  source: string
  objectKey: string
  bytes: number
  mergedAt: Instant
  members: readonly Pick<Snapshot, 'seq' | 'objectKey' | 'rows'>[]
}

export async function insertMerged(sql: Sql, file: NewMerged): Promise<void> {
  const rows = await sql.query<{ id: number }>(
    `insert into lake.merged_file (source, object_key, rows, bytes, merged_at) values ($1, $2, $3, $4, $5) returning id`,
    [file.source, file.objectKey, file.members.reduce((sum, m) => sum + m.rows, 0), file.bytes, file.mergedAt],
  )
  await sql.query(
    `insert into lake.merged_member (file, seq, object_key) select $1, * from unnest($2::bigint[], $3::text[])`,
    [rows[0]!.id, file.members.map((m) => m.seq), file.members.map((m) => m.objectKey)],
  )
}

/** All of the source but these are not read from now on. */
export async function markReplaced(sql: Sql, source: string, kept: readonly number[], at: Instant): Promise<void> {
  await sql.query(
    `update lake.merged_file set replaced_at = $3 where source = $1 and replaced_at is null and not id = any ($2::bigint[])`,
    [source, kept, at],
  )
}

/** Of these snapshots the files that are read for them now. */
export async function selectNow(sql: Sql, seqs: readonly number[]): Promise<Map<number, string>> {
  const rows = await sql.query<{ seq: number; key: string }>(
    `select s.seq, coalesce(r.object_key, s.object_key) as key from ${SNAPSHOTS} where s.seq = any ($1::bigint[])`,
    [seqs],
  )
  return new Map(rows.map((row) => [row.seq, row.key]))
}

/** Those that were replaced before a moment. The object of one stays where another of the same bytes is read. */
export async function selectReplaced(
  sql: Sql,
  before: Instant,
): Promise<{ id: number; objectKey: string; bytes: number; inUse: boolean }[]> {
  return sql.query(
    `select id, object_key as "objectKey", bytes,
       exists (select from lake.merged_file o where o.object_key = f.object_key and o.id <> f.id
         and (o.replaced_at is null or o.replaced_at >= $1)) as "inUse"
     from lake.merged_file f where replaced_at < $1 order by id`,
    [before],
  )
}

export async function deleteMerged(sql: Sql, id: number): Promise<void> {
  await sql.query('delete from lake.merged_file where id = $1', [id])
}
