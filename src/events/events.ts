/**
 * Events: what happens now, for whoever watches: progress of long work, states of runs and steps, changes of models,
 * deliveries. They go through NOTIFY of PostgreSQL, so what a worker does reaches a page that is open at another server.
 *
 * Owns no table. Doors: changed-runs.ts, watched-flows.ts.
 * - An event is news and never the record: the tables are. Whoever connects gets the whole state first, so nothing that
 *   was missed has to be sent again.
 * - Nothing waits for an event. While the database is away they are dropped, and so is one that is too long.
 * - What one process tells is heard in its order.
 * - Progress is told twice a second for one piece of work at most, however often the work tells it.
 */
import { randomUUID } from 'node:crypto'
import type { Log } from '../base/log.ts'
import type { LossSoFar, OnProgress, Progress } from '../base/progress.ts'
import type { Database } from '../db/sql.ts'
import type { FlowState } from '../flows/history.ts'

/** Which work: the step of a run, or a delivery over HTTP under the name that its caller gave it. */
export type Work = { run: string; flow: string; step: string } | { delivery: string }

export type Happening =
  /** `rate` by second and `remainingMs` are null while nothing can be said of them. */
  | ({ type: 'progress'; rate: number | null; remainingMs: number | null } & Work & Progress)
  /** `cancelling`: somebody wants its end. */
  | { type: 'run'; run: string; flow: string; state: FlowState; cancelling?: true }
  | { type: 'step'; run: string; flow: string; step: string; state: 'running' | 'succeeded' | 'failed'; ms?: number }
  /** The lines of a run are there up to this number. */
  | { type: 'log'; run: string; flow: string; last: number }
  | { type: 'model'; model: string }
  /** An alert opened or is over, or a silence began or ended. */
  | { type: 'alert' }
  /** Runs that changed or logged something, and the experiments in which some were made; null where they are too many. */
  | { type: 'tracked'; runs: string[] | null; experiments: string[] | null }
  | { type: 'delivery'; id: number; asOf: string; state: string }
  /** A delivery over HTTP, under the name that its caller gave it, is over: taken, refused or broken off. */
  | { type: 'ended'; delivery: string }

export type Events = {
  /** Tells everybody who watches, in every process. */
  tell(event: Happening): void
  /** The same for those of this process alone: for what every process hears by itself. */
  tellHere(event: Happening): void
  /** Where a piece of work tells how far it is. */
  progressOf(work: Work): OnProgress
  /** Calls back at each event until the returned function is called; `onGap` when some were lost. */
  watch(onEvent: (event: Happening) => void, onGap?: () => void): () => void
  /** The last progress of each piece of work that is under way, as far as it was heard here. */
  underWay(): Happening[]
}

const CHANNEL = 'weir_events'
/** PostgreSQL takes 8,000 bytes; what is longer is only a name that is too long. */
const PAYLOAD_BYTES_MAX = 7_900
const TOLD_EVERY_MS = 500
const UNDER_WAY_MAX = 200
/** Notifications that wait for the database; it is away when there are more. */
const WAITING_MAX = 50

export function createEvents({ db, log }: { db: Pick<Database, 'query' | 'listen'>; log: Log }): Events {
  const self = randomUUID()
  const watchers = new Set<{ onEvent: (event: Happening) => void; onGap: () => void }>()
  const last = new Map<string, Happening>()
  let listening = false
  let waiting = 0

  const tellHere = (event: Happening) => {
    remember(last, event)
    for (const { onEvent } of watchers) onEvent(event)
  }
  // One after the other: on several connections an end could overtake the progress before it.
  let sent = Promise.resolve()
  const send = (event: Happening) => {
    const payload = JSON.stringify({ from: self, event })
    if (waiting >= WAITING_MAX || Buffer.byteLength(payload) > PAYLOAD_BYTES_MAX) return
    waiting++
    sent = sent.then(async () => {
      try {
        await db.query('select pg_notify($1, $2)', [CHANNEL, payload])
      } catch (error) {
        log.debug({ err: error }, 'an event was not told')
      } finally {
        waiting--
      }
    })
  }
  const hear = (payload: string) => {
    const { from, event } = JSON.parse(payload) as { from: string; event: Happening }
    if (from !== self) tellHere(event)
  }
  /** Begins with the first who watches, and tries again with the next where the database did not answer. */
  const listen = async () => {
    if (listening) return
    listening = true
    try {
      await db.listen(CHANNEL, hear, () => {
        for (const { onGap } of watchers) onGap()
      })
    } catch (error) {
      listening = false
      log.debug({ err: error }, 'events of other processes are not heard')
    }
  }
  const tell = (event: Happening) => {
    tellHere(event)
    send(event)
  }
  return {
    tell,
    tellHere,
    progressOf: (work) => paced(work, tell),
    watch(onEvent, onGap = () => {}) {
      const watcher = { onEvent, onGap }
      watchers.add(watcher)
      void listen()
      return () => void watchers.delete(watcher)
    },
    underWay: () => [...last.values()],
  }
}

/** Not more often than twice a second; but each phase has its beginning and its end. */
function paced(work: Work, tell: (event: Happening) => void): OnProgress {
  let toldMs = Number.NEGATIVE_INFINITY
  let phase = ''
  let sinceMs = 0
  let curves: LossSoFar[] | undefined
  return (given) => {
    // A new point may come when nothing is told: it is told with what comes next.
    curves = given.curves?.map(rounded) ?? (given.phase === phase ? curves : undefined)
    const progress = curves ? { ...given, curves } : given
    const nowMs = performance.now()
    if (progress.phase !== phase) {
      phase = progress.phase
      sinceMs = nowMs
      toldMs = Number.NEGATIVE_INFINITY
    }
    const { done, total } = progress
    if (nowMs - toldMs < TOLD_EVERY_MS && done !== total) return
    toldMs = nowMs
    tell({ type: 'progress', ...work, ...progress, ...speedOf(progress, nowMs - sinceMs) })
  }
}

/** A hundred points of two curves fit into one event. */
function rounded({ of, rounds, losses }: LossSoFar): LossSoFar {
  return { of, rounds, losses: losses.map((loss) => Number(loss.toPrecision(5))) }
}

/** Of a phase that has been going on for so long. */
export function speedOf({ done, total }: Progress, ms: number): { rate: number | null; remainingMs: number | null } {
  if (done === 0 || ms < 1) return { rate: null, remainingMs: null }
  const rate = (done / ms) * 1000
  return { rate, remainingMs: total === null ? null : Math.max(0, ((total - done) / rate) * 1000) }
}

function remember(last: Map<string, Happening>, event: Happening): void {
  if (event.type === 'progress') {
    const name = 'run' in event ? `run ${event.run}` : `delivery ${event.delivery}`
    last.delete(name)
    last.set(name, event)
    // The oldest: whoever told it may have been killed.
    if (last.size > UNDER_WAY_MAX) last.delete(last.keys().next().value!)
  } else if (event.type === 'ended') last.delete(`delivery ${event.delivery}`)
  else if (event.type === 'run' && event.state !== 'running') last.delete(`run ${event.run}`)
  else if (event.type === 'step') last.delete(`run ${event.run}`)
}
