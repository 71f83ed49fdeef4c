/**
 * The feature store beside the real Feast 0.56 (WEIR_PYTHON_FEAST56 names a Python with test/compat/requirements-feast56.txt;
 * without it our own figures are printed alone, with ratio 0): the point-in-time join of 1 M and 10 M rows with 4 views of
 * 1 M keys and 12 months, materialization, the online store over HTTP, and the training set of one real month.
 * Data (2 GB) is made once, in WEIR_BENCH_DATA or the system's folder for temporary files.
 */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createApp } from '../src/app.ts'
import { systemClock } from '../src/base/clock.ts'
import { parseInstant } from '../src/base/instant.ts'
import { silentLog } from '../src/base/log.ts'
import { loadProject } from '../src/config/load.ts'
import { readSettings } from '../src/config/settings.ts'
import { writeMonths } from '../src/generator/streamflow.ts'
import { realMonths } from '../test/helpers/real-data.ts'
import { type BenchData, type EntityFile, makeBenchData } from './features/data.ts'
import type { OursJob, OursJoined, OursMaterialized } from './features/join-process.ts'
import { loadOnline } from './features/load.ts'
import { makeFeastMonth } from './features/month.ts'
import { type FeastHistorical, feastHistorical, feastMaterialize, feastServer } from './features/peer.ts'
import { BENCH_FEATURES } from './features/views.ts'
import type { BenchResult } from './harness.ts'
import { openBenchDatabases, startWeir } from './mlflow/servers.ts'

const EXAMPLE = fileURLToPath(new URL('../examples/streamflow', import.meta.url))
const python = process.env.WEIR_PYTHON_FEAST56
const MONTH = '2024-01-31'
const ROUNDS = 2

type Bench = { dir: string; databases: Awaited<ReturnType<typeof openBenchDatabases>>; data: BenchData }

export async function run(): Promise<BenchResult[]> {
  if (!python) console.log('  Feast is not measured: WEIR_PYTHON_FEAST56 names no Python')
  const root = process.env.WEIR_BENCH_DATA || join(tmpdir(), 'weir-bench-data')
  await mkdir(root, { recursive: true })
  const data = await makeBenchData(root)
  // On the file system of the data, so that snapshots are links.
  const dir = await mkdtemp(join(root, 'run-'))
  const databases = await openBenchDatabases(dir)
  const bench = { dir, databases, data }
  try {
    return [
      ...(asked('join') ? await joins(bench) : []),
      ...(asked('history') ? [await longHistory(bench, root)] : []),
      ...(asked('materialize') ? [await materialization(bench)] : []),
      ...(asked('month') ? await realMonth(bench) : []),
    ]
  } finally {
    await databases.close()
    // The server may still be on its way out.
    await rm(dir, { recursive: true, force: true, maxRetries: 30, retryDelay: 200 })
  }
}

/** WEIR_BENCH_ONLY=month,join measures only these parts (join, history, materialize, month). */
function asked(part: string): boolean {
  const words = (process.env.WEIR_BENCH_ONLY ?? '').split(',').filter((word) => word !== '')
  return words.length === 0 || words.includes(part)
}

async function joins(bench: Bench): Promise<BenchResult[]> {
  const cases: [name: string, kind: OursJob['kind'], entities: EntityFile, peer: boolean][] = [
    ['1 M rows at one date, snapshots', 'snapshot', 'oneDate', true],
    ['1 M rows over 12 dates, snapshots', 'snapshot', 'twelveDates', true],
    ['1 M rows at any moment, changes, 48 M rows, ttl of a year', 'changes', 'anyMoment', true],
    ['10 M rows at one date, snapshots', 'snapshot', 'tenfold', false],
  ]
  const results: BenchResult[] = []
  for (const [name, kind, entities, withPeer] of cases) {
    const ours = await joinOurs(bench, bench.data, kind, entities)
    const peer = withPeer && python ? await joinFeast(bench, kind, entities) : undefined
    if (peer) requireSame(name, ours, peer)
    const memory = `${Math.round(ours.maxRssMb)} MB${peer ? ` against ${Math.round(peer.maxRssMb)} MB` : ''}`
    results.push(faster(`join: ${name}`, ours.seconds, peer?.allSeconds, 's', memory))
  }
  return results
}

/** The same with 48 months of history: the peer is our own time with 12. */
async function longHistory(bench: Bench, root: string): Promise<BenchResult> {
  const keys = 100_000
  const [short, long] = await Promise.all(
    [12, 48].map((months) => makeBenchData(root, { keys, months, parts: ['snapshots', 'entities'] })),
  )
  const twelve = await joinOurs(bench, short as BenchData, 'snapshot', 'oneDate', 5)
  const fortyEight = await joinOurs(bench, long as BenchData, 'snapshot', 'oneDate', 5)
  return faster(
    'join: 100 k rows with 48 months of history, against ours with 12',
    fortyEight.seconds,
    twelve.seconds,
    's',
  )
}

async function materialization({ dir, databases, data }: Bench): Promise<BenchResult> {
  const files = Object.fromEntries(data.views.map((view) => [view.name, view.snapshots.slice(-1)]))
  const job = {
    databaseUrl: await databases.create('materialize'),
    home: join(dir, 'materialize'),
    kind: 'snapshot',
    files,
  }
  const ours = await runOurs<OursMaterialized>({ ...job, kind: 'snapshot', months: data.months.slice(-1) })
  const feast = python ? await feastMonth(dir) : undefined
  const peer =
    python && feast
      ? await feastMaterialize(python, {
          views: feast.views,
          start: '2024-01-01T00:00:00Z',
          end: '2024-02-01T00:00:00Z',
        })
      : undefined
  const note = `4 x 1 M rows, ${Math.round(ours.maxRssMb)} MB; Feast 4 x 7,043 rows into SQLite`
  return more('materialize', ours.rowsPerSecond, peer?.rowsPerSecond, 'rows/s', note)
}

/** The real January, or a generated one: the training set end to end, and the features live. */
async function realMonth({ dir, databases }: Bench): Promise<BenchResult[]> {
  const months = realMonths() ?? (await generated(dir))
  const home = join(dir, 'month')
  const databaseUrl = await databases.create('month')
  const project = await loadProject(EXAMPLE)
  const settings = readSettings({ flags: {}, env: { DATABASE_URL: databaseUrl, WEIR_HOME: home }, projectDir: home })
  const app = await createApp({ settings, project, clock: systemClock, log: silentLog })
  const results: BenchResult[] = []
  try {
    await app.ingest.ingestMonth({ dir: join(months, 'month_000'), asOf: MONTH })
    await app.features.materialize()
    const model = project.models[0]?.name ?? ''
    const knownAt = await app.lake.pinKnownAt()
    const seconds: number[] = []
    for (let i = 0; i < 5; i++) {
      const start = performance.now()
      await app.features.trainingSet({ model, asOf: parseInstant(MONTH), knownAt, mode: 'restated' })
      seconds.push((performance.now() - start) / 1000)
    }
    const feast = await feastMonth(dir, months)
    const peer = python
      ? await feastHistorical(python, {
          views: feast.views,
          entities: feast.entities,
          repeat: 5,
          out: join(dir, 'out.parquet'),
        })
      : undefined
    const name = 'training set of a month, 7,043 rows'
    const first = seconds[0] ?? 0
    results.push(faster(`${name}, first of the process`, first, peer?.firstSeconds, 's', 'DuckDB and Feast are loaded'))
    results.push(faster(`${name}, warm`, Math.min(...seconds), peer?.allSeconds, 's', 'fastest of 5'))
  } finally {
    await app.close()
  }
  return [...results, ...(await online({ dir, databaseUrl, home, months }))]
}

async function online(at: { dir: string; databaseUrl: string; home: string; months: string }): Promise<BenchResult[]> {
  const weir = await startWeir(at.databaseUrl, at.home)
  const keys = await customers(at.months)
  const feast = await feastMonth(at.dir, at.months)
  const span = { start: '2024-01-01T00:00:00Z', end: '2024-02-01T00:00:00Z' }
  const server = python ? await feastServer(python, join(at.dir, 'feast'), { views: feast.views, ...span }) : undefined
  try {
    const results: BenchResult[] = []
    for (const keysPerRequest of [1, 100]) {
      const ours = await loadOnline(weir.url, { keys, keysPerRequest })
      const peer = server && (await loadOnline(server.url, { keys, keysPerRequest }))
      const times = `p50 ${ours.p50Ms.toFixed(2)} ms, p99 ${ours.p99Ms.toFixed(2)} ms${
        peer ? `; Feast p50 ${peer.p50Ms.toFixed(1)} ms, p99 ${peer.p99Ms.toFixed(1)} ms` : ''
      }`
      const name = `/get-online-features, ${keysPerRequest} keys x ${BENCH_FEATURES.length} features, 8 connections`
      results.push(more(name, ours.perSecond, peer?.perSecond, 'requests/s', times))
    }
    return results
  } finally {
    await weir.stop()
    await server?.stop()
  }
}

async function joinOurs(bench: Bench, data: BenchData, kind: OursJob['kind'], entities: EntityFile, repeat = ROUNDS) {
  const name = `${kind}_${entities}_${data.months.length}_${data.keys}`.toLowerCase()
  const files = Object.fromEntries(
    data.views.map((view) => [view.name, kind === 'changes' ? view.changes : view.snapshots]),
  )
  const job: OursJob = {
    databaseUrl: await bench.databases.create(name),
    home: join(bench.dir, name),
    kind,
    months: data.months,
    files,
    entities: data.entities[entities],
    repeat,
    ...(kind === 'changes' ? { ttl: '365d' } : {}),
  }
  return runOurs<OursJoined>(job)
}

function joinFeast({ data, dir }: Bench, kind: OursJob['kind'], entities: EntityFile): Promise<FeastHistorical> {
  const views = data.views.map((view) => ({ ...view, path: kind === 'changes' ? view.changesGlob : view.feast }))
  const out = join(dir, 'feast.parquet')
  const ttl = kind === 'changes' ? { ttlDays: 365 } : {}
  return feastHistorical(python ?? '', { views, entities: data.entities[entities], out, ...ttl })
}

/** Feast and we must have found the same values, else the times mean nothing. */
function requireSame(name: string, ours: OursJoined, peer: FeastHistorical): void {
  for (const [feature, { present, sum }] of Object.entries(ours.columns)) {
    const theirs = peer.columns[feature]
    const near = theirs && Math.abs(theirs.sum - sum) <= Math.abs(sum) * 1e-4
    if (theirs?.present !== present || !near) {
      throw new Error(`${name}: ${feature} differs: ours ${present}/${sum}, Feast ${theirs?.present}/${theirs?.sum}`)
    }
  }
}

async function runOurs<T>(job: OursJob): Promise<T> {
  await mkdir(job.home, { recursive: true })
  const script = fileURLToPath(new URL('./features/join-process.ts', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', script, JSON.stringify(job)], {
    maxBuffer: 1e8,
  })
  return JSON.parse(stdout) as T
}

async function feastMonth(dir: string, months?: string) {
  const from = months ?? realMonths() ?? (await generated(dir))
  return makeFeastMonth(join(dir, 'feast-month'), join(from, 'month_000'), MONTH)
}

async function generated(dir: string): Promise<string> {
  const folder = join(dir, 'months')
  await mkdir(folder, { recursive: true })
  await writeMonths(folder, 1)
  return folder
}

async function customers(months: string): Promise<string[]> {
  const lines = (await readFile(join(months, 'month_000', 'users.csv'), 'utf8')).trim().split(/\r?\n/)
  const place = (lines[0] ?? '').split(',').indexOf('user_id')
  return lines.slice(1).map((line) => line.split(',')[place] ?? '')
}

/** A ratio above 1 is in our favour. */
function faster(name: string, ours: number, peer = 0, unit: string, note?: string): BenchResult {
  return { name, ours, peer, unit, ratio: peer / ours, ...(note ? { note } : {}) }
}

function more(name: string, ours: number, peer = 0, unit: string, note?: string): BenchResult {
  return { name, ours, peer, unit, ratio: peer === 0 ? 0 : ours / peer, ...(note ? { note } : {}) }
}
