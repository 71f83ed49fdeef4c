import { setTimeout as sleep } from 'node:timers/promises'
import { PlatformError } from '../base/errors.ts'
import type { Database } from '../db/sql.ts'
import { adoptRun } from './adopt.ts'
import type { FlowClient } from './client.ts'
import type { Engine } from './engine.ts'
import { type StepSummary, stateOf, stepsOf } from './history.ts'
import { anyWorkerLives, claimSubmitted, findRunState, type RunState } from './queries.ts'

const LOOK_EVERY_MS = 25
/** How often a waiter asks whether somebody who can do the work is still alive. */
const CHECK_WORKERS_EVERY = 20

type Waiting = {
  db: Database
  client: FlowClient
  runId: string
  onStep?: (step: StepSummary) => void
  work: (serves: 'own') => Promise<Engine>
}

/** Waits for the run's end and tells its steps; becomes the run's worker when nobody else can be. */
export async function waitForRun(waiting: Waiting): Promise<unknown> {
  const { db, client, runId, onStep } = waiting
  let told = 0
  for (let look = 0; ; look++) {
    const run = await findRunState(db, runId)
    if (!run) throw new PlatformError('not_found', `there is no run '${runId}' of a flow`)
    if (onStep && run.steps > told) {
      const steps = await stepsOf(client, runId, told)
      for (const step of steps) onStep(step)
      told += steps.length
    }
    if (stateOf(run.status) === 'cancelled') throw new PlatformError('conflict', `the run '${runId}' was cancelled`)
    if (stateOf(run.status) !== 'waiting' && stateOf(run.status) !== 'running') return client.outputOf(runId)
    if (look % CHECK_WORKERS_EVERY === 0 && !(await anyWorkerLives(db))) await takeOver(waiting, run)
    await sleep(LOOK_EVERY_MS)
  }
}

/** Makes this process the run's worker, unless a living one has taken it, by now or by the moment we ask. */
async function takeOver({ db, runId, work }: Waiting, run: RunState): Promise<void> {
  const engine = await work('own')
  if (engine.serves === 'any' || run.holder === engine.executorId) return
  if (run.holder === null) await claimSubmitted(db, runId, engine.ownQueue)
  else await adoptRun(db, run.holder, { queue: engine.ownQueue, runId })
}
