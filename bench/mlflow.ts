/**
 * Our server beside the real MLflow server 2.16.2, each with a database of its own on one embedded PostgreSQL, by the
 * same HTTP calls. Needs WEIR_PYTHON_MLFLOW2 (test/compat/requirements-mlflow2.txt); says so without it.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BenchResult } from './harness.ts'
import { type Measured, measureServer } from './mlflow/measure.ts'
import { openBenchDatabases, startMlflow, startWeir } from './mlflow/servers.ts'

const LOADED_RUNS = 5_000
const MANY_RUNS = 100_000

export async function run(): Promise<BenchResult[]> {
  const python = process.env.WEIR_PYTHON_MLFLOW2
  if (!python) {
    console.log('  skipped: WEIR_PYTHON_MLFLOW2 names no Python with test/compat/requirements-mlflow2.txt')
    return []
  }
  const home = await mkdtemp(join(tmpdir(), 'weir-bench-mlflow-'))
  const databases = await openBenchDatabases(home)
  try {
    const theirs = await startMlflow(python, await databases.create('mlflow'), join(home, 'mlflow'))
    const peer = await measured('MLflow 2.16.2', () => measureServer(theirs, { runs: LOADED_RUNS })).finally(
      theirs.stop,
    )
    const server = await startWeir(await databases.create('weir'), join(home, 'weir'))
    const ours = await measured('Weir', () => measureServer(server, { runs: LOADED_RUNS, many: MANY_RUNS })).finally(
      server.stop,
    )
    return compare(ours, peer)
  } finally {
    await databases.close()
    await rm(home, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
  }
}

async function measured(name: string, work: () => Promise<Measured>): Promise<Measured> {
  const figures = await work()
  console.log(`  ${name}: ${JSON.stringify(figures, (_, v) => (typeof v === 'number' ? Number(v.toPrecision(4)) : v))}`)
  return figures
}

function compare(ours: Measured, peer: Measured): BenchResult[] {
  const faster = (name: string, figure: keyof Measured, unit: string): BenchResult => {
    const [a, b] = [ours[figure]!, peer[figure]!]
    return { name, ours: a, peer: b, unit, ratio: a / b }
  }
  const less = (name: string, figure: keyof Measured, unit: string): BenchResult => {
    const [a, b] = [ours[figure]!, peer[figure]!]
    return { name, ours: a, peer: b, unit, ratio: b / a, note: "ratio: how many times ours the peer's is" }
  }
  const many = ours.searchManyMs!
  return [
    faster('log-metric, 8 clients', 'metricsPerSecond', 'calls/s'),
    faster('log-batch of 1,000', 'batchedPerSecond', 'metrics/s'),
    less(`runs/search over ${LOADED_RUNS} runs by a metric, 100 results`, 'searchMs', 'ms'),
    {
      name: `the same over ${MANY_RUNS} runs with 20 metrics each`,
      ours: many,
      peer: ours.searchMs,
      unit: 'ms',
      ratio: many / ours.searchMs,
      note: 'peer: ours over the few; the limit is 3',
    },
    faster('create a version, promote it, point an alias to it', 'promotionsPerSecond', 'a second'),
    less('memory, idle', 'idleMb', 'MB'),
  ]
}
