import { PlatformError } from '../base/errors.ts'
import { isAway } from '../base/world.ts'
import type { Database } from '../db/sql.ts'
import type { Bell } from './bell.ts'
import { cancelledError } from './cancelled.ts'
import type { Engine } from './engine.ts'
import { reviveError } from './errors.ts'
import { type StepSummary, stepsOf } from './history.ts'
import { anyWorkerLives } from './queries/executors.ts'
import { findRunState, type RunState, reserveRun, tellEnd } from './queries/runs.ts'
import { requeueRun } from './requeue-orphans.ts'

const LOOK_EVERY_MS = 25
/** How often a waiter asks whether somebody who can do the work is still alive. */
const CHECK_WORKERS_EVERY_MS = 500
const AWAY_PAUSE_MS = 250
const AWAY_MS_MAX = 24 * 3_600_000

type Waiting = {
  db: Database
  runId: string
  onStep?: (step: StepSummary) => void
  work: (serves: 'own') => Promise<Engine>
  /** Rings when this process has recorded something. */
  bell: Bell
  /** Aborts when this process ends. */
  signal: AbortSignal
}

/** Waits for the run's end and tells its steps; becomes the run's worker when nobody else can be. */
export async function waitForRun(waiting: Waiting): Promise<unknown> {
  const { db, runId, onStep, bell, signal } = waiting
  let told = 0
  let checkAt = 0
  for (;;) {
    signal.throwIfAborted()
    const run = await lookAt(waiting)
    if (run === 'away') continue
    if (!run) throw new PlatformError('not_found', `there is no run '${runId}' of a flow`)
    if (onStep && run.steps > told) {
      const steps = await stepsOf(db, runId, told).catch(orAway)
      if (steps === 'away') continue
      for (const step of steps) onStep(step)
      told += steps.length
    }
    if (run.state === 'cancelled') throw cancelledError(runId, { by: run.askedBy ?? 'somebody', why: run.askedWhy })
    if (run.state === 'succeeded' || run.state === 'failed') {
      const end = await tellEnd(db, runId).catch(orAway)
      if (end === 'away') continue
      if (end.error !== null) throw reviveError(end.error)
      return end.output === null ? undefined : JSON.parse(end.output)
    }
    if (performance.now() >= checkAt) {
      await takeOver(waiting, run).catch(orAway)
      checkAt = performance.now() + CHECK_WORKERS_EVERY_MS
    }
    await bell.wait(runId, LOOK_EVERY_MS)
  }
}

/** While the database is away, whoever waits goes on waiting; the pulse says so. */
async function lookAt({ db, runId, bell, signal }: Waiting): Promise<RunState | undefined | 'away'> {
  try {
    return await findRunState(db, runId)
  } catch (error) {
    const away = orAway(error)
    await bell.wait(runId, AWAY_PAUSE_MS)
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
  if (await anyWorkerLives(db, run.build)) return
  const engine = await work('own')
  const { executorId } = engine
  if (engine.serves === 'any' || run.holder === executorId) return
  const mine =
    run.holder === null
      ? await reserveRun(db, runId, executorId)
      : await requeueRun(db, run.holder, { executorId, runId })
  if (mine) engine.look()
}
