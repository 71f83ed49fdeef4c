import { randomBytes } from 'node:crypto'
import { type BenchResult, median } from '../harness.ts'
import { openCaller } from './client.ts'
import { loadRuns } from './load.ts'
import type { BenchServer } from './servers.ts'

/** What is measured: `prepare` gives a function that measures once, on what it has made ready. */
export type Figure = {
  name: string
  unit: string
  better: 'more' | 'less'
  prepare(server: BenchServer): Promise<() => Promise<number>>
}

/** One measurement of calls: long enough that a checkpoint does not decide it. */
const SECONDS = Number(process.env.WEIR_BENCH_SECONDS ?? 5)
const SEARCHES = 20
const METRICS = 20
const LOADED_RUNS = 5_000
const MANY_RUNS = 100_000

export const FIGURES: readonly Figure[] = [
  {
    name: 'log-metric, 8 clients',
    unit: 'calls/s',
    better: 'more',
    async prepare(server) {
      const { run_id } = await newRun(server)
      let n = 0
      return () =>
        hammer(server.url, 'runs/log-metric', 8, () => {
          n++
          return { run_id, key: `m${n % 8}`, value: Math.random(), timestamp: n, step: n }
        })
    },
  },
  {
    name: 'log-batch of 1,000',
    unit: 'metrics/s',
    better: 'more',
    async prepare(server) {
      const { run_id } = await newRun(server)
      let n = 0
      const body = () => {
        n++
        const metrics = Array.from({ length: 1000 }, (_, i) => ({
          key: `b${i % 20}`,
          value: i + n,
          timestamp: n,
          step: i,
        }))
        return { run_id, metrics }
      }
      return async () => 1000 * (await hammer(server.url, 'runs/log-batch', 4, body))
    },
  },
  {
    name: `runs/search over ${LOADED_RUNS} runs by a metric, 100 results`,
    unit: 'ms',
    better: 'less',
    async prepare(server) {
      const experiment = await loadRuns(server, 'few', LOADED_RUNS, METRICS)
      return () => search(server.url, experiment)
    },
  },
  {
    name: 'create a version, promote it, point an alias to it',
    unit: 'a second',
    better: 'more',
    async prepare(server) {
      const run = await newRun(server)
      return () => promotions(server.url, run)
    },
  },
]

/** Of ours alone: what a search takes where there are many runs, beside what it takes where there are few. */
export async function searchMany(server: BenchServer): Promise<BenchResult> {
  const few = await search(server.url, await loadRuns(server, 'some', LOADED_RUNS, METRICS))
  const many = await search(server.url, await loadRuns(server, 'many', MANY_RUNS, METRICS))
  return {
    name: `search among ${MANY_RUNS} runs with ${METRICS} metrics each`,
    ours: many,
    peer: few,
    unit: 'ms',
    ratio: many / few,
    note: 'peer: ours over the few; the limit is 3',
  }
}

async function newRun(server: BenchServer): Promise<{ run_id: string; artifact_uri: string }> {
  const { call, close } = caller(server.url)
  const { experiment_id } = await call('experiments/create', { name: `bench-${randomBytes(4).toString('hex')}` })
  const { run } = await call('runs/create', { experiment_id })
  close()
  return run.info
}

// biome-ignore lint/suspicious/noExplicitAny: whatever the server says
type Answer = Record<string, any>
type Call = (path: string, body: object) => Promise<Answer>

function caller(url: string): { call: Call; close(): void } {
  const { post, close } = openCaller(url)
  const call: Call = async (path, body) => {
    const { status, json } = await post(`/api/2.0/mlflow/${path}`, JSON.stringify(body))
    if (status !== 200) throw new Error(`${path}: ${status} ${json.slice(0, 300)}`)
    return JSON.parse(json)
  }
  return { call, close }
}

/** Calls a second, by so many clients that each wait for their answer. */
async function hammer(url: string, path: string, clients: number, body: () => object): Promise<number> {
  const until = performance.now() + SECONDS * 1000
  let calls = 0
  const client = async () => {
    const caller = openCaller(url)
    while (performance.now() < until) {
      const { status } = await caller.post(`/api/2.0/mlflow/${path}`, JSON.stringify(body()))
      if (status !== 200) throw new Error(`${path} answered ${status}`)
      calls++
    }
    caller.close()
  }
  const since = performance.now()
  await Promise.all(Array.from({ length: clients }, client))
  return (calls * 1000) / (performance.now() - since)
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
  return median(times)
}

async function promotions(url: string, run: { run_id: string; artifact_uri: string }): Promise<number> {
  const { call, close } = caller(url)
  const name = `model-${randomBytes(4).toString('hex')}`
  await call('registered-models/create', { name })
  const since = performance.now()
  let done = 0
  while (performance.now() < since + SECONDS * 1000) {
    const source = `${run.artifact_uri}/model`
    const { model_version } = await call('model-versions/create', { name, source, run_id: run.run_id })
    const version = model_version.version as string
    const stage = { name, version, stage: 'Production', archive_existing_versions: true }
    await call('model-versions/transition-stage', stage)
    await call('registered-models/alias', { name, alias: 'champion', version })
    done++
  }
  close()
  return (done * 1000) / (performance.now() - since)
}
