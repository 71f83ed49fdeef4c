import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { manualClock } from '../../src/base/clock.ts'
import { sha256File } from '../../src/base/hash.ts'
import { type Instant, msOfInstant, parseInstant } from '../../src/base/instant.ts'
import { silentLog } from '../../src/base/log.ts'
import type { Project, Source, ValueType } from '../../src/config/project.ts'
import { USUAL_FORMAT } from '../../src/config/usual-format.ts'
import { ident, literal } from '../../src/features/define/quote.ts'
import { duckType } from '../../src/features/define/value-types.ts'
import { createFeatures, type Features } from '../../src/features/features.ts'
import { createPostgresStore } from '../../src/features/online/postgres-store.ts'
import { openDirectoryStore } from '../../src/lake/directory-store.ts'
import { createDuck, type Duck } from '../../src/lake/duck.ts'
import { createLake } from '../../src/lake/lake.ts'
import type { Snapshot } from '../../src/lake/snapshot.ts'
import { testDatabase } from '../helpers/pg.ts'

/** A lake and its features on a real database, filled without the ingest room: a test says what a snapshot holds. */
export type Rig = Awaited<ReturnType<typeof openRig>>

export type Cell = string | number | boolean | null

export async function openRig(options: { threads?: number } = {}) {
  const database = await testDatabase()
  const dir = await mkdtemp(join(tmpdir(), 'weir-features-'))
  const objects = await openDirectoryStore(dir)
  const duck = await createDuck({ directories: objects.directories, ...options })
  const clock = manualClock(Date.UTC(2024, 0, 1))
  const lake = createLake({ sql: database.db, objects, duck, clock })
  const opened: Features[] = []

  function features(project: Project, db = database.db, online = createPostgresStore(db)): Features {
    const made = createFeatures({ sql: db, lake, duck, objects, project, clock, log: silentLog, online })
    opened.push(made)
    return {
      ...made,
      trainingSet: async (request, options) => made.trainingSet(await asKnownNow(request), options),
      entityDataset: async (service, request) => made.entityDataset(service, await asKnownNow(request)),
    }
  }

  /** A K that has not been is refused; a test that says the end of time means all that is recorded by now. */
  async function asKnownNow<Request extends { knownAt: Instant }>(request: Request): Promise<Request> {
    return request.knownAt < '9999' ? request : { ...request, knownAt: await lake.pinKnownAt() }
  }

  /** Commits what `select` gives as the state of a source; at an earlier `deliveredAt` than the last, time stands. */
  async function deliver(source: Source, at: string, select: string, deliveredAt?: string): Promise<Snapshot> {
    if (deliveredAt) clock.set(msOfInstant(parseInstant(deliveredAt)))
    const stored = await objects.withScratch(async (scratch) => {
      const path = join(scratch, 'snapshot.parquet')
      // A DuckDB of its own may read a folder outside of the store (the real months).
      await withOpenDuck((open) => open.run(`COPY (${select}) TO ${literal(path)} (FORMAT parquet)`))
      const digest = await sha256File(path)
      const objectKey = `snapshots/${digest}.parquet`
      await objects.moveIn(objectKey, path)
      const [count] = await duck.rows<{ n: number }>(
        `SELECT count(*) AS n FROM read_parquet(${literal(await objects.local(objectKey))})`,
      )
      return { digest, objectKey, fileDigest: digest, rows: count?.n ?? 0, bytes: 1 }
    })
    const columns = source.columns.map(({ name, type }) => ({ name, type }))
    const { publishDelayMs } = source
    const draft = {
      source: source.name,
      validAt: parseInstant(at),
      columns,
      publishDelayMs,
      uniqueKey: await uniqueKeyOf(source, stored.objectKey),
      ...stored,
    }
    const [committed] = await database.db.tx((tx) => lake.commit(tx, [draft]))
    if (!committed) throw new Error('nothing was committed')
    return committed.snapshot
  }

  /** As ingest says it of a file; here keys may also be null, or twice in a whole state. */
  async function uniqueKeyOf(source: Source, objectKey: string): Promise<string[] | null> {
    const names = [...source.key, ...(source.eventTime === null ? [] : [source.eventTime])]
    const rows = `read_parquet(${literal(await objects.local(objectKey))})`
    const nulls = names.map((name) => `${ident(name)} IS NULL`).join(' OR ')
    const keys = names.map(ident).join(', ')
    const [found] = await duck.rows<{ broken: boolean }>(
      `SELECT EXISTS (SELECT 1 FROM ${rows} WHERE ${nulls})
         OR EXISTS (SELECT 1 FROM ${rows} GROUP BY ${keys} HAVING count(*) > 1) AS broken`,
    )
    return found?.broken === false ? names : null
  }

  const deliverRows = (source: Source, at: string, rows: readonly (readonly Cell[])[], deliveredAt?: string) =>
    deliver(source, at, rowsSql(source, rows), deliveredAt)

  async function close() {
    for (const one of opened) await one.close()
    duck.close()
    await database.drop()
    await rm(dir, { recursive: true, force: true })
  }
  return { ...database, dir, objects, duck, clock, lake, features, deliver, deliverRows, close }
}

/** The rows of a training set as objects, in order, without the event timestamp when it is all the same. */
export async function rowsOf(
  rig: Pick<Rig, 'objects' | 'duck'>,
  ref: { objectKey: string },
): Promise<Record<string, unknown>[]> {
  const path = literal(await rig.objects.local(ref.objectKey))
  return rig.duck.rows(
    `SELECT * REPLACE (CAST(event_timestamp AS VARCHAR) AS event_timestamp) FROM read_parquet(${path})`,
  )
}

export function snapshotSource(name: string, columns: Record<string, ValueType>, publishDelayMs = 0): Source {
  const list = Object.entries(columns).map(([column, type]) => ({ name: column, type, checks: [] }))
  const key = [list[0]?.name ?? 'k']
  const time = { eventTime: null, availableAt: null, deleted: null }
  return {
    name,
    kind: 'snapshot',
    file: `${name}.csv`,
    anyFile: true,
    format: USUAL_FORMAT,
    postgres: null,
    key,
    columns: list,
    checks: [],
    publishDelayMs,
    timeZone: null,
    ...time,
  }
}

/** The same of kind changes: its columns `ts`, `created` and `gone`, where it has them, say when. */
export function changesSource(name: string, columns: Record<string, ValueType>, publishDelayMs = 0): Source {
  const availableAt = 'created' in columns ? 'created' : null
  const deleted = 'gone' in columns ? 'gone' : null
  return { ...snapshotSource(name, columns, publishDelayMs), kind: 'changes', eventTime: 'ts', availableAt, deleted }
}

function rowsSql(source: Source, rows: readonly (readonly Cell[])[]): string {
  const select = (cells: readonly Cell[]) =>
    source.columns
      .map((c, i) => `CAST(${cellSql(cells[i] ?? null)} AS ${duckType(c.type)}) AS ${ident(c.name)}`)
      .join(', ')
  if (rows.length === 0) return `SELECT ${select([])} WHERE false`
  return rows.map((cells) => `SELECT ${select(cells)}`).join(' UNION ALL ')
}

function cellSql(cell: Cell): string {
  return typeof cell === 'string' ? literal(cell) : String(cell)
}

async function withOpenDuck<T>(body: (duck: Duck) => Promise<T>): Promise<T> {
  const duck = await createDuck()
  try {
    return await body(duck)
  } finally {
    duck.close()
  }
}
