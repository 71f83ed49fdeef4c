import { randomUUID } from 'node:crypto'
import { systemClock } from '../base/clock.ts'
import { PlatformError } from '../base/errors.ts'
import { instantOfMs } from '../base/instant.ts'
import type { Log } from '../base/log.ts'
import type { Database, Sql } from '../db/sql.ts'
import type { Actors, ControlChange } from './actor.ts'
import { type BuildName, requireSameBuild } from './build.ts'
import type { FlowNews } from './flow.ts'
import { isOver } from './history.ts'
import { selectAttempts } from './queries/attempts.ts'
import { askCancel, findUnfinishedLike, insertRetry, type Locked, lockRun } from './queries/control.ts'
import { anyWorkerLives } from './queries/executors.ts'
import { selectSteps } from './queries/history.ts'
import { appendLines } from './queries/lines.ts'
import { notifyWaiting } from './queries/runs.ts'
import { requeueOrphans } from './requeue-orphans.ts'

/**
 * What people do to runs: cancel one, try again from a step, have one go on that lies.
 *
 * Invariants:
 * - What is asked for is recorded, with who asks, in one transaction; it holds whatever process dies afterwards.
 * - A run that is over stays as it ended: a cancel that comes later is refused, and so is a resume.
 * - A retry is a new run, which takes over the recorded steps before it, names the run that it came from, and is made only by
 *   the build that the run was submitted with.
 */
export type Control = {
  cancel(runId: string, request: { why: string }): Promise<CancelAnswer>
  /** From the first step that is not done well, where no step is named. Names count from the front, numbers from 1. */
  retry(runId: string, request: { from?: string | number; why?: string | null }): Promise<RetryAnswer>
  /** `worker`: whether somebody who does it is alive. */
  resume(runId: string): Promise<{ runId: string; state: 'waiting' | 'running'; worker: boolean }>
}

/** `cancelling`: its step under way has been asked to end. */
export type CancelAnswer = { runId: string; state: 'cancelled' | 'cancelling'; by: string }

export type RetryAnswer = {
  runId: string
  from: { number: number; name: string | null }
  taken: number
  worker: boolean
}

export type ControlDeps = {
  db: Database
  executorId: string
  build: BuildName
  actors: Actors
  onChange: (sql: Sql, change: ControlChange) => Promise<void>
  onNews: (news: FlowNews) => void
  log: Log
}

export function createControl(deps: ControlDeps): Control {
  const { db, executorId, build, actors, onChange, onNews, log } = deps

  /** A run whose process is dead is nobody's, and what is asked for happens at once. */
  const locked = async <T>(runId: string, body: (sql: Sql, run: Locked) => Promise<T>): Promise<T> => {
    await requeueOrphans(db, executorId, log)
    return db.tx(async (sql) => {
      const run = await lockRun(sql, runId)
      if (!run) throw noSuchRun(runId)
      return body(sql, run)
    })
  }
  const says = (sql: Sql, runId: string, text: string) =>
    appendLines(sql, runId, [{ at: instantOfMs(systemClock.nowMs()), step: null, level: 'info', text }])

  return {
    async cancel(runId, { why }) {
      const by = actors.now().name
      const { flow, answer } = await locked(runId, async (sql, run) => {
        const { flow, state, askedBy } = run
        if (state === 'cancelled') return { flow, answer: { runId, state, by: askedBy ?? 'unknown' } as const }
        if (isOver(state)) throw over(run, 'there is nothing to cancel')
        const now = state === 'waiting' ? 'cancelled' : 'cancelling'
        // Whoever asked first is who did it.
        if (askedBy !== null) return { flow, answer: { runId, state: now, by: askedBy } as const }
        await askCancel(sql, runId, by, why)
        await says(sql, runId, now === 'cancelled' ? `cancelled by ${by}: ${why}` : `${by} asks for its end: ${why}`)
        await onChange(sql, { action: 'cancelled', runId, flow, from: { state }, to: { state: now }, why })
        return { flow, answer: { runId, state: now, by } as const }
      })
      const state = answer.state === 'cancelled' ? 'cancelled' : 'running'
      onNews({ type: 'run', run: runId, flow, state, ...(state === 'running' ? { cancelling: true } : {}) })
      return answer
    },

    async retry(runId, { from, why = null }) {
      const by = actors.now()
      const here = await build()
      const made = await locked(runId, async (sql, run) => {
        const { flow, state } = run
        if (!isOver(state)) {
          const todo = `cancel it first: weir flows ${runId} --cancel --why '…'`
          throw new PlatformError('conflict', `the run '${runId}' of '${flow}' is ${state}; ${todo}`)
        }
        requireSameBuild(flow, run.build, here)
        const steps = await stepsBegun(sql, runId)
        const number = stepOf(steps, from)
        const id = randomUUID()
        const inserted = await insertRetry(sql, { runId: id, of: runId, from: number, by: JSON.stringify(by) })
        if (!inserted) {
          const other = await findUnfinishedLike(sql, runId)
          throw new PlatformError(
            'conflict',
            `the same work is under way already, as run '${other}': wait for it, or cancel it`,
          )
        }
        const name = steps.find((step) => step.number === number)?.name ?? null
        const at = `step ${number + 1}${name === null ? '' : ` (${name})`}`
        await says(
          sql,
          id,
          `submitted by ${by.name}: run ${runId} again from ${at}; what was recorded before it is taken over`,
        )
        await says(sql, runId, `${by.name} has it done again from ${at}, as run ${id}`)
        await onChange(sql, { action: 'retried', runId, flow, from: { state }, to: { run: id, step: number + 1 }, why })
        return { flow, build: run.build, answer: { runId: id, from: { number: number + 1, name }, taken: number } }
      })
      return { ...made.answer, worker: await anyWorkerLives(db, made.build) }
    },

    async resume(runId) {
      const by = actors.now().name
      const here = await build()
      const { state, of } = await locked(runId, async (sql, run) => {
        if (isOver(run.state)) throw over(run, `to do it again: weir flows ${runId} --retry-from STEP`)
        if (run.state === 'waiting') {
          requireSameBuild(run.flow, run.build, here)
          await says(sql, runId, `${by} has it go on`)
          const [from, to] = [{ state: run.state }, { state: run.state }]
          await onChange(sql, { action: 'resumed', runId, flow: run.flow, from, to, why: null })
          await notifyWaiting(sql)
        }
        return { state: run.state as 'waiting' | 'running', of: run.build }
      })
      return { runId, state, worker: state === 'running' || (await anyWorkerLives(db, of)) }
    },
  }
}

export function noSuchRun(runId: string): PlatformError {
  return new PlatformError('not_found', `there is no run '${runId}' of a flow`)
}

function over({ id, flow, state }: Locked, todo: string): PlatformError {
  const is = state === 'cancelled' ? 'was cancelled' : `has ${state}`
  return new PlatformError('conflict', `the run '${id}' of '${flow}' is over: it ${is}; ${todo}`)
}

type Begun = { number: number; name: string; done: boolean }

/** The recorded steps, and the one after them where it was begun. */
async function stepsBegun(sql: Sql, runId: string): Promise<Begun[]> {
  const steps = await selectSteps(sql, runId)
  const begun = steps.map(({ number, name, error }) => ({ number, name, done: error === null }))
  const tried = await selectAttempts(sql, runId)
  const next = tried.find(({ number }) => number === steps.length)
  return next ? [...begun, { number: next.number, name: next.name, done: false }] : begun
}

/** The number, from 0, of the step to begin with. */
function stepOf(steps: readonly Begun[], from: string | number | undefined): number {
  const [first = { number: steps.length }] = steps.filter(({ done }) => !done)
  if (from === undefined) return first.number
  const named = steps.find((step) => step.name === from || step.number + 1 === from)
  if (named) return named.number
  // What comes after all that was recorded.
  if (from === first.number + 1) return first.number
  const names = steps.map(({ number, name }) => `${number + 1} ${name}`).join(', ') || 'none'
  throw new PlatformError('invalid_argument', `from: the run has begun no step '${from}'; its steps: ${names}`)
}
