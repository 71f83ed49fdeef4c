import { join } from 'node:path'
import type { Source } from '../config/project.ts'
import type { DuckSession } from '../lake/duck.ts'
import type { Table } from './load-table.ts'

/**
 * Writes a table as Parquet and gives the file's path. The bytes depend on the values alone: columns stand in declared
 * order and rows in order of the key (of all columns where a key may come twice), whatever the order of the file.
 */
export async function writeParquet(duck: DuckSession, table: Table, dir: string): Promise<string> {
  const path = join(dir, `${table.name}.parquet`)
  const { source, columns } = table
  const values = columns.map(({ name, index }) => `t${index} AS "${name.replaceAll('"', '""')}"`)
  const ofKey = source.key.flatMap((key) => columns.filter((c) => c.name === key).map((c) => c.index))
  const others = source.kind === 'snapshot' ? [] : columns.map((c) => c.index).filter((i) => !ofKey.includes(i))
  const order = [...ofKey, ...others].map((i) => `t${i} NULLS FIRST`)
  await duck.run(
    `COPY (SELECT ${values.join(', ')} FROM ${table.name} ORDER BY ${order.join(', ')}) TO '${path.replaceAll("'", "''")}'
     (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)`,
  )
  return path
}

/** What a snapshot of this source holds: names and types, in the order of its file. */
export function snapshotColumns(source: Source): { name: string; type: string }[] {
  return source.columns.map(({ name, type }) => ({ name, type }))
}
