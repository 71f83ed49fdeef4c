/**
 * `POST /predict` of the whole product while 12 callers send, without a pause, what once stopped it (H1 to H4): its p99
 * against that of the quiet server just before, the median of five rounds. The goal: less than ten times. The callers are
 * in a process of their own that stands behind the others (`nice`), since no second machine is at hand.
 */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import autocannon from 'autocannon'
import { silentLog } from '../src/base/log.ts'
import { openDatabase } from '../src/db/db.ts'
import type { Database } from '../src/db/sql.ts'
import type { BenchResult } from './harness.ts'
import { EXAMPLE, startWeir, stop, WEIR } from './processes.ts'

const CALLERS_PROCESS = fileURLToPath(new URL('./hostile/callers-process.ts', import.meta.url))

const CALLERS = 12
const SECONDS = 3
/** Of quiet and besieged measurements in turns; the figure is the median of their ratios. */
const ROUNDS = 5
const CONNECTIONS = 4
const RUNS = 5_000
const POINTS = 300_000
const FILES = 20_000

type Ask = { path: string; method?: string; headers?: Record<string, string>; body?: string }

export async function run(): Promise<BenchResult[]> {
  const home = await mkdtemp(join(tmpdir(), 'weir-bench-hostile-'))
  let server: Awaited<ReturnType<typeof startWeir>> | undefined
  let db: Database | undefined
  try {
    const args = ['demo', '--no-serve', '--json', '--project', EXAMPLE, '--home', home]
    execFileSync(process.execPath, [WEIR, ...args], { stdio: ['ignore', 'ignore', 'inherit'] })
    db = await openDatabase({ home, log: silentLog })
    const keys = await someKeys(db)
    const data = await fill(db, home)
    server = await startWeir(home)
    await predictions(server.url, keys, 2)
    const results: BenchResult[] = []
    for (const [name, ask] of Object.entries(attacks(data, keys))) {
      const rounds: Round[] = []
      for (let i = 0; i < ROUNDS; i++) rounds.push(await round(server.url, keys, ask))
      results.push(resultOf(name, rounds))
    }
    return results
  } finally {
    if (server) await stop(server.child)
    await db?.close()
    await rm(home, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
  }
}

function attacks({ run, large }: { run: string; large: string }, keys: readonly string[]): Record<string, Ask> {
  const api = '/api/2.0/mlflow'
  const json = (path: string, body: object, headers: Record<string, string> = {}): Ask => {
    return {
      path,
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    }
  }
  const comparisons = (count: number) =>
    Array.from({ length: count }, (_, i) => `metrics.m${i % 5} > ${i} AND tags.t${i} != 'x'`).join(' AND ')
  const search = (filter: string, fields: number) => {
    const order_by = Array.from({ length: fields }, (_, i) => `metrics.o${i} DESC`)
    return json(`${api}/runs/search`, { experiment_ids: ['0'], filter, order_by, max_results: 1000 })
  }
  const dataset = (i: number) => ({ dataset: { name: `d${i}`, digest: 'x', source_type: 's', source: 's' } })
  const many = <T>(count: number, one: (i: number) => T) => Array.from({ length: count }, (_, i) => one(i))
  const online = {
    features: ['subs_profile_fv:monthly_fee'],
    entities: { user_id: many(10_000, (i) => keys[i % keys.length]) },
  }
  return {
    'H1, searches of 110 comparisons': search(comparisons(55), 0),
    'H1, searches as large as they may be': search(comparisons(10), 20),
    'H2, mpu/create with a header of 15 kB': json(
      '/api/2.0/mlflow-artifacts/mpu/create/x',
      { path: 'f', num_parts: 10_000 },
      { authorization: `Bearer ${'t'.repeat(15_000)}` },
    ),
    'H2, mpu/create as large as it may be': json('/api/2.0/mlflow-artifacts/mpu/create/x', {
      path: 'f',
      num_parts: 10_000,
    }),
    'H3, runs/get with 10,000 inputs': { path: `${api}/runs/get?run_id=${large}` },
    'H3, get-history of 300,000 points': { path: `${api}/metrics/get-history?run_id=${run}&metric_key=m` },
    'H3, artifacts/list of 20,000 files': { path: `${api}/artifacts/list?run_id=${run}&path=many` },
    'H3, versions with 1 MB descriptions': { path: `${api}/model-versions/search?max_results=1000` },
    'H3, /get-online-features of 100,000 keys': json('/get-online-features', {
      ...online,
      entities: { user_id: many(100_000, (i) => keys[i % keys.length]) },
    }),
    'H3, /get-online-features of 10,000 keys': json('/get-online-features', online),
    'H4, log-inputs of 20,000 datasets': json(`${api}/runs/log-inputs`, {
      run_id: run,
      datasets: many(20_000, dataset),
    }),
    'H4, log-inputs of 1,000 datasets': json(`${api}/runs/log-inputs`, { run_id: run, datasets: many(1_000, dataset) }),
    'H4, a run of 30,000 tags': json(`${api}/runs/create`, {
      experiment_id: '0',
      tags: many(30_000, (i) => ({ key: `t${i}`, value: 'v' })),
    }),
  }
}

type Latency = { p50: number; p99: number; failed: number }

/** An answer that is not a 200 is counted and told: a fast error is no figure. */
async function predictions(url: string, keys: readonly string[], duration = SECONDS): Promise<Latency> {
  const requests = keys.map((key) => ({ body: JSON.stringify({ user_id: key }) }))
  const headers = { 'content-type': 'application/json' }
  const result = await autocannon({
    url: `${url}/predict`,
    method: 'POST',
    headers,
    requests,
    connections: CONNECTIONS,
    duration,
  })
  const failed = result.non2xx + result.errors + result.timeouts
  return { p50: result.latency.p50, p99: Math.max(1, result.latency.p99), failed }
}

type Round = { quiet: Latency; under: Latency; statuses: Record<string, number> }

/** Quiet first, then with the callers; they need a moment until all of them wait for an answer. */
async function round(url: string, keys: readonly string[], ask: Ask): Promise<Round> {
  const quiet = await predictions(url, keys)
  const callers = spawn(process.execPath, ['--import', 'tsx', CALLERS_PROCESS], { stdio: ['pipe', 'pipe', 'inherit'] })
  callers.stdin.write(`${JSON.stringify({ url, ask, callers: CALLERS })}\n`)
  await setTimeout(1_000)
  const under = await predictions(url, keys)
  const ended = once(callers, 'exit')
  callers.stdin.end()
  let text = ''
  for await (const chunk of callers.stdout) text += chunk
  await ended
  return { quiet, under, statuses: JSON.parse(text) as Record<string, number> }
}

function resultOf(name: string, rounds: readonly Round[]): BenchResult {
  const sorted = rounds.toSorted((a, b) => ratioOf(a) - ratioOf(b))
  const middle = sorted[Math.floor(sorted.length / 2)]!
  const statuses: Record<string, number> = {}
  for (const round of rounds) {
    for (const [status, count] of Object.entries(round.statuses)) statuses[status] = (statuses[status] ?? 0) + count
  }
  const told = Object.entries(statuses).map(([status, count]) => `${count} × ${status}`)
  const failed = rounds.reduce((sum, { under }) => sum + under.failed, 0)
  const spread = `${ratioOf(sorted[0]!).toFixed(1)} to ${ratioOf(sorted.at(-1)!).toFixed(1)}`
  const p50 = `p50 ${middle.quiet.p50} ms, then ${middle.under.p50} ms`
  return {
    name: `p99 of /predict under ${name}`,
    ours: middle.under.p99,
    peer: middle.quiet.p99,
    unit: 'ms',
    ratio: ratioOf(middle),
    note: `${spread} in ${rounds.length} rounds; ${p50}, ${failed} failed; the ${CALLERS} callers got ${told.join(', ') || 'no answer'}`,
  }
}

function ratioOf({ quiet, under }: Round): number {
  return under.p99 / quiet.p99
}

/** What a few months of use, or one caller, leave behind. */
async function fill(db: Database, home: string): Promise<{ run: string; large: string }> {
  await db.query(
    `insert into tracking.run (run_id, experiment_id, name, user_id, status, start_ms, artifact_uri)
     select md5(i::text), 0, 'r' || i, '', 'FINISHED', i, 'mlflow-artifacts:/0/' || md5(i::text) || '/artifacts'
     from generate_series(1, ${RUNS}) i`,
  )
  for (const table of ['m', 'o']) {
    await db.query(
      `insert into tracking.latest_metric (run_id, experiment_id, key, timestamp_ms, step, value)
       select md5(i::text), 0, '${table}' || k, 1, 1, random() * 100 from generate_series(1, ${RUNS}) i, generate_series(0, 9) k`,
    )
  }
  await db.query(
    `insert into tracking.tag select md5(i::text), 't' || k, 'v' from generate_series(1, ${RUNS}) i, generate_series(0, 19) k`,
  )
  const [row] = await db.query<{ run: string; large: string }>("select md5('1') as run, md5('2') as large")
  await db.query(
    `with series as (insert into tracking.series (run_id, key) values ($1, 'm') returning series_id)
     insert into tracking.point select series_id, i, i, random() from series, generate_series(1, ${POINTS}) i`,
    [row!.run],
  )
  await db.query(
    `with made as (
       insert into tracking.dataset (experiment_id, name, digest, source_type, source, schema)
       select 0, 'large' || i, 'x', 's', 's', repeat('s', 1000) from generate_series(1, 10000) i returning dataset_id)
     insert into tracking.input (run_id, dataset_id) select $1, dataset_id from made`,
    [row!.large],
  )
  await db.query("insert into registry.model (name, creation_ms, last_update_ms) values ('texts', 1, 1)")
  await db.query(
    `insert into registry.version (name, version, source, description, creation_ms, last_update_ms)
     select 'texts', i, 'mlflow-artifacts:/0/x', repeat(md5(i::text), 31250), i, i from generate_series(1, 200) i`,
  )
  await db.query('analyze')
  const folder = join(home, 'objects', 'artifacts', '0', row!.run, 'artifacts', 'many')
  await mkdir(folder, { recursive: true })
  for (let i = 0; i < FILES; i += 500) {
    await Promise.all(Array.from({ length: 500 }, (_, k) => writeFile(join(folder, `file-${i + k}`), 'x')))
  }
  return row!
}

async function someKeys(db: Database): Promise<string[]> {
  const [table] = await db.query<{ table_name: string }>(
    "select table_name from features.online_table where view = 'subs_profile_fv'",
  )
  const found = await db.query<{ user_id: string }>(
    `select user_id from online."${table?.table_name}" order by md5(user_id) limit 500`,
  )
  return found.map((row) => row.user_id)
}
