import { messageOf } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { isAway } from '../base/world.ts'
import type { Database } from '../db/sql.ts'
import type { Actors } from './actor.ts'
import type { BuildName } from './build.ts'
import { createCancels } from './cancels.ts'
import type { FlowBody, FlowNews } from './flow.ts'
import { insist } from './insist.ts'
import { takeLease } from './lease.ts'
import { RUNS_CHANNEL, takeRun } from './queries/runs.ts'
import { requeueOrphans } from './requeue-orphans.ts'
import { takeTurn } from './turn.ts'
import { createTurnstile } from './turnstile.ts'

/** This process as a worker. */
export type Engine = {
  readonly serves: 'any' | 'own'
  readonly executorId: string
  /** Looks for runs now. */
  look(): void
  stop(graceMs: number): Promise<void>
}

/** An idle worker notices a dead one, and a run whose notification was lost, within that time. */
const TICK_MS = 1_000
/** Training uses all cores by itself; a second run may go on beside it. */
const RUNS_AT_ONCE = 2
const COLLECT_EVERY_MS = 10 * 60_000
const COLLECT_EVERY_RUNS = 200

export type EngineOptions = {
  db: Database
  bodies: ReadonlyMap<string, FlowBody>
  executorId: string
  serves: 'any' | 'own'
  build: BuildName
  actors: Actors
  /** Removes old runs, see retention.ts. */
  collect: () => Promise<unknown>
  onRecord: (runId: string) => void
  onNews: (news: FlowNews) => void
  log: Log
  signal: AbortSignal
}

export async function startEngine(options: EngineOptions): Promise<Engine> {
  const { db, bodies, executorId, serves, log, signal, onRecord } = options
  // Told while the connection is opened.
  const building = options.build()
  const lease = await takeLease({ url: db.url, executorId, serves, build: building, log, signal })
  const build = await building
  const underWay = new Set<Promise<unknown>>()
  const over = new AbortController()
  let closed = false
  let runs = 0
  let finished = 0

  // That the database is away is told once, by the pulse.
  const quietly = (what: string) => (error: unknown) => {
    if (!closed) log[isAway(error) ? 'debug' : 'warn'](`flows: cannot ${what}: ${messageOf(error)}`)
  }
  const cancels = createCancels(db, executorId, quietly('look for what is to be cancelled'))

  const oneAtATime = createTurnstile(async () => {
    while (!closed && (serves === 'own' || runs < RUNS_AT_ONCE)) {
      const by = { executorId, serves, build, flows: [...bodies.keys()] }
      const run = await insist(db, signal, () => takeRun(db, by))
      if (!run) return
      runs++
      void takeTurn({
        ...options,
        run,
        body: bodies.get(run.flow)!,
        lease,
        cancels,
        underWay,
        signal: over.signal,
        onRecord,
      }).then(() => {
        runs--
        finished++
        if (finished % COLLECT_EVERY_RUNS === 0) collect()
        look()
      })
    }
  })
  const look = () => void oneAtATime().catch(quietly('look for runs'))
  const collect = () => void options.collect().catch(quietly('remove old runs'))
  const orphans = createTurnstile(() => requeueOrphans(db, executorId, log))

  const timers: NodeJS.Timeout[] = []
  const unlisten: (() => Promise<void>)[] = []
  const stop = async (graceMs: number) => {
    closed = true
    for (const timer of timers) clearInterval(timer)
    lease.close()
    const done = await settled(underWay, graceMs)
    over.abort(signal.reason)
    for (const end of unlisten) void end()
    // A step that is still at work keeps the lease until the process ends: nobody may start it elsewhere before.
    if (done) await lease.release()
    else log.warn('flows: a step is still at work; its run is taken up when this process has ended')
  }
  try {
    await insist(db, signal, () => requeueOrphans(db, executorId, log))
    if (serves === 'any') {
      // Without notifications, the tick finds what waits.
      for (const listening of [db.listen(RUNS_CHANNEL, look, look), cancels.listen()]) {
        unlisten.push(await listening.catch(() => async () => {}))
      }
      timers.push(every(TICK_MS, look))
      timers.push(every(TICK_MS, () => void orphans().catch(quietly('look for the dead'))))
    }
    timers.push(every(TICK_MS, () => void cancels.look().catch(quietly('look for what is to be cancelled'))))
    timers.push(every(COLLECT_EVERY_MS, collect))
  } catch (error) {
    // A start that fails gives back what it took.
    await stop(0)
    throw error
  }
  collect()
  look()
  return { serves, executorId, look, stop }
}

function every(ms: number, body: () => void): NodeJS.Timeout {
  return setInterval(body, ms).unref()
}

/** Whether all of `work` came to its end within `graceMs`. */
async function settled(work: Set<Promise<unknown>>, graceMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), graceMs)
  })
  const done = (async () => {
    while (work.size > 0) await Promise.allSettled(work)
    return true as const
  })()
  const result = await Promise.race([done, late])
  clearTimeout(timer)
  return result
}
