import type { Sql } from '../db/sql.ts'
import type { ObjectStore } from '../lake/objects.ts'

export type Kept = { name: string; files: number; bytes: number }

/** What the object store holds, by its topmost folders; what lies beside them is together under ''. */
export async function sizesOfObjects(objects: Pick<ObjectStore, 'folder' | 'list'>): Promise<Kept[]> {
  const top = await objects.folder('')
  const loose = top.filter((entry) => entry.bytes !== null)
  const folders = top.filter((entry) => entry.bytes === null)
  const kept: Kept[] = []
  for (const { name } of folders) {
    const found = await objects.list(name)
    kept.push({ name, files: found.length, bytes: found.reduce((sum, { bytes }) => sum + bytes, 0) })
  }
  if (loose.length > 0) {
    kept.push({ name: '', files: loose.length, bytes: loose.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0) })
  }
  return kept.sort((a, b) => b.bytes - a.bytes)
}

/** What the database holds, by schema, with indexes and what is stored beside the rows. */
export async function sizesOfTables(
  sql: Pick<Sql, 'query'>,
): Promise<{ tables: { name: string; bytes: number }[]; all: number }> {
  const tables = await sql.query<{ name: string; bytes: number }>(
    `select n.nspname as name, sum(pg_total_relation_size(c.oid))::float8 as bytes
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'm') and n.nspname !~ '^(pg_|information_schema$)'
     group by 1 order by 2 desc`,
  )
  const rows = await sql.query<{ bytes: number }>('select pg_database_size(current_database())::float8 as bytes')
  return { tables, all: rows[0]!.bytes }
}
