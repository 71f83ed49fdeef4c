/**
 * `POST /predict` of the whole product (`weir serve`) against a bare Fastify echo and against Fastify plus one select by
 * key. Each server is a process of its own; they take turns in short rounds, so that all meet the same machine.
 */
import { type ChildProcess, execFileSync, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import autocannon from 'autocannon'
import { silentLog } from '../src/base/log.ts'
import { openDatabase } from '../src/db/db.ts'
import type { Database } from '../src/db/sql.ts'
import { type BenchResult, median } from './harness.ts'
import { EXAMPLE, startWeir, stop, WEIR } from './processes.ts'

const PEER = fileURLToPath(new URL('./predict-server.ts', import.meta.url))

const CONNECTIONS = [1, 64]
/** Counted ones; one before them warms up. */
const ROUNDS = 5
const ROUND_SECONDS = 2
const KEYS = 500

type Server = { name: string; url: string; child: ChildProcess }
type Round = { perSecond: number; p50Ms: number; p99Ms: number }

export async function run(): Promise<BenchResult[]> {
  const home = await mkdtemp(join(tmpdir(), 'weir-bench-predict-'))
  const servers: Server[] = []
  let db: Database | undefined
  try {
    execFileSync(process.execPath, [WEIR, 'demo', '--no-serve', '--json', '--project', EXAMPLE, '--home', home], {
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    db = await openDatabase({ home, log: silentLog })
    const { table, keys } = await onlineKeys(db)
    servers.push(
      { name: 'weir', ...(await startWeir(home)) },
      await startPeer('echo'),
      await startPeer('select', { DATABASE_URL: db.url, TABLE: table }),
    )
    const results: BenchResult[] = []
    for (const connections of CONNECTIONS) results.push(...(await compare(servers, connections, keys)))
    return results
  } finally {
    for (const { child } of servers) await stop(child)
    await db?.close()
    // The embedded server may still be ending.
    await rm(home, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
  }
}

async function compare(
  servers: readonly Server[],
  connections: number,
  keys: readonly string[],
): Promise<BenchResult[]> {
  const rounds = new Map<string, Round[]>(servers.map(({ name }) => [name, []]))
  for (let i = 0; i <= ROUNDS; i++) {
    for (const { name, url } of servers) {
      const round = await ask(url, connections, keys)
      if (i > 0) rounds.get(name)!.push(round)
    }
  }
  const of = (name: string, figure: keyof Round) => median(rounds.get(name)!.map((round) => round[figure]))
  const times = (name: string) => `p50 ${of(name, 'p50Ms')} ms, p99 ${of(name, 'p99Ms')} ms`
  const ours = of('weir', 'perSecond')
  const lines: [string, string][] = [
    ['echo', 'a bare Fastify echo'],
    ['select', 'Fastify and one select by key'],
  ]
  return lines.map(([peerName, says]) => {
    const peer = of(peerName, 'perSecond')
    const name = `POST /predict against ${says}, ${connections} connection${connections > 1 ? 's' : ''}`
    const note = `ours ${times('weir')}; peer ${times(peerName)}`
    return { name, ours, peer, unit: 'requests/s', ratio: ours / peer, note }
  })
}

/** An answer that is not a 200 ends the benchmark: a fast error is no figure. */
async function ask(url: string, connections: number, keys: readonly string[]): Promise<Round> {
  const requests = keys.map((key) => ({ body: JSON.stringify({ user_id: key }) }))
  const headers = { 'content-type': 'application/json' }
  const path = `${url}/predict`
  const result = await autocannon({
    url: path,
    method: 'POST',
    headers,
    requests,
    connections,
    duration: ROUND_SECONDS,
  })
  const failed = result.non2xx + result.errors + result.timeouts
  if (failed > 0) throw new Error(`${failed} of ${result.requests.total} requests to ${path} failed`)
  const { p50, p99 } = result.latency
  return { perSecond: result.requests.total / result.duration, p50Ms: p50, p99Ms: p99 }
}

/** The table of the view with the most features, and keys to ask for. */
export async function onlineKeys(db: Database): Promise<{ table: string; keys: string[] }> {
  const [row] = await db.query<{ table_name: string }>(
    "select table_name from features.online_table where view = 'subs_profile_fv'",
  )
  const table = `online."${row?.table_name}"`
  const found = await db.query<{ user_id: string }>(`select user_id from ${table} order by md5(user_id) limit ${KEYS}`)
  return { table, keys: found.map((r) => r.user_id) }
}

async function startPeer(name: 'echo' | 'select', env: Record<string, string> = {}): Promise<Server> {
  const child = fork(PEER, [name], { env: { ...process.env, ...env }, execArgv: ['--import', 'tsx'] })
  const [url] = (await once(child, 'message')) as [string]
  return { name, url, child }
}
