/**
 * A fit in a worker thread: the thread of the caller only hands over the table and hears how far it is, so that a server that
 * trains goes on answering. Texts go over in slices, with a turn of the event loop between: copying a million at once would
 * hold up every request.
 */
import { setImmediate } from 'node:timers/promises'
import { type TransferListItem, Worker } from 'node:worker_threads'
import { compiledUrl } from '../base/compiled-url.ts'
import { type ErrorCode, PlatformError } from '../base/errors.ts'
import { type Progress, progress } from '../base/progress.ts'
import type { TrainingColumn, TrainingData } from '../features/offline/read-training-set.ts'
import type { FoldScore } from '../ml/learn/auto/known-folds.ts'
import type { FitJob, FitResult, OnFold } from './fit-job.ts'

/** What the thread is told: the job with empty columns of text, then their slices, then that this was all. */
export type ToThread =
  | { kind: 'job'; job: FitJob }
  | { kind: 'texts'; table: 'data' | 'served'; column: string; texts: string[] }
  | { kind: 'begin' }

export type FromThread =
  | { kind: 'progress'; progress: Progress }
  | { kind: 'fold'; name: string; score: FoldScore }
  | { kind: 'done'; result: FitResult }
  | { kind: 'failed'; error: PlainError }

/** What an error is told by: its class does not come through. `code`: of a PlatformError. */
export type PlainError = { message: string; stack?: string; code?: ErrorCode; details?: Record<string, unknown> }

const SLICE = 20_000

/** The arrays of numbers of the job belong to the thread afterwards. Refuses what `runFitJob` refuses, in the same words. */
export async function fitInThread(
  job: FitJob,
  { signal, onFold }: { signal?: AbortSignal; onFold?: OnFold } = {},
): Promise<FitResult> {
  signal?.throwIfAborted()
  const onProgress = progress()
  const worker = new Worker(compiledUrl('./fit-worker.ts', import.meta.url))
  try {
    return await new Promise<FitResult>((resolve, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true })
      worker.on('message', (message: FromThread) => {
        if (message.kind === 'progress') onProgress(message.progress)
        else if (message.kind === 'fold') onFold?.(message.name, message.score)
        else if (message.kind === 'done') resolve(message.result)
        else reject(errorOf(message.error))
      })
      worker.once('error', reject)
      worker.once('exit', (code) =>
        reject(new Error(`the thread of the fit ended with code ${code} before it was done`)),
      )
      handOver(worker, job).catch(reject)
    })
  } finally {
    await worker.terminate()
  }
}

async function handOver(worker: Worker, job: FitJob): Promise<void> {
  const post = (message: ToThread, moved: TransferListItem[] = []) => worker.postMessage(message, moved)
  const tables = TABLES.flatMap((table) => {
    const data = job[table]
    return data === null || data === 'same' ? [] : [{ table, ...data }]
  })
  const moved = tables.flatMap(({ columns }) => [...columns.values()].flatMap(buffersOf))
  const emptied = Object.fromEntries(tables.map(({ table, ...data }) => [table, withoutTexts(data)]))
  post({ kind: 'job', job: { ...job, ...emptied } }, [...new Set(moved)])
  for (const { table, rows, columns } of tables) {
    for (const [column, { values }] of columns) {
      if (values instanceof Float64Array) continue
      for (let from = 0; from < rows; from += SLICE) {
        post({ kind: 'texts', table, column, texts: values.slice(from, from + SLICE) })
        await setImmediate()
      }
    }
  }
  post({ kind: 'begin' })
}

const TABLES = ['data', 'served'] as const

function buffersOf({ values, valid }: TrainingColumn): ArrayBuffer[] {
  const buffers = values instanceof Float64Array ? [values.buffer, valid.buffer] : [valid.buffer]
  return buffers as ArrayBuffer[]
}

function withoutTexts({ rows, columns }: TrainingData): TrainingData {
  const numbersOf = (values: Float64Array | string[]) => (values instanceof Float64Array ? values : [])
  return { rows, columns: new Map([...columns].map(([name, c]) => [name, { ...c, values: numbersOf(c.values) }])) }
}

export function plainError(error: unknown): PlainError {
  if (!(error instanceof Error)) return { message: String(error) }
  const { message, stack } = error
  const plain = { message, ...(stack === undefined ? {} : { stack }) }
  return error instanceof PlatformError ? { ...plain, code: error.code, details: error.details } : plain
}

/** A fault of ours keeps the stack of the thread, where it arose. */
function errorOf({ message, stack, code, details }: PlainError): Error {
  if (code !== undefined) return new PlatformError(code, message, details ? { details } : {})
  return Object.assign(new Error(message), stack === undefined ? {} : { stack })
}
