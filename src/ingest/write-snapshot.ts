import { join } from 'node:path'
import { canonicalJson, sha256Hex } from '../base/hash.ts'
import { requireSameRows } from '../base/same-rows.ts'
import type { Format, Source } from '../config/project.ts'
import { USUAL_FORMAT } from '../config/usual-format.ts'
import type { DuckSession } from '../lake/duck.ts'
import type { Table } from './load-table.ts'

/**
 * Writes a table as Parquet and gives the file's path. The bytes depend on the values alone: columns stand in declared
 * order and rows in order of the key (and then of time, for changes), whatever the order of the file. Refuses (corrupt) to give
 * one that has not all rows of the table.
 */
export async function writeParquet(duck: DuckSession, table: Table, dir: string): Promise<string> {
  const path = join(dir, `${table.name}.parquet`)
  const { source, columns } = table
  const values = columns.map(({ name, index }) => `t${index} AS "${name.replaceAll('"', '""')}"`)
  const ofKey = source.key.flatMap((key) => columns.filter((c) => c.name === key).map((c) => c.index))
  const time = columns.filter((c) => c.name === source.eventTime).map((c) => c.index)
  // Of changes that are equal in key and time the later of the file counts, so their order is kept.
  const order = [...[...ofKey, ...time].map((i) => `t${i} NULLS FIRST`), ...(source.kind === 'changes' ? ['n'] : [])]
  const file = `'${path.replaceAll("'", "''")}'`
  await duck.run(
    `COPY (SELECT ${values.join(', ')} FROM ${table.name} ORDER BY ${order.join(', ')}) TO ${file}
     (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)`,
  )
  const [written] = await duck.rows<{ n: number }>(`SELECT count(*) AS n FROM read_parquet(${file})`)
  requireSameRows(`delivery of '${source.name}' → snapshot`, table.rows, written?.n ?? 0)
  return path
}

/**
 * What a snapshot of this source holds: names and types, in the order of its file. The zone that its times were read in is
 * a part of it, and so is how the file is written, where that is not as usual: the same bytes are other moments in another
 * zone, and `1.234` another number.
 */
export function snapshotColumns({ columns, timeZone, format }: Source): SnapshotColumn[] {
  const written = canonicalJson(format) === canonicalJson(USUAL_FORMAT) ? {} : { format: formatDigest(format) }
  return columns.map(({ name, type }) => ({
    name,
    type,
    ...(type === 'UnixTimestamp' && timeZone !== null ? { timeZone } : {}),
    ...written,
  }))
}

type SnapshotColumn = { name: string; type: string; timeZone?: string; format?: string }

const DIGEST_CHARS = 12

function formatDigest(format: Format): string {
  // A field that is newer than snapshots that are there counts only where it says something.
  const { units, ...others } = format
  return sha256Hex(canonicalJson(units.length === 0 ? others : format)).slice(0, DIGEST_CHARS)
}

/**
 * What names a row: each key stands in a whole state once, as the checks have made sure; in changes each key and time,
 * where that is so.
 */
export async function uniqueKeyOf(duck: DuckSession, { source, name, columns }: Table): Promise<string[] | null> {
  if (source.kind === 'snapshot' || source.eventTime === null) return source.key
  const named = [...source.key, source.eventTime]
  const values = named.flatMap((key) => columns.filter((c) => c.name === key).map((c) => `t${c.index}`))
  const [found] = await duck.rows<{ repeated: boolean }>(
    `SELECT EXISTS (SELECT 1 FROM ${name} GROUP BY ${values.join(', ')} HAVING count(*) > 1) AS repeated`,
  )
  return found?.repeated === false ? named : null
}
