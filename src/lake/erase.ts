import { join } from 'node:path'
import { PlatformError } from '../base/errors.ts'
import type { Instant } from '../base/instant.ts'
import type { Database } from '../db/sql.ts'
import type { Duck } from './duck.ts'
import {
  insertErasedObjects,
  type ReadFile,
  selectErasedFrom,
  selectKeyPlaces,
  selectReadFiles,
  selectReplacedObjects,
  selectUnread,
} from './erasure-queries.ts'
import { keepFile } from './keep-file.ts'
import type { ObjectStore } from './objects.ts'
import { insertRedaction, type RedactedFile, takeMoment } from './queries.ts'
import { literal } from './quote.ts'
import { snapshotPath } from './snapshot-path.ts'
import { type KeyWay, type Subject, subjectCondition } from './subject.ts'
import type { Work } from './work.ts'

/** Where the project, as it is now, says that keys of the subject's entity stand. */
export type KeyWays = {
  sources: readonly string[]
  /** The ways in which a table of a source with these columns can hold the subject, also of one that is not named. */
  of(source: string, columns: readonly string[]): KeyWay[]
}

export type EraseRequest = { subject: Subject; ways: KeyWays; suppression: number; actor: string; reason: string }

/** A file that was written again, with the digest that was read before and the one since. */
export type ErasedFile = { snapshot: string; removed: number; before: string; after: string }

/** A file of a source that holds the subject, with the condition for its rows. */
export type HeldFile = { file: ReadFile; path: string; condition: string; rows: number }

export type LakeErasure = {
  /** Files that hold rows of the subject now; `body` sees one after the other. */
  eachHeld(subject: Subject, ways: KeyWays, body: (held: HeldFile) => Promise<void>): Promise<void>
  /** Writes each of them again without those rows, until none is left. */
  rewrite(request: EraseRequest): Promise<ErasedFile[]>
  /** Objects that no snapshot reads and that hold the subject. */
  unread(subject: Subject, ways: KeyWays): Promise<string[]>
  /** Snapshots that rows were taken out of under a suppression. */
  erasedFrom(suppression: number): Promise<string[]>
  /** Removes what no snapshot reads and what held the subject: files of before, and those of deliveries that died. */
  sweep(subject: Subject, ways: KeyWays): Promise<string[]>
}

type Deps = { sql: Database; objects: ObjectStore; duck: Duck; work: Work; now(): Instant }

export function createLakeErasure(deps: Deps): LakeErasure {
  return {
    eachHeld: (subject, ways, body) => eachHeld(deps, subject, ways, body),
    unread: (subject, ways) => unread(deps, subject, ways),
    erasedFrom: (suppression) => selectErasedFrom(deps.sql, suppression),
    // One at a time: a file that another erasure has begun from could hold whom this one has taken out.
    rewrite: (request) => deps.work.alone('erase', () => rewrite(deps, request)),
    sweep: (subject, ways) => deps.work.alone('erase', () => sweep(deps, subject, ways)),
  }
}

async function eachHeld(
  deps: Deps,
  subject: Subject,
  ways: KeyWays,
  body: (held: HeldFile) => Promise<void>,
): Promise<void> {
  const places = await selectKeyPlaces(deps.sql, subject.entity)
  let unreadable: unknown
  for (const file of await selectReadFiles(deps.sql)) {
    const condition = subjectCondition(subject, allWays(file, ways, places))
    if (condition === undefined) continue
    // What is gone holds nobody.
    if ((await deps.objects.stat(file.objectKey)) === undefined) continue
    // A damaged file is no reason to leave the others as they are.
    const path = await snapshotPath(deps.objects, file).catch((error: unknown) => {
      unreadable ??= error
    })
    const rows = path === undefined ? 0 : await countRows(deps.duck, path, condition)
    if (path !== undefined && rows > 0) await body({ file, path, condition, rows })
  }
  if (unreadable !== undefined) throw unreadable
}

/** Those of the project, and those that it had when deliveries of the source were taken in. */
function allWays(
  { source, columns }: Pick<ReadFile, 'source' | 'columns'>,
  given: KeyWays,
  places: readonly { source: string; columns: string[] }[],
): KeyWay[] {
  const held = columns.map((c) => c.name)
  const recorded = places.filter((p) => p.source === source && p.columns.every((c) => held.includes(c)))
  const ways = [...given.of(source, held), ...recorded.map((p) => p.columns)]
  return [...new Map(ways.map((way) => [JSON.stringify(way), way])).values()]
}

async function countRows(duck: Duck, path: string, condition: string): Promise<number> {
  const [found] = await duck.rows<{ n: number }>(
    `SELECT count(*) AS n FROM read_parquet(${literal(path)}) WHERE ${condition}`,
  )
  return found?.n ?? 0
}

async function rewrite(deps: Deps, request: EraseRequest): Promise<ErasedFile[]> {
  const erased: ErasedFile[] = []
  for (;;) {
    const done = await rewriteOnce(deps, request)
    if (done === 'nothing left') return erased
    erased.push(...done)
  }
}

type Rewritten = RedactedFile & { held: HeldFile }

async function rewriteOnce(deps: Deps, request: EraseRequest): Promise<ErasedFile[] | 'nothing left'> {
  const { sql, objects } = deps
  const rewritten: Rewritten[] = []
  await objects.withScratch((scratch) =>
    eachHeld(deps, request.subject, request.ways, async (held) => {
      const path = join(scratch, `file_${rewritten.length}.parquet`)
      await writeWithout(deps.duck, held, path)
      const kept = await keepFile(objects, path)
      rewritten.push({ ...kept, seq: held.file.seq, rows: held.file.rows - held.rows, held })
    }),
  )
  if (rewritten.length === 0) return 'nothing left'
  return sql.tx(async (tx) => {
    const { suppression, actor, reason, subject } = request
    const recordedAt = await takeMoment(tx, deps.now())
    // Compare and swap: what somebody else has written anew meanwhile is looked at again.
    const now = new Map((await selectReadFiles(tx)).map((file) => [file.seq, file.objectKey]))
    const valid = rewritten.filter(({ held }) => now.get(held.file.seq) === held.file.objectKey)
    await insertRedaction(tx, { suppression, recordedAt, entity: subject.entity, actor, reason }, valid)
    return valid.map(({ held, digest }) => {
      return { snapshot: held.file.id, removed: held.rows, before: held.file.digest, after: digest }
    })
  })
}

/** In the order of the file, and cut into row groups as ingest cuts them: the same rows give the same bytes. */
async function writeWithout(duck: Duck, { path, condition }: HeldFile, target: string): Promise<void> {
  await duck.run(
    `COPY (SELECT * EXCLUDE (file_row_number) FROM read_parquet(${literal(path)}, file_row_number = true)
       WHERE NOT ${condition} ORDER BY file_row_number)
     TO ${literal(target)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)`,
  )
}

const SNAPSHOTS = 'snapshots/'

async function unread(deps: Deps, subject: Subject, ways: KeyWays): Promise<string[]> {
  const found: string[] = []
  for (const key of await unreadObjects(deps)) {
    const holds = await holdsSubject(deps, key, subject, ways).catch(async (error: unknown) => {
      // Another erasure removes what it has replaced.
      if ((await deps.objects.stat(key)) === undefined) return false
      throw error
    })
    if (holds) found.push(key)
  }
  return found
}

async function unreadObjects({ sql, objects }: Deps): Promise<string[]> {
  return selectUnread(
    sql,
    (await objects.list(SNAPSHOTS)).map(({ key }) => key),
  )
}

async function sweep(deps: Deps, subject: Subject, ways: KeyWays): Promise<string[]> {
  const replaced = new Set(await selectReplacedObjects(deps.sql))
  const gone: string[] = []
  for (const key of await unreadObjects(deps)) {
    if (replaced.has(key) || (await holdsSubject(deps, key, subject, ways))) gone.push(key)
  }
  // Known as gone before it is: a host that keeps a copy hears of it, whatever happens to us.
  await insertErasedObjects(deps.sql, gone, deps.now())
  for (const key of gone) await deps.objects.delete(key)
  return gone
}

/** An object that no snapshot names: of a delivery that died, so nobody knows of which source it is. */
async function holdsSubject(
  { sql, objects, duck }: Deps,
  key: string,
  subject: Subject,
  ways: KeyWays,
): Promise<boolean> {
  const path = await objects.local(key).catch((error: unknown) => {
    if (error instanceof PlatformError && error.code === 'corrupt') return undefined
    throw error
  })
  // Good for nothing, and nobody can tell whom it holds.
  if (path === undefined) return true
  const columns = await duck.rows<{ name: string }>(
    `SELECT column_name AS name FROM (DESCRIBE SELECT * FROM read_parquet(${literal(path)}))`,
  )
  const places = await selectKeyPlaces(sql, subject.entity)
  const sources = new Set([...ways.sources, ...places.map((p) => p.source), ''])
  const all = [...sources].flatMap((source) => allWays({ source, columns }, ways, places))
  const condition = subjectCondition(subject, all)
  return condition !== undefined && (await countRows(duck, path, condition)) > 0
}
