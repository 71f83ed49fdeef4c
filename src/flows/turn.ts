import { messageOf, PlatformError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { isAway } from '../base/world.ts'
import type { Database } from '../db/sql.ts'
import type { Actor, Actors } from './actor.ts'
import { type BuildName, requireSameBuild } from './build.ts'
import { cancelledError } from './cancelled.ts'
import type { Cancels } from './cancels.ts'
import { reviveError, sayable, textOfError } from './errors.ts'
import type { FlowBody, FlowNews } from './flow.ts'
import { insist } from './insist.ts'
import { createJournal } from './journal.ts'
import type { Lease } from './lease.ts'
import { type Asked, beginAttempt, failAttempt } from './queries/attempts.ts'
import { selectSteps } from './queries/history.ts'
import { type End, finishRun, insertStep, type Taken } from './queries/runs.ts'
import { createStep, textOf } from './steps.ts'
import { limitTime } from './time-limit.ts'

/** A run that killed its process that often is not taken up again. */
export const DEATHS_MAX = 100

export type TurnOptions = {
  db: Database
  run: Taken
  body: FlowBody
  lease: Lease
  build: BuildName
  actors: Actors
  cancels: Cancels
  /** What has to come to its end before the process may give its lease back. */
  underWay: Set<Promise<unknown>>
  /** Aborts when nothing is recorded any more. */
  signal: AbortSignal
  /** Told after each record. */
  onRecord: (runId: string) => void
  onNews: (news: FlowNews) => void
  log: Log
}

/** One turn of a run in this process: to its end, or until the run is somebody else's. Never throws. */
export async function takeTurn(options: TurnOptions): Promise<void> {
  const { db, run, body, lease, build, actors, cancels, underWay, signal, onRecord, onNews, log } = options
  const turn = { runId: run.id, executorId: lease.executorId, turn: run.turn }
  const of = { run: run.id, flow: run.flow }
  const cancel = new AbortController()
  let asked: Asked | undefined
  const overtime = limitTime(run, cancel)
  const onAsked = (by: Asked) => {
    if (asked || overtime.over()) return
    asked = by
    cancel.abort(cancelledError(run.id, by))
  }
  const unwatch = cancels.watch(run.id, onAsked)
  const journal = createJournal({
    db,
    runId: run.id,
    turn: run.turn,
    onWritten: (last) => onNews({ type: 'log', ...of, last }),
  })
  /** Whether a step was not done for the cancel: then the run did not do all that it is made of. */
  let refused = false
  let lose = () => {}
  const lost = new Promise<void>((resolve) => {
    lose = resolve
  })

  const toEnd = async (): Promise<void> => {
    const recorded = await insist(db, signal, () => selectSteps(db, run.id))
    journal.say({ level: 'info', text: beginning(run, recorded.length) })
    onNews({ type: 'run', ...of, state: 'running' })
    const step = createStep({
      lease,
      recorded,
      journal,
      cancel: cancel.signal,
      timeoutMs: run.stepTimeoutMs,
      underWay,
      lose,
      before: async () => requireSameBuild(run.flow, run.build, run.build === null ? null : await build()),
      async begin(attempt) {
        const mine = await insist(db, signal, () => beginAttempt(db, turn, attempt))
        if (!mine) return 'lost'
        if (mine.asked) onAsked(mine.asked)
        if ((asked || overtime.over()) && !attempt.always) {
          refused = true
          return 'cancelled'
        }
        onNews({ type: 'step', ...of, step: attempt.name, state: 'running' })
        return 'begun'
      },
      failed: (attempt, error) => insist(db, signal, () => failAttempt(db, turn, attempt, error)),
      async record(step) {
        const mine = await insist(db, signal, () => insertStep(db, turn, step))
        onRecord(run.id)
        const state = step.error === null ? 'succeeded' : 'failed'
        if (mine) onNews({ type: 'step', ...of, step: step.name, state, ms: Math.round(step.ms) })
        return mine
      },
    })
    const came = await endOf(async () => {
      if (run.deaths >= DEATHS_MAX) throw diedTooOften(run)
      const input = run.input === null ? undefined : JSON.parse(run.input)
      const work = () => body({ id: run.id, step }, input)
      // One of a release before has nobody's name.
      return run.submittedBy === null ? work() : actors.during(JSON.parse(run.submittedBy) as Actor, work)
    })
    // Steps that were not waited for are not worth a run's end.
    if (signal.aborted) return
    // One that was asked for a moment ago may not have been heard.
    if (asked === undefined) await cancels.look().catch(() => {})
    const undone = refused || came.state === 'failed'
    const end = (undone && (overtime.end() ?? (asked && { state: 'cancelled', ...asked }))) || came
    journal.say(ending(end, asked))
    const recording = insist(db, signal, async () => {
      await journal.flush()
      return finishRun(db, turn, end)
    })
    underWay.add(recording)
    const state = await recording.finally(() => underWay.delete(recording))
    if (state) onNews({ type: 'run', ...of, state })
  }

  try {
    await Promise.race([toEnd(), lost])
  } catch (error) {
    // What cannot be recorded stays with this process; it goes on elsewhere when this one has ended.
    if (!signal.aborted) log[isAway(error) ? 'debug' : 'warn'](`flows: run ${run.id}: ${messageOf(error)}`)
  } finally {
    overtime.clear()
    unwatch()
  }
  onRecord(run.id)
}

async function endOf(body: () => Promise<unknown>): Promise<Exclude<End, { state: 'cancelled' }>> {
  try {
    return { state: 'succeeded', output: textOf(await body()) }
  } catch (error) {
    return { state: 'failed', error: textOfError(error) }
  }
}

function beginning({ flow, turn, deaths }: Taken, steps: number): string {
  const where = `in process ${process.pid}`
  if (turn === 1 && steps === 0) return `${flow}: begins ${where}`
  const died = deaths > 0 ? ` (its process died ${deaths === 1 ? 'once' : `${deaths} times`})` : ''
  return `${flow}: goes on ${where}${died}; ${steps} ${steps === 1 ? 'step is' : 'steps are'} recorded and not done again`
}

function ending(end: End, asked: Asked | undefined) {
  if (end.state === 'cancelled') {
    return { level: 'warn', text: `cancelled by ${end.by}${end.why === null ? '' : `: ${end.why}`}` } as const
  }
  if (end.state === 'failed') return { level: 'error', text: `failed: ${sayable(reviveError(end.error))}` } as const
  const late = asked ? `; the cancel that ${asked.by} asked for came after its last step` : ''
  return { level: 'info', text: `succeeded${late}` } as const
}

function diedTooOften({ flow, deaths }: Taken): PlatformError {
  return new PlatformError(
    'unavailable',
    `the process that worked on this run of '${flow}' died ${deaths} times; it is not taken up again. Look for what kills ` +
      'it (memory, a time limit of the system), then give the command again',
  )
}
