import { messageOf, PlatformError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { isAway } from '../base/world.ts'
import type { Database } from '../db/sql.ts'
import { type BuildName, requireSameBuild } from './build.ts'
import { textOfError } from './errors.ts'
import type { FlowBody } from './flow.ts'
import { insist } from './insist.ts'
import type { Lease } from './lease.ts'
import { selectSteps } from './queries/history.ts'
import { finishRun, insertStep, type Taken } from './queries/runs.ts'
import { createStep, textOf } from './steps.ts'

/** A run that killed its process that often is not taken up again. */
export const DEATHS_MAX = 100

export type TurnOptions = {
  db: Database
  run: Taken
  body: FlowBody
  lease: Lease
  build: BuildName
  /** What has to come to its end before the process may give its lease back. */
  underWay: Set<Promise<unknown>>
  /** Aborts when nothing is recorded any more. */
  signal: AbortSignal
  /** Told after each record. */
  onRecord: (runId: string) => void
  log: Log
}

/** One turn of a run in this process: to its end, or until the run is somebody else's. Never throws. */
export async function takeTurn(options: TurnOptions): Promise<void> {
  const { db, run, body, lease, build, underWay, signal, onRecord, log } = options
  const turn = { runId: run.id, executorId: lease.executorId, turn: run.turn }
  let lose = () => {}
  const lost = new Promise<void>((resolve) => {
    lose = resolve
  })

  const toEnd = async (): Promise<void> => {
    const recorded = await insist(db, signal, () => selectSteps(db, run.id))
    const step = createStep({
      lease,
      recorded,
      underWay,
      lose,
      before: async () => requireSameBuild(run.flow, run.build, run.build === null ? null : await build()),
      async record(step) {
        const mine = await insist(db, signal, () => insertStep(db, turn, step))
        onRecord(run.id)
        return mine
      },
    })
    const end = await endOf(async () => {
      if (run.deaths >= DEATHS_MAX) throw diedTooOften(run)
      return body({ id: run.id, step }, run.input === null ? undefined : JSON.parse(run.input))
    })
    // Steps that were not waited for are not worth a run's end.
    if (signal.aborted) return
    const ending = insist(db, signal, () => finishRun(db, turn, end))
    underWay.add(ending)
    await ending.finally(() => underWay.delete(ending))
  }

  try {
    await Promise.race([toEnd(), lost])
  } catch (error) {
    // What cannot be recorded stays with this process; it goes on elsewhere when this one has ended.
    if (!signal.aborted) log[isAway(error) ? 'debug' : 'warn'](`flows: run ${run.id}: ${messageOf(error)}`)
  }
  onRecord(run.id)
}

async function endOf(body: () => Promise<unknown>): Promise<{ output: string | null } | { error: string }> {
  try {
    return { output: textOf(await body()) }
  } catch (error) {
    return { error: textOfError(error) }
  }
}

function diedTooOften({ flow, deaths }: Taken): PlatformError {
  return new PlatformError(
    'unavailable',
    `the process that worked on this run of '${flow}' died ${deaths} times; it is not taken up again. Look for what kills ` +
      'it (memory, a time limit of the system), then give the command again',
  )
}
