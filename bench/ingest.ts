/**
 * Ingest of a whole month of the reference project (read, check, Parquet, catalogue on a real PostgreSQL with fsync)
 * against the least that anyone has to do: a plain DuckDB that copies the same CSV files to Parquet, which checks
 * nothing and keeps no record. The two take turns. The real months where they are, else generated ones.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { systemClock } from '../src/base/clock.ts'
import { silentLog } from '../src/base/log.ts'
import { loadProject } from '../src/config/load.ts'
import { normalizeProject } from '../src/config/normalize.ts'
import type { Project } from '../src/config/project.ts'
import { openDatabase } from '../src/db/db.ts'
import { createIngest, type Ingest } from '../src/ingest/ingest.ts'
import { openDirectoryStore } from '../src/lake/directory-store.ts'
import { createDuck, type Duck } from '../src/lake/duck.ts'
import { createLake } from '../src/lake/lake.ts'
import { realMonths, someMonths } from '../test/helpers/real-data.ts'
import { type BenchResult, median } from './harness.ts'

/** Counted ones; two before them warm up. */
const REPEATS = 11
const WARM_UP = 2
const LARGE_ROWS = 1_000_000
const LARGE_REPEATS = 3

type Rooms = { dir: string; plain: Duck; ingestOf(project: Project): Ingest }

export async function run(): Promise<BenchResult[]> {
  const dir = await mkdtemp(join(tmpdir(), 'weir-bench-ingest-'))
  const db = await openDatabase({ home: join(dir, 'home'), log: silentLog })
  const objects = await openDirectoryStore(join(dir, 'objects'))
  const duck = await createDuck({ directories: objects.directories })
  const plain = await createDuck()
  const lake = createLake({ sql: db, objects, duck, clock: systemClock })
  const deps = { sql: db, lake, duck, clock: systemClock, log: silentLog }
  const rooms = { dir, plain, ingestOf: (project: Project) => createIngest({ ...deps, project }) }
  try {
    return [...(await months(rooms)), await large(rooms)]
  } finally {
    duck.close()
    plain.close()
    await db.close()
    await rm(dir, { recursive: true, force: true })
  }
}

async function months({ dir, plain, ingestOf }: Rooms): Promise<BenchResult[]> {
  const data = await someMonths(join(dir, 'months'))
  const project = await loadProject(fileURLToPath(new URL('../examples/streamflow', import.meta.url)))
  const ingest = ingestOf(project)
  const ours: number[] = []
  const again: number[] = []
  const peer: number[] = []
  for (let i = 0; i < WARM_UP + REPEATS; i++) {
    // By turns, so that no month has the content of the one before.
    const month = join(data, `month_00${i % 2}`)
    const asOf = dayOf(i)
    ours.push(await millis(() => ingest.ingestMonth({ dir: month, asOf })))
    again.push(await millis(() => ingest.ingestMonth({ dir: month, asOf })))
    peer.push(await millis(() => copyAll(plain, project, month, dir)))
  }
  const note = `${realMonths() ? 'real' : 'generated'} months, ${project.sources.length} files; peer: plain DuckDB COPY of the same files`
  return [
    lineOf('a new month, median', median(ours.slice(WARM_UP)), median(peer.slice(WARM_UP)), note),
    lineOf('a new month, least', Math.min(...ours.slice(WARM_UP)), Math.min(...peer.slice(WARM_UP))),
    lineOf('the same month again, median', median(again.slice(WARM_UP)), median(peer.slice(WARM_UP)), 'a no-op'),
  ]
}

/** One table of a million rows: what is paid for each row, where the month shows what is paid for each file. */
async function large({ dir, plain, ingestOf }: Rooms): Promise<BenchResult> {
  const folder = join(dir, 'large')
  await mkdir(folder)
  const numbers = Array.from({ length: 8 }, (_, i) => `x${i}`)
  await plain.run(
    `COPY (SELECT 'k' || range AS id, range % 97 AS n, ${numbers.map((x) => `round(random(), 6) AS ${x}`).join(', ')}
           FROM range(${LARGE_ROWS})) TO '${join(folder, 'events.csv')}' (FORMAT csv, HEADER)`,
  )
  const count = { type: 'Int64', checks: [{ rule: 'required' }, { rule: 'range', min: 0 }] }
  const amount = { type: 'Float64', checks: [{ rule: 'required' }, { rule: 'range', min: 0, max: 1 }] }
  const columns = { id: 'String', n: count, ...Object.fromEntries(numbers.map((x) => [x, amount])) }
  const project = normalizeProject({ name: 'large', sources: { events: { key: 'id', columns } }, entities: {} }, dir)
  const ingest = ingestOf(project)
  const ours: number[] = []
  const peer: number[] = []
  for (let i = 0; i < LARGE_REPEATS; i++) {
    ours.push(await millis(() => ingest.ingestMonth({ dir: folder, asOf: dayOf(i) })))
    peer.push(await millis(() => copyAll(plain, project, folder, dir)))
  }
  const perSecond = Math.round(LARGE_ROWS / (median(ours) / 1000)).toLocaleString('en-US')
  return lineOf('a table of a million rows, median', median(ours), median(peer), `10 columns; ${perSecond} rows/s`)
}

async function copyAll(plain: Duck, project: Project, from: string, to: string): Promise<void> {
  for (const { name, file } of project.sources) {
    const target = join(to, `${name}.parquet`)
    await plain.run(
      `COPY (SELECT * FROM read_csv('${join(from, file)}')) TO '${target}' (FORMAT parquet, COMPRESSION zstd)`,
    )
  }
}

const dayOf = (i: number) => new Date(Date.UTC(2020, 0, 1 + i)).toISOString().slice(0, 10)

async function millis(body: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await body()
  return performance.now() - start
}

function lineOf(name: string, ours: number, peer: number, note?: string): BenchResult {
  return { name, ours, peer, unit: 'ms', ratio: ours / peer, note }
}
