/** One step of the benchmark of pushes, in a process of its own. argv: a job as JSON; prints one JSON document. */
import { join } from 'node:path'
import { systemClock } from '../../src/base/clock.ts'
import { addMs, parseInstant } from '../../src/base/instant.ts'
import { silentLog } from '../../src/base/log.ts'
import { normalizeProject } from '../../src/config/normalize.ts'
import { openDatabase } from '../../src/db/db.ts'
import { createFeatures } from '../../src/features/features.ts'
import { createPostgresStore } from '../../src/features/online/postgres-store.ts'
import { openDirectoryStore } from '../../src/lake/directory-store.ts'
import { createDuck } from '../../src/lake/duck.ts'
import { createLake } from '../../src/lake/lake.ts'

export type PushJob = { databaseUrl: string; home: string; pushes: number; step: 'fill' | 'merge' | 'join' }
export type PushJoined = { seconds: number; digest: string }

const job = JSON.parse(process.argv[2] ?? '{}') as PushJob
const START = parseInstant('2024-01-01')
const ROWS = 10
const KEYS = 1_000

const project = normalizeProject(
  {
    name: 'pushes',
    entities: { user: { joinKeys: { id: 'Int64' } } },
    sources: {
      clicks: {
        kind: 'changes',
        key: 'id',
        eventTime: 'ts',
        columns: { id: 'Int64', ts: 'UnixTimestamp', v: 'Float64' },
      },
    },
    featureViews: { clicks: { entity: 'user', source: 'clicks', features: { v: 'Float64' } } },
    featureServices: { all: ['clicks'] },
  },
  '/',
)
const db = await openDatabase({ home: job.home, url: job.databaseUrl, log: silentLog })
const objects = await openDirectoryStore(join(job.home, 'objects'))
const duck = await createDuck({ directories: objects.directories })
const lake = createLake({ sql: db, objects, duck, clock: systemClock })
const online = createPostgresStore(db)
const features = createFeatures({ sql: db, lake, duck, objects, project, clock: systemClock, log: silentLog, online })
await duck.run('SELECT 1')
const steps = { fill, merge: () => lake.mergeSmall({ sources: ['clicks'] }), join: joinOnce }
const begin = performance.now()
const done = await steps[job.step]()
const seconds = (performance.now() - begin) / 1000
console.log(JSON.stringify({ seconds, digest: typeof done === 'string' ? done : '' }))
await features.close()
await lake.close()
duck.close()
await db.close()

async function fill(): Promise<void> {
  await lake.withScratch(async (scratch) => {
    for (let n = 0; n < job.pushes; n++) {
      const path = join(scratch, 'push.parquet')
      await duck.run(
        `COPY (SELECT (${n * 7} + i * 13) % ${KEYS} AS id, TIMESTAMPTZ '2024-01-01T00:00:00Z' + to_seconds(${n * 60} + i) AS ts,
           (${n} + i / 10.0)::DOUBLE AS v FROM range(${ROWS}) t(i)) TO '${path}' (FORMAT parquet, COMPRESSION zstd)`,
      )
      const kept = await lake.keep(path)
      const columns = project.sources[0]!.columns.map(({ name, type }) => ({ name, type }))
      const draft = {
        source: 'clicks',
        validAt: addMs(START, n * 60_000),
        columns,
        rows: ROWS,
        uniqueKey: ['id', 'ts'],
      }
      await db.tx((tx) => lake.commit(tx, [{ ...draft, ...kept, fileDigest: kept.digest, publishDelayMs: 0 }]))
    }
  })
}

async function joinOnce(): Promise<string> {
  const last = addMs(START, job.pushes * 60_000)
  const file = Array.from({ length: KEYS }, (_, id) => ({ id, event_timestamp: last }))
  const knownAt = await lake.pinKnownAt()
  return (await features.entityDataset(features.service('all'), { file, knownAt, mode: 'served' })).digest
}
