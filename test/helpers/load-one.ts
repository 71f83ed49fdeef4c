import type { Source } from '../../src/config/project.ts'
import { loadPart, newTable, type Table } from '../../src/ingest/load-table.ts'
import type { DuckSession } from '../../src/lake/duck.ts'

/** One file as the table that ingest makes of it. */
export async function loadOne(
  duck: DuckSession,
  given: { source: Source; path: string; header: readonly string[]; name: string; until: string },
): Promise<Table> {
  const { source, path, header, name, until } = given
  const format = path.endsWith('.parquet') ? 'parquet' : 'csv'
  const table = newTable({ source, format, fileDigest: '', name, until })
  await loadPart(duck, table, { name: source.file, path, ended: true, linesBefore: 0 }, header)
  return table
}
