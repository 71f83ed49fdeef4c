import { randomBytes } from 'node:crypto'
import { Agent, request } from 'node:http'
import { memoryOf } from '../processes.ts'
import { loadRuns } from './load.ts'
import type { BenchServer } from './servers.ts'

export type Measured = {
  metricsPerSecond: number
  batchedPerSecond: number
  searchMs: number
  searchManyMs?: number
  promotionsPerSecond: number
  idleMb: number
}

const SECONDS = 6
const SEARCHES = 40
const PROMOTIONS = 30
const METRICS = 20

export async function measureServer(server: BenchServer, load: { runs: number; many?: number }): Promise<Measured> {
  const idleMb = memoryOf(server.pid, '/nothing')
  const call = caller(server.url)
  const { experiment_id } = await call('experiments/create', { name: 'bench' })
  const { run } = await call('runs/create', { experiment_id })
  const runId = run.info.run_id as string
  let n = 0
  const metricsPerSecond = await hammer(server.url, 'runs/log-metric', 8, () => {
    n++
    return { run_id: runId, key: `m${n % 8}`, value: Math.random(), timestamp: n, step: n }
  })
  const batchesPerSecond = await hammer(server.url, 'runs/log-batch', 4, () => {
    n++
    const metrics = Array.from({ length: 1000 }, (_, i) => ({ key: `b${i % 20}`, value: i + n, timestamp: n, step: i }))
    return { run_id: runId, metrics }
  })
  const few = await loadRuns(server, 'few', load.runs, METRICS)
  const searchMs = await search(server.url, few)
  const promotionsPerSecond = await promotions(call, run.info)
  const figures = { metricsPerSecond, batchedPerSecond: batchesPerSecond * 1000, searchMs, promotionsPerSecond, idleMb }
  if (load.many === undefined) return figures
  return { ...figures, searchManyMs: await search(server.url, await loadRuns(server, 'many', load.many, METRICS)) }
}

// biome-ignore lint/suspicious/noExplicitAny: whatever the server says
type Answer = Record<string, any>
type Call = (path: string, body: object) => Promise<Answer>

function caller(url: string): Call {
  return async (path, body) => {
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(`${url}/api/2.0/mlflow/${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
    const told = JSON.parse(await answer.text()) as Answer
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${JSON.stringify(told).slice(0, 300)}`)
    return told
  }
}

/** Calls a second, by so many clients that each wait for their answer. A closed connection is opened again. */
async function hammer(url: string, path: string, clients: number, body: () => object): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: clients })
  const target = `${url}/api/2.0/mlflow/${path}`
  const until = performance.now() + SECONDS * 1000
  let calls = 0
  const client = async () => {
    while (performance.now() < until) {
      const status = await post(agent, target, JSON.stringify(body()))
      if (status !== 200) throw new Error(`${path} answered ${status}`)
      calls++
    }
  }
  const since = performance.now()
  await Promise.all(Array.from({ length: clients }, client))
  agent.destroy()
  return (calls * 1000) / (performance.now() - since)
}

function post(agent: Agent, url: string, body: string): Promise<number> {
  return new Promise((done, failed) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
    const sent = request(url, { method: 'POST', agent, headers }, (answer) => {
      answer.resume().on('end', () => done(answer.statusCode ?? 0))
    })
    sent.on('error', failed).end(body)
  })
}

/** Median time of a filtered search, the best by a metric first, to the last byte of the answer. */
async function search(url: string, experimentId: string): Promise<number> {
  const wanted = {
    experiment_ids: [experimentId],
    filter: "metrics.m0 > 0.1 and params.p0 = '1'",
    order_by: ['metrics.m1 DESC'],
    max_results: 100,
  }
  const times: number[] = []
  for (let i = 0; i <= SEARCHES; i++) {
    const headers = { 'content-type': 'application/json' }
    const since = performance.now()
    const answer = await fetch(`${url}/api/2.0/mlflow/runs/search`, {
      method: 'POST',
      headers,
      body: JSON.stringify(wanted),
    })
    const text = await answer.text()
    if (i > 0) times.push(performance.now() - since)
    const { runs } = JSON.parse(text) as Answer
    if (runs.length !== 100) throw new Error(`runs/search gave ${runs.length} runs instead of 100`)
  }
  return times.sort((a, b) => a - b)[times.length >> 1]!
}

async function promotions(call: Call, run: { run_id: string; artifact_uri: string }): Promise<number> {
  const name = `model-${randomBytes(4).toString('hex')}`
  await call('registered-models/create', { name })
  const since = performance.now()
  for (let i = 0; i < PROMOTIONS; i++) {
    const source = `${run.artifact_uri}/model`
    const { model_version } = await call('model-versions/create', { name, source, run_id: run.run_id })
    const version = model_version.version as string
    const stage = { name, version, stage: 'Production', archive_existing_versions: true }
    await call('model-versions/transition-stage', stage)
    await call('registered-models/alias', { name, alias: 'champion', version })
  }
  return (PROMOTIONS * 1000) / (performance.now() - since)
}
