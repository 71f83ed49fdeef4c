import { parentPort } from 'node:worker_threads'
import { assert, must } from '../base/assert.ts'
import { type Progress, withProgress } from '../base/progress.ts'
import type { TrainingData } from '../features/offline/read-training-set.ts'
import { type FitJob, runFitJob } from './fit-job.ts'
import { type FromThread, plainError, type ToThread } from './fit-thread.ts'

const port = must(parentPort)
const TOLD_EVERY_MS = 100

let job: FitJob | undefined

port.on('message', (message: ToThread) => {
  if (message.kind === 'job') job = message.job
  else if (message.kind === 'texts') {
    const { values } = must(tableOf(message.table).columns.get(message.column))
    for (const text of message.texts) (values as string[]).push(text)
  } else void run(must(job))
})

function tableOf(name: 'data' | 'served'): TrainingData {
  const table = must(job)[name]
  assert(table !== null && table !== 'same', 'texts are of a table that was handed over')
  return table
}

async function run(given: FitJob): Promise<void> {
  try {
    const result = await withProgress(paced(), () =>
      runFitJob(given, (name, score) => tell({ kind: 'fold', name, score })),
    )
    tell({ kind: 'done', result })
  } catch (error) {
    tell({ kind: 'failed', error: plainError(error) })
  }
}

/** Not a message for each tree: beginning and end of each phase, and some between. */
function paced(): (progress: Progress) => void {
  let toldMs = Number.NEGATIVE_INFINITY
  let phase = ''
  return (progress) => {
    const nowMs = performance.now()
    if (progress.phase === phase && nowMs - toldMs < TOLD_EVERY_MS && progress.done !== progress.total) return
    phase = progress.phase
    toldMs = nowMs
    tell({ kind: 'progress', progress })
  }
}

function tell(message: FromThread): void {
  port.postMessage(message)
}
