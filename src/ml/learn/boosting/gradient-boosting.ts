/**
 * The gradient boosting learner (Friedman 2001; Chen & Guestrin 2016; Ke et al. 2017), for two outcomes: trees over
 * histograms, grown leaf by leaf, of second order. Nulls and categories are learned as they are.
 */
import { Worker } from 'node:worker_threads'
import { compiledUrl } from '../../../base/compiled-url.ts'
import { PlatformError } from '../../../base/errors.ts'
import { progress } from '../../../base/progress.ts'
import { shared } from '../rank-codes.ts'
import type { BoostingParams } from './params.ts'
import { type BoostingJob, type FittedBoosting, runBoosting, splitEarly } from './run-boosting.ts'

const LOOK_EVERY_MS = 200

/** Fits in a worker thread, so the caller's stays free; with 0 threads here and now. The bytes are the same. */
export async function fitBoosting(job: BoostingJob, { threads }: { threads: number }): Promise<FittedBoosting> {
  refuseUnlearnable(job)
  const onProgress = progress()
  const tell = (done: number) => onProgress({ phase: 'grow trees', done, total: job.params.rounds, unit: 'trees' })
  tell(0)
  if (threads === 0) return runBoosting(job, tell)
  const done = shared(Int32Array, 1)
  const looking = setInterval(() => tell(Atomics.load(done, 0)), LOOK_EVERY_MS)
  return await runWorker(job, done).finally(() => clearInterval(looking))
}

function runWorker(job: BoostingJob, done: Int32Array): Promise<FittedBoosting> {
  return new Promise((resolve, reject) => {
    const workerData = { job, done }
    const worker = new Worker(compiledUrl('./boosting-worker.ts', import.meta.url), { workerData })
    worker.once('message', resolve)
    worker.once('error', reject)
    worker.once('exit', (code) =>
      reject(new Error(`the training thread ended with code ${code} before its trees were done`)),
    )
  })
}

/** 'balanced': both outcomes weigh the same together. */
export function weightsOf(labels: Uint8Array, classWeight: BoostingParams['classWeight']): Float64Array {
  const weights = shared(Float64Array, labels.length).fill(1)
  if (classWeight === 'none') return weights
  const positive = labels.reduce((sum, label) => sum + label, 0)
  const byClass = [labels.length / (2 * (labels.length - positive)), labels.length / (2 * positive)]
  for (let i = 0; i < labels.length; i++) weights[i] = byClass[labels[i]!]!
  return weights
}

/** Bytes that the histograms of the leaves of one tree may take. */
const HISTOGRAM_BYTES_MAX = 2 ** 31

function refuseUnlearnable({ matrix, labels, params }: BoostingJob): void {
  const { rows, columns } = matrix
  const positive = labels.reduce((sum, label) => sum + label, 0)
  if (rows !== labels.length) throw refusal(`there are ${rows} rows but ${labels.length} labels`)
  if (columns < 1 || columns > 32767) throw refusal(`boosting takes 1 to 32767 columns, not ${columns}`)
  // The numbers of words in the records are 32 bits with a sign.
  const most = Math.floor(2 ** 31 / (Math.ceil(columns / 4) + 2)) - 1
  if (rows > most)
    throw refusal(`with ${columns} columns boosting takes at most ${most} rows, not ${rows}; sample them`)
  if (params.maxLeaves * columns * params.maxBins * 16 > HISTOGRAM_BYTES_MAX) {
    throw refusal(
      `${columns} columns with ${params.maxLeaves} leaves and ${params.maxBins} bins need too much memory; lower maxLeaves or maxBins`,
    )
  }
  if (positive === 0 || positive === rows) {
    throw refusal(`all ${rows} training rows have the same label; there is nothing to tell apart`)
  }
  // Here too, because what a thread throws arrives as an error of no kind.
  if (params.earlyStopping) splitEarly({ labels, params }, params.earlyStopping.share)
}

function refusal(message: string): PlatformError {
  return new PlatformError('invalid_argument', `cannot train: ${message}`)
}
