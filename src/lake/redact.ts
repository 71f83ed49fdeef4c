import { join } from 'node:path'
import type { Instant } from '../base/instant.ts'
import type { Sql } from '../db/sql.ts'
import type { Duck } from './duck.ts'
import { keepFile } from './keep-file.ts'
import type { ObjectStore } from './objects.ts'
import { insertRedaction, type RedactedFile, selectSnapshots, takeMoment, unreadObjects } from './queries.ts'
import type { Snapshot } from './snapshot.ts'
import { snapshotPath } from './snapshot-path.ts'

export type RedactRequest = {
  entity: string
  /** SHA-256 of the key: whose rows they were is not kept. */
  keyDigest: string
  actor: string
  reason: string
  /** Record it also where no file holds a row: something else was taken out. */
  always: boolean
  /** Where the rows are: in each source those whose columns have these texts. */
  rows: { source: string; columns: string[]; values: readonly string[] }[]
}

export type Redacted = {
  /** Its number in the catalogue; null where there was nothing to record. */
  redaction: number | null
  /** Files that were written again, each with the digest that was read before and the one since. */
  files: { snapshot: string; removed: number; before: string; after: string }[]
}

type Deps = { sql: Sql; objects: ObjectStore; duck: Duck; now(): Instant }

/**
 * Writes every file that holds the rows again without them, tells the catalogue in one transaction, and then removes the
 * files of before. Killed in between it leaves either the state before, or files that nothing reads, which the next
 * redaction of the key finds and removes (the objects are named in the catalogue by then).
 */
export async function redact(deps: Deps, request: RedactRequest): Promise<Redacted> {
  const { sql, objects, duck } = deps
  const files: (RedactedFile & { snapshot: Snapshot; removed: number })[] = []
  await objects.withScratch(async (scratch) => {
    for (const { source, columns, values } of request.rows) {
      for (const snapshot of await selectSnapshots(sql, { source })) {
        const held = snapshot.columns.map((c) => c.name)
        if (!columns.every((column) => held.includes(column))) continue
        const from = `read_parquet('${(await snapshotPath(objects, snapshot)).replaceAll("'", "''")}')`
        const match = columns.map((c, i) => `CAST("${c.replaceAll('"', '""')}" AS VARCHAR) = $${i + 1}`).join(' AND ')
        const [found] = await duck.rows<{ n: number }>(`SELECT count(*) AS n FROM ${from} WHERE ${match}`, [...values])
        if (!found?.n) continue
        const path = join(scratch, `redacted_${files.length}.parquet`)
        const literals = columns.map(
          (c, i) => `CAST("${c.replaceAll('"', '""')}" AS VARCHAR) = '${(values[i] ?? '').replaceAll("'", "''")}'`,
        )
        await duck.run(
          `COPY (SELECT * FROM ${from} WHERE NOT coalesce(${literals.join(' AND ')}, false))
           TO '${path.replaceAll("'", "''")}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)`,
        )
        const kept = await keepFile(objects, path)
        files.push({ ...kept, seq: snapshot.seq, rows: snapshot.rows - found.n, snapshot, removed: found.n })
      }
    }
  })
  const redaction = files.length === 0 && !request.always ? null : await record(deps, request, files)
  const old = files.map(({ snapshot }) => snapshot.objectKey)
  for (const key of await unreadObjects(sql, [...new Set(old)])) await objects.delete(key)
  return {
    redaction,
    files: files.map(({ snapshot, removed, digest }) => {
      return { snapshot: snapshot.id, removed, before: snapshot.digest, after: digest }
    }),
  }
}

async function record({ sql, now }: Deps, request: RedactRequest, files: readonly RedactedFile[]): Promise<number> {
  const { entity, keyDigest, actor, reason } = request
  return sql.tx(async (tx) => {
    const recordedAt = await takeMoment(tx, now())
    return insertRedaction(tx, { recordedAt, entity, keyDigest, actor, reason }, files)
  })
}
