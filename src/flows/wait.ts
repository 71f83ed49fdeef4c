import { setTimeout as sleep } from 'node:timers/promises'
import { PlatformError } from '../base/errors.ts'
import { isAway } from '../base/world.ts'
import type { Database } from '../db/sql.ts'
import type { FlowClient } from './client.ts'
import type { Engine } from './engine.ts'
import { type StepSummary, stateOf, stepsOf } from './history.ts'
import { anyWorkerLives, claimSubmitted, findRunState, type RunState, removeSubmission } from './queries.ts'
import { requeueRun } from './requeue-orphans.ts'

const LOOK_EVERY_MS = 25
/** How often a waiter asks whether somebody who can do the work is still alive. */
const CHECK_WORKERS_EVERY = 20
const AWAY_PAUSE_MS = 250
const AWAY_MS_MAX = 24 * 3_600_000

type Waiting = {
  db: Database
  client: FlowClient
  runId: string
  onStep?: (step: StepSummary) => void
  work: (serves: 'own') => Promise<Engine>
  /** Aborts when this process ends. */
  signal: AbortSignal
}

/** Waits for the run's end and tells its steps; becomes the run's worker when nobody else can be. */
export async function waitForRun(waiting: Waiting): Promise<unknown> {
  const { client, runId, onStep, signal } = waiting
  let told = 0
  for (let look = 0; ; look++) {
    signal.throwIfAborted()
    const run = await lookAt(waiting)
    if (run === 'away') continue
    if (!run) throw new PlatformError('not_found', `there is no run '${runId}' of a flow`)
    if (onStep && run.steps > told) {
      const steps = await stepsOf(client, runId, told).catch(orAway)
      if (steps === 'away') continue
      for (const step of steps) onStep(step)
      told += steps.length
    }
    if (stateOf(run.status) === 'cancelled') throw new PlatformError('conflict', `the run '${runId}' was cancelled`)
    if (stateOf(run.status) !== 'waiting' && stateOf(run.status) !== 'running') return answerOf(waiting)
    if (look % CHECK_WORKERS_EVERY === 0) await takeOver(waiting, run).catch(orAway)
    await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => {})
  }
}

/** How the run ended; from then on the submitter has been told. */
async function answerOf({ db, client, runId }: Waiting): Promise<unknown> {
  try {
    return await client.outputOf(runId)
  } finally {
    // Not told for certain: then the same submission is given the same answer once more, which does no harm.
    await removeSubmission(db, runId).catch(() => {})
  }
}

/** While the database is away, whoever waits goes on waiting; the pulse says so. */
async function lookAt({ db, runId, signal }: Waiting): Promise<RunState | undefined | 'away'> {
  try {
    return await findRunState(db, runId)
  } catch (error) {
    const away = orAway(error)
    await sleep(AWAY_PAUSE_MS, undefined, { signal }).catch(() => {})
    await db.untilThere(AWAY_MS_MAX, signal)
    return away
  }
}

function orAway(error: unknown): 'away' {
  if (isAway(error)) return 'away'
  throw error
}

/** Makes this process the run's worker, unless a living one has taken it, by now or by the moment we ask. */
async function takeOver({ db, runId, work }: Waiting, run: RunState): Promise<void> {
  if (await anyWorkerLives(db)) return
  const engine = await work('own')
  if (engine.serves === 'any' || run.holder === engine.executorId) return
  if (run.holder === null) await claimSubmitted(db, runId, engine.ownQueue)
  else await requeueRun(db, run.holder, { queue: engine.ownQueue, runId })
}
