import { parentPort, workerData } from 'node:worker_threads'
import { must } from '../../../base/assert.ts'
import { type BoostingJob, runBoosting } from './run-boosting.ts'

const { job, done } = workerData as { job: BoostingJob; done: Int32Array }
const result = runBoosting(job, (rounds) => Atomics.store(done, 0, rounds))
must(parentPort).postMessage(result)
