/**
 * The real Feast 0.56.0 (with its extra `duckdb`) in a Python of its own, as peer.py runs it: one process a measurement,
 * so that its peak memory is the process's. What Feast prints is kept and shown only when it fails.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { BenchView } from './views.ts'

/** `file` is Feast on dask, its default. */
export type FeastStore = 'duckdb' | 'file'

/** A view and its Parquet: a file, or on DuckDB a pattern of files. */
export type FeastView = BenchView & { path: string }

export type FeastHistorical = {
  version: string
  /** get_historical_features to an Arrow table; the entity rows are in memory already. */
  seconds: number
  /** The same of the first round, with what Feast only does once. */
  firstSeconds: number
  readSeconds: number
  /** 0 without `out`. */
  writeSeconds: number
  /** Entity rows read, joined, and the result written where `out` is given. */
  allSeconds: number
  /** Until Feast and its engines were loaded; in none of the others. */
  importSeconds: number
  entityRows: number
  /** Fewer than `entityRows` where Feast lost some. */
  rows: number
  /** After loading Feast, before the first row. */
  baseRssMb: number
  maxRssMb: number
  /** By feature: values that are not null and their sum (of texts, the sum of lengths; of booleans, how many are true). */
  columns: Record<string, { present: number; sum: number }>
}

export type FeastMaterialized = {
  version: string
  seconds: number
  /** Keys of views that are in the online store after it. */
  rows: number
  rowsPerSecond: number
  maxRssMb: number
}

export type FeastServer = {
  url: string
  /** Of `feast serve`; its workers are its children. */
  pid: number
  version: string
  materialized: Omit<FeastMaterialized, 'version'>
  stop(): Promise<void>
}

export type HistoricalJob = {
  views: readonly FeastView[]
  entities: string
  store?: FeastStore
  /** 0 (as here without it) is no limit; with one Feast's join on DuckDB of a tenth of the keys took 2.5 times as long. */
  ttlDays?: number
  /** The fastest round counts. */
  repeat?: number
  /** Write the result there as Parquet. */
  out?: string
}

/** The rows of `views` between two moments into Feast's online store (SQLite, its default). */
export type MaterializeJob = {
  views: readonly FeastView[]
  start: string
  end: string
  store?: FeastStore
  ttlDays?: number
}

export async function feastHistorical(python: string, job: HistoricalJob): Promise<FeastHistorical> {
  const { store = 'duckdb', ttlDays = 0, repeat = 1, out = null } = job
  return runOnce(python, { ...job, mode: 'historical', store, ttlDays, repeat, out })
}

export async function feastMaterialize(python: string, job: MaterializeJob): Promise<FeastMaterialized> {
  const { store = 'file', ttlDays = 0 } = job
  return runOnce(python, { ...job, mode: 'materialize', store, ttlDays })
}

/**
 * Materializes into `dir` (empty or new), then runs `feast serve` on a free port of the loopback; by default as Feast
 * starts it, with one worker. Its Python needs a protobuf before 7: with 7.36 each request is answered with a 500. A
 * folder that holds protobuf 6 can stand before it in PYTHONPATH.
 */
export async function feastServer(
  python: string,
  dir: string,
  job: MaterializeJob & { workers?: number },
): Promise<FeastServer> {
  const { store = 'file', ttlDays = 0, workers = 1 } = job
  await mkdir(dir, { recursive: true })
  const peer = await start(python, dir, { ...job, mode: 'serve', store, ttlDays, workers, port: await freePort() })
  const answer = (await peer.answer) as Omit<FeastServer, 'stop'>
  return {
    ...answer,
    async stop() {
      if (peer.child.exitCode !== null || peer.child.signalCode !== null) return
      const ended = once(peer.child, 'exit')
      peer.child.stdin.end()
      await ended
    },
  }
}

async function runOnce<T>(python: string, job: object): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), 'weir-bench-feast-'))
  try {
    const { answer, child } = await start(python, dir, job)
    const ended = once(child, 'exit')
    const figures = (await answer) as T
    await ended
    return figures
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

/** Only the process started here ends: it ends its own child when its stdin does, also when we are killed. */
async function start(python: string, dir: string, job: object) {
  await writeFile(join(dir, 'job.json'), JSON.stringify(job))
  const script = fileURLToPath(new URL('./peer.py', import.meta.url))
  const child = spawn(python, ['-W', 'ignore', script, dir], { stdio: ['pipe', 'pipe', 'pipe'] })
  return { child, answer: answerOf(child, python) }
}

async function answerOf(child: ChildProcessByStdio<Writable, Readable, Readable>, python: string): Promise<unknown> {
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-4000)
  })
  const failed = once(child, 'error').then(([error]) => ({ done: true, value: String(error) }) as const)
  const line = await Promise.race([createInterface(child.stdout)[Symbol.asyncIterator]().next(), failed])
  if (!line.done) return JSON.parse(line.value)
  throw new Error(`Feast in ${python} gave no answer: ${line.value ?? said}`)
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as { port: number }
  await new Promise((done) => server.close(done))
  return port
}
