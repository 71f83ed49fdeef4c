/**
 * Our side of the join benchmark, in a process of its own, so that its peak memory is the join's. argv: a job as JSON. It
 * fills a lake with the snapshots (hard links, nothing is copied), joins, and prints one JSON document.
 */
import { link, mkdir, readFile, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { systemClock } from '../../src/base/clock.ts'
import { sha256File } from '../../src/base/hash.ts'
import { parseInstant } from '../../src/base/instant.ts'
import { silentLog } from '../../src/base/log.ts'
import { normalizeProject } from '../../src/config/normalize.ts'
import type { Project } from '../../src/config/project.ts'
import { openDatabase } from '../../src/db/db.ts'
import { createFeatures } from '../../src/features/features.ts'
import { createPostgresStore } from '../../src/features/online/postgres-store.ts'
import { openDirectoryStore } from '../../src/lake/directory-store.ts'
import { createDuck } from '../../src/lake/duck.ts'
import { createLake } from '../../src/lake/lake.ts'
import { BENCH_VIEWS } from './views.ts'

export type OursJob = {
  databaseUrl: string
  /** For the object store; on the file system of the data. */
  home: string
  kind: 'snapshot' | 'changes'
  months: string[]
  /** By view, one file a month. */
  files: Record<string, string[]>
  /** Absent: materialize instead. */
  entities?: string
  ttl?: string
  repeat?: number
  memoryLimit?: string
}

export type OursJoined = {
  seconds: number
  rows: number
  maxRssMb: number
  baseRssMb: number
  digest: string
  columns: Record<string, { present: number; sum: number }>
}
export type OursMaterialized = { seconds: number; rows: number; rowsPerSecond: number; maxRssMb: number }

const job = JSON.parse(process.argv[2] ?? '{}') as OursJob
const db = await openDatabase({ home: job.home, url: job.databaseUrl, log: silentLog })
const objects = await openDirectoryStore(join(job.home, 'objects'))
const folders = job.entities ? [dirname(job.entities)] : []
const memory = job.memoryLimit ? { memoryLimit: job.memoryLimit } : {}
const duck = await createDuck({ directories: [...objects.directories, ...folders], ...memory })
const lake = createLake({ sql: db, objects, duck, clock: systemClock })
const project = projectOf(job)
const online = createPostgresStore(db)
const features = createFeatures({ sql: db, lake, duck, objects, project, clock: systemClock, log: silentLog, online })
await duck.run('SELECT 1')
await fill()
const baseRssMb = await peakMb()
console.log(JSON.stringify(job.entities ? await joined(job.entities) : await materialized()))
await features.close()
duck.close()
await db.close()

async function joined(file: string): Promise<OursJoined> {
  const service = features.service('all')
  const knownAt = await lake.pinKnownAt()
  let seconds = Number.POSITIVE_INFINITY
  let ref: Awaited<ReturnType<typeof features.entityDataset>> | undefined
  for (let i = 0; i < (job.repeat ?? 1); i++) {
    const start = performance.now()
    ref = await features.entityDataset(service, { file, knownAt, mode: 'restated' })
    seconds = Math.min(seconds, (performance.now() - start) / 1000)
  }
  const maxRssMb = await peakMb()
  if (!ref) throw new Error('nothing was joined')
  const path = await objects.local(ref.objectKey)
  const columns: OursJoined['columns'] = {}
  for (const [name, type] of BENCH_VIEWS.flatMap((view) => Object.entries(view.features))) {
    const value = type === 'String' ? `length(${name})` : `CAST(${name} AS DOUBLE)`
    const [row] = await duck.rows<{ present: number; sum: number }>(
      `SELECT count(${name}) AS present, coalesce(sum(${value}), 0)::DOUBLE AS sum FROM read_parquet('${path}')`,
    )
    if (row) columns[name] = row
  }
  return { seconds, rows: ref.rows, maxRssMb, baseRssMb, digest: ref.digest, columns }
}

async function materialized(): Promise<OursMaterialized> {
  const start = performance.now()
  const done = await features.materialize()
  const seconds = (performance.now() - start) / 1000
  const rows = done.reduce((sum, view) => sum + view.rows, 0)
  return { seconds, rows, rowsPerSecond: rows / seconds, maxRssMb: await peakMb() }
}

async function fill(): Promise<void> {
  await mkdir(join(job.home, 'objects', 'snapshots'), { recursive: true })
  for (const source of project.sources) {
    for (const [m, path] of (job.files[source.name] ?? []).entries()) {
      const digest = await sha256File(path)
      const objectKey = `snapshots/${digest}.parquet`
      await link(path, join(job.home, 'objects', objectKey)).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error
      })
      const [count] = await duck.rows<{ n: number }>(
        `SELECT count(*) AS n FROM read_parquet('${await objects.local(objectKey)}')`,
      )
      const draft = {
        source: source.name,
        validAt: parseInstant(job.months[m] ?? ''),
        digest,
        objectKey,
        fileDigest: digest,
        rows: count?.n ?? 0,
        bytes: (await stat(path)).size,
        columns: source.columns.map(({ name, type }) => ({ name, type })),
        // As ingest would find: a customer stands in a month once.
        uniqueKey: job.kind === 'snapshot' ? ['user_id'] : ['user_id', 'event_timestamp'],
        publishDelayMs: 0,
      }
      await db.tx((tx) => lake.commit(tx, [draft]))
    }
  }
}

function projectOf({ kind, ttl }: OursJob): Project {
  const time = { event_timestamp: 'UnixTimestamp', created: 'UnixTimestamp' }
  const changes = { kind, eventTime: 'event_timestamp', availableAt: 'created' }
  const sources = BENCH_VIEWS.map(({ name, features: columns }) => {
    const own = { user_id: 'String', ...(kind === 'changes' ? time : {}), ...columns }
    return [name, { key: 'user_id', columns: own, ...(kind === 'changes' ? changes : {}) }]
  })
  const views = BENCH_VIEWS.map(({ name, features: columns }) => {
    return [name, { entity: 'user', source: name, ttl: ttl ?? null, features: columns }]
  })
  return normalizeProject(
    {
      name: 'bench',
      sources: Object.fromEntries(sources),
      entities: { user: { joinKeys: { user_id: 'String' } } },
      featureViews: Object.fromEntries(views),
      featureServices: { all: BENCH_VIEWS.map((view) => view.name) },
    },
    '/',
  )
}

/** The most memory that this process has had at once. */
async function peakMb(): Promise<number> {
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '')
  return Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1024
}
