/**
 * Our server beside the real MLflow server 2.16.2, each with a database of its own on one embedded PostgreSQL, by the
 * same HTTP calls, in turn. Needs WEIR_PYTHON_MLFLOW2 (test/compat/requirements-mlflow2.txt); says so without it.
 * WEIR_BENCH_ONLY=log-batch,search measures only those whose name has one of these words.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BenchResult, interleaved, median } from './harness.ts'
import { FIGURES, type Figure, searchMany } from './mlflow/measure.ts'
import { type Bench, observed } from './mlflow/observe.ts'
import { openBenchDatabases, startMlflow, startWeir } from './mlflow/servers.ts'
import { memoryOf } from './processes.ts'

export async function run(): Promise<BenchResult[]> {
  const python = process.env.WEIR_PYTHON_MLFLOW2
  if (!python) {
    console.log('  skipped: WEIR_PYTHON_MLFLOW2 names no Python with test/compat/requirements-mlflow2.txt')
    return []
  }
  const home = await mkdtemp(join(tmpdir(), 'weir-bench-mlflow-'))
  const databases = await openBenchDatabases(home)
  const stops: (() => Promise<void>)[] = []
  try {
    const theirs = await startMlflow(python, await databases.create('mlflow'), join(home, 'mlflow'))
    stops.push(theirs.stop)
    const ours = await startWeir(await databases.create('weir'), join(home, 'weir'))
    stops.push(ours.stop)
    const idle = { ours: memoryOf(ours.pid, '/nothing'), peer: memoryOf(theirs.pid, '/nothing') }
    const results: BenchResult[] = []
    for (const figure of FIGURES.filter(isAsked)) {
      results.push(await measured(figure, { ours, theirs, folder: home }))
    }
    if (isAsked({ name: 'memory' })) {
      const note = "ratio: how many times ours the peer's is"
      results.push({ name: 'memory, idle', ...idle, unit: 'MB', ratio: idle.peer / idle.ours, note })
    }
    if (isAsked({ name: 'search among many' })) results.push(await searchMany(ours))
    return results
  } finally {
    for (const stop of stops) await stop()
    await databases.close()
    await rm(home, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
  }
}

function isAsked({ name }: { name: string }): boolean {
  const words = (process.env.WEIR_BENCH_ONLY ?? '').split(',').filter((word) => word !== '')
  return words.length === 0 || words.some((word) => name.includes(word))
}

async function measured(figure: Figure, { ours, theirs, folder }: Bench): Promise<BenchResult> {
  const own = await figure.prepare(ours)
  const peer = await figure.prepare(theirs)
  const costs: { ours: number[]; peer: number[] } = { ours: [], peer: [] }
  const rounds = await interleaved(
    () => observed(figure, { server: ours, folder }, own, costs.ours),
    () => observed(figure, { server: theirs, folder }, peer, costs.peer),
    figure.better,
  )
  const cost = `of processor time the peer takes ${(median(costs.peer) / median(costs.ours)).toFixed(1)} times ours`
  const note = figure.better === 'less' ? `ratio: how many times ours the peer's is; ${cost}` : cost
  return { name: figure.name, unit: figure.unit, ...rounds, note }
}
