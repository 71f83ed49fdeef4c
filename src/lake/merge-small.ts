import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { PlatformError } from '../base/errors.ts'
import { sha256File } from '../base/hash.ts'
import { addMs, type Instant } from '../base/instant.ts'
import { requireSameRows } from '../base/same-rows.ts'
import type { Database } from '../db/sql.ts'
import type { Duck } from './duck.ts'
import { keepFile } from './keep-file.ts'
import { MERGED_ROW, MERGED_SEQ, readablePath } from './merged-files.ts'
import {
  deleteMerged,
  insertMerged,
  type MergedFile,
  markReplaced,
  selectMerged,
  selectNow,
  selectReplaced,
} from './merged-queries.ts'
import type { ObjectStore } from './objects.ts'
import { selectSnapshots } from './queries.ts'
import { literal } from './quote.ts'
import type { Snapshot } from './snapshot.ts'
import { snapshotPath } from './snapshot-path.ts'
import type { Work } from './work.ts'

/** A delivery of at most so much is worth being read together with others. */
const SMALL_ROWS = 10_000
const SMALL_BYTES = 1_000_000
/** Less than `filesMin` new files wait for the next time. One with half of `filesMax` or `rowsMax` is full, and stays as it is. */
const LIMITS = { filesMin: 8, filesMax: 2_000, rowsMax: 1_000_000 }
/** Who began to read a file before it was replaced has ended by then. */
const READ_MS = 24 * 3_600_000

export type MergeRequest = { sources: readonly string[]; dryRun?: boolean; limits?: Partial<typeof LIMITS> }

/** `merged`: small files that are now read together, and in how many. `removed`: merged files that were replaced long ago. */
export type MergeReport = { merged: { files: number; into: number }; removed: { files: number; bytes: number } }

type Deps = { sql: Database; objects: ObjectStore; duck: Duck; work: Work; now(): Instant }

/**
 * Writes the rows of many small deliveries of a source of changes into larger files beside them, for readers: each row with
 * its snapshot and its place in it, so every rule of time, withdrawal and order finds what it found before. The small files
 * stay, and stay what counts: they are what was recorded, what a delivery of the same content puts right, and what an erasure
 * writes again. A merged file is an object that no snapshot reads, so an erasure removes one that holds the subject.
 *
 * A file is known before it is there, and read only when it is: a kill between leaves the small ones. Nobody erases while one
 * is written, and none comes in that was begun from a file that somebody was taken out of since.
 */
export async function mergeSmall(
  deps: Deps,
  { sources, dryRun = false, limits = {} }: MergeRequest,
): Promise<MergeReport> {
  const merged = { files: 0, into: 0 }
  for (const source of sources) {
    // A piece at a time: whoever wants to erase waits for one file, not for all.
    for (;;) {
      const done = await deps.work.during((held) =>
        deps.work.alone('erase', () => mergeNext(deps, source, { dryRun, held, limits: { ...LIMITS, ...limits } })),
      )
      merged.files += done.files
      merged.into += done.into
      if (done.files === 0 || dryRun) break
    }
  }
  const removed = await deps.work.alone('erase', () => removeReplaced(deps, dryRun))
  return { merged, removed }
}

type Limits = typeof LIMITS
type Step = { dryRun: boolean; held: () => void; limits: Limits }

async function mergeNext(deps: Deps, source: string, { dryRun, held, limits }: Step) {
  const none = { files: 0, into: 0 }
  const { sql, objects } = deps
  const current = await present(deps, await selectMerged(sql, source))
  const pieces = piecesOf(await selectSnapshots(sql, { source }), current, limits)
  if (dryRun) return { files: pieces.reduce((sum, piece) => sum + piece.length, 0), into: pieces.length }
  for (const piece of pieces) {
    const members = await readable(objects, piece)
    if (members.length < limits.filesMin) continue
    await objects.withScratch(async (scratch) => {
      const path = join(scratch, 'merged.parquet')
      await write(deps.duck, members, path)
      const objectKey = `snapshots/${await sha256File(path)}.parquet`
      held()
      await enter(deps, { source, members, objectKey, path, current })
    })
    return { files: members.length, into: 1 }
  }
  return none
}

/** Those that can be read; the others are made again. */
async function present({ objects }: Deps, files: readonly MergedFile[]): Promise<MergedFile[]> {
  const found: MergedFile[] = []
  for (const file of files) if (await readablePath(objects, file.objectKey)) found.push(file)
  return found
}

type Small = Snapshot & { path: string }

/** What is to be merged, each a file: small snapshots that are in none yet, with those of files that are not full. */
function piecesOf(snapshots: readonly Snapshot[], current: readonly MergedFile[], limits: Limits): Snapshot[][] {
  const placed = new Map(current.flatMap((file) => file.members.map(({ seq }) => [seq, file] as const)))
  const groups = new Map<string, Snapshot[]>()
  for (const snapshot of snapshots) {
    if (snapshot.rows > SMALL_ROWS || snapshot.bytes > SMALL_BYTES || isOwnName(snapshot)) continue
    const file = placed.get(snapshot.seq)
    if (file && isFull(file, limits)) continue
    const columns = JSON.stringify(snapshot.columns)
    groups.set(columns, [...(groups.get(columns) ?? []), snapshot])
  }
  const worth = [...groups.values()].filter(
    (group) => group.filter((s) => !placed.has(s.seq)).length >= limits.filesMin,
  )
  return worth.flatMap((group) =>
    cut(
      group.sort((a, b) => a.seq - b.seq),
      limits,
    ),
  )
}

function isFull({ rows, members }: MergedFile, { rowsMax, filesMax }: Limits): boolean {
  return rows >= rowsMax / 2 || members.length >= filesMax / 2
}

function isOwnName({ columns }: Snapshot): boolean {
  return columns.some(({ name }) => [MERGED_SEQ, MERGED_ROW, 'file_row_number'].includes(name.toLowerCase()))
}

function cut(group: readonly Snapshot[], { rowsMax, filesMax }: Limits): Snapshot[][] {
  const pieces: Snapshot[][] = []
  let rows = 0
  for (const snapshot of group) {
    const piece = pieces.at(-1)
    rows += snapshot.rows
    if (piece && piece.length < filesMax && rows <= rowsMax) piece.push(snapshot)
    else {
      pieces.push([snapshot])
      rows = snapshot.rows
    }
  }
  return pieces
}

/** A damaged or missing file is left to whoever reads it, and is told there. */
async function readable(objects: ObjectStore, piece: readonly Snapshot[]): Promise<Small[]> {
  const found: Small[] = []
  for (const snapshot of piece) {
    const path = await snapshotPath(objects, snapshot).catch((error: unknown) => {
      if ((error as { code?: unknown }).code !== 'corrupt') throw error
    })
    if (path !== undefined) found.push({ ...snapshot, path })
  }
  return found
}

async function write(duck: Duck, members: readonly Small[], target: string): Promise<void> {
  const paths = members.map(({ path }) => literal(path)).join(', ')
  const seqs = `list_value(${members.map(({ seq }) => seq).join(', ')})[file_index::BIGINT + 1]`
  await duck.run(
    `COPY (SELECT ${seqs}::BIGINT AS ${MERGED_SEQ}, file_row_number AS ${MERGED_ROW}, * EXCLUDE (file_row_number)
       FROM read_parquet([${paths}], file_row_number = true) ORDER BY 1, 2)
     TO ${literal(target)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)`,
  )
  const counted = await duck.rows<{ seq: number; n: number }>(
    `SELECT ${MERGED_SEQ} AS seq, count(*) AS n FROM read_parquet(${literal(target)}) GROUP BY 1`,
  )
  const rows = new Map(counted.map(({ seq, n }) => [Number(seq), Number(n)]))
  for (const { id, seq, rows: given } of members) {
    requireSameRows(`snapshot ${id} → merged file`, given, rows.get(seq) ?? 0)
  }
}

type Entered = { source: string; members: Small[]; objectKey: string; path: string; current: readonly MergedFile[] }

async function enter({ sql, objects, now }: Deps, { source, members, objectKey, path, current }: Entered) {
  const mergedAt = now()
  const { size: bytes } = await stat(path)
  const seqs = new Set(members.map(({ seq }) => seq))
  const kept = current.filter((file) => !file.members.some(({ seq }) => seqs.has(seq)))
  await sql.tx(async (tx) => {
    const read = await selectNow(tx, [...seqs])
    if (members.some((member) => read.get(member.seq) !== member.objectKey)) {
      throw new PlatformError('conflict', `files of source '${source}' were written anew meanwhile; run weir gc again`)
    }
    const ids = kept.map(({ id }) => id)
    await markReplaced(tx, source, ids, mergedAt)
    await insertMerged(tx, { source, objectKey, bytes, mergedAt, members })
  })
  await keepFile(objects, path)
}

async function removeReplaced({ sql, objects, now }: Deps, dryRun: boolean): Promise<MergeReport['removed']> {
  const removed = { files: 0, bytes: 0 }
  for (const { id, objectKey, bytes, inUse } of await selectReplaced(sql, addMs(now(), -READ_MS))) {
    if (!inUse && (await objects.stat(objectKey)) !== undefined) {
      removed.files++
      removed.bytes += bytes
      if (!dryRun) await objects.delete(objectKey)
    }
    if (!dryRun) await deleteMerged(sql, id)
  }
  return removed
}
