import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { assert } from '../base/assert.ts'
import { PlatformError } from '../base/errors.ts'
import { digestOf } from '../base/hash.ts'
import type { Instant } from '../base/instant.ts'
import type { Log } from '../base/log.ts'
import { withinMs } from '../base/within.ts'
import { asWorldError } from '../base/world.ts'
import type { Database, Sql } from '../db/sql.ts'
import { type Actors, type ControlChange, NOBODY } from './actor.ts'
import { createBell } from './bell.ts'
import type { BuildName } from './build.ts'
import { type Control, createControl } from './control.ts'
import { type Engine, startEngine } from './engine.ts'
import type { FlowBody, FlowNews } from './flow.ts'
import type { FlowDetails, FlowSummary, StepSummary } from './history.ts'
import * as history from './history.ts'
import { insist } from './insist.ts'
import { moveOldRuns } from './old-engine.ts'
import { anyWorkerLives } from './queries/executors.ts'
import {
  countFailed,
  type DayRow,
  type ListedRow,
  type RunsQuery,
  selectDays,
  selectListed,
  selectUnfinishedTexts,
} from './queries/history.ts'
import { type Submission, submitRun } from './queries/runs.ts'
import { type LinesPage, linesOf } from './read-lines.ts'
import { changeRecords } from './records.ts'
import { collectRuns, RETENTION, type Retention } from './retention.ts'
import { textOf } from './steps.ts'
import { type FlowStory, storyOf } from './story.ts'
import { waitForRun } from './wait.ts'

/**
 * flows: durable runs of named flows, step by step. Knows nothing of ML.
 *
 * Owns the schema `flows`: who works (`executor`), runs, their steps, the attempts and the lines of these; what begins by itself
 * (`schedules/schedules.ts`: `schedule`, `tick`, `backfill`, `trigger`, `leader`); and `dbos`, where an older weir has left its runs
 * (`old-engine.ts`).
 * - A step that was recorded is never run again. A step that was under way when its process died runs again: bodies
 *   are idempotent.
 * - A run is worked on by one process at a time. Its process holds a lease (`lease.ts`); when the lease is gone, the
 *   run waits again, by one statement under a lock (`requeue-orphans.ts`), and a process that lost its lease starts no
 *   further step. What it records afterwards is refused by the number of its turn.
 * - Whoever submits needs no worker: without a living one, `wait` makes this process the worker of its own run.
 * - The order and the names of the steps of a flow are its contract with the runs under way: a recorded step of another
 *   name ends the run with a sentence that says so.
 * - No step is done by another build than the one that the run was submitted with (`build.ts`). A worker leaves the runs of
 *   another build to that one's workers; when nobody has that build any more, the run is refused, and does not lie for ever.
 * - A cancel is recorded before it is done: a run that waits is over at once, one under way begins no further step, and its
 *   step is asked to end by a signal (`control.ts`). What came first counts: a run whose last step is done has succeeded.
 * - A run has its lines, in their order and bounded, as long as it is kept itself (`journal.ts`).
 * - What is kept of runs that are over is bounded by age and by number (`retention.ts`).
 *
 * Doors: actor.ts, flow.ts, history.ts, records.ts, routes.ts, schedules/schedules.ts, schedules/deps.ts, schedules/routes.ts, schedules/triggers.ts.
 */
export type Flows = Control & {
  /** This process among those that work. */
  readonly executorId: string
  /** Names a flow. All flows are defined before the first `start` or `wait`. */
  define<Input, Output>(name: string, body: FlowBody<Input, Output>): void
  /** Makes this process a worker: it takes up whatever is submitted, and what dead workers left. */
  start(): Promise<void>
  /**
   * Records the wish to run a flow and gives the run's id. While a run of the same flow and `key` (default: the input)
   * is unfinished, that one's id is given instead: a command started again goes on with what it began.
   */
  submit(name: string, input: unknown, options?: { runId?: string; key?: unknown }): Promise<string>
  /** The run's output, or its error, as it was thrown. Works on the run itself when no worker lives. */
  wait<Output>(runId: string, options?: { onStep?: (step: StepSummary) => void }): Promise<Output>
  list(filter?: { flow?: string; limit?: number }): Promise<FlowSummary[]>
  get(runId: string): Promise<FlowDetails>
  /** The newest first, those behind `before`; with what a reader wants to know of each. */
  page(query: RunsQuery): Promise<ListedRow[]>
  /** One run for a reader, bounded. */
  story(runId: string): Promise<FlowStory>
  /** Its lines behind number `after`, or the last of them. */
  lines(runId: string, query: { after?: number; last?: number; limit: number }): Promise<LinesPage>
  /** Runs that failed since then. */
  failedSince(from: Instant): Promise<number>
  /** How many runs came to what, by day and flow. */
  days(from: Instant): Promise<DayRow[]>
  /** Whether a process that works for everybody, with the build of this one, is alive. */
  workerLives(): Promise<boolean>
  /** What unfinished runs (of one flow) were given and have recorded, as text: what they name is in use. */
  unfinishedTexts(flow?: string): Promise<string[]>
  /** Removes what need not be kept any more of runs that are over (`retention.ts`); gives their number. */
  collect(options?: { dryRun?: boolean }): Promise<number>
  /** Changes what is kept of runs that are over; see records.ts. */
  changeRecords(
    words: readonly string[],
    change: (document: unknown) => unknown,
    options?: { write?: boolean },
  ): Promise<number>
  /** What this process has submitted and was not told the end of. */
  unfinished(): { runId: string; flow: string }[]
  /**
   * Lets the steps under way come to their end (at most `graceMs`), gives the rest to others, and lets go; whoever
   * waits is told. Ends some seconds after `graceMs` at the latest, whatever the database does.
   */
  stop(graceMs?: number): Promise<void>
}

const RETRY_MS = 20
const GRACE_MS = 5_000
const STOP_MS_MAX = 4_000

export type FlowsOptions = {
  db: Database
  log: Log
  build?: BuildName
  retention?: Retention
  /** Who wishes a run, and on whose behalf it does what it does. */
  actors?: Actors
  /** Told in the transaction of what a person does to a run. */
  onChange?: (sql: Sql, change: ControlChange) => Promise<void>
  /** Told what becomes of the runs that this process works on, when it is recorded. */
  onNews?: (news: FlowNews) => void
}

export function createFlows(options: FlowsOptions): Flows {
  const { db, log, build = async () => null, retention = RETENTION, actors = NOBODY } = options
  const { onChange = async () => {}, onNews = () => {} } = options
  const bodies = new Map<string, FlowBody>()
  const executorId = randomUUID()
  const stopping = new AbortController()
  const { signal } = stopping
  const bell = createBell(signal)
  const waiting = new Map<string, string>()
  let looked: Promise<unknown> | undefined
  let engine: Promise<Engine> | undefined

  /** What an older weir has left comes first. */
  const ready = async (): Promise<void> => {
    looked ??= insist(db, signal, () => moveOldRuns(db, log))
    await looked.catch((error) => {
      looked = undefined
      throw error
    })
  }
  const collect = async () => {
    await moveOldRuns(db, log)
    return collectRuns(db, retention)
  }
  const work = async (serves: 'any' | 'own'): Promise<Engine> => {
    await ready()
    const own = { db, bodies, executorId, serves, build, actors, log, signal }
    engine ??= startEngine({ ...own, collect, onRecord: bell.ring, onNews })
    return engine.catch((error) => {
      engine = undefined
      throw asWorldError(error, 'the database')
    })
  }

  const submitAndTell = async (sql: Sql, wish: Submission, input: unknown): Promise<string | undefined> => {
    const submitted = await submitRun(sql, wish)
    const { flow, runId } = wish
    const change = { runId, flow, input, from: null, to: { flow }, why: null }
    if (submitted?.made) await onChange(sql, { action: 'started', ...change })
    return submitted?.id
  }
  const control = createControl({ db, executorId, build, actors, onChange, onNews, log })
  const readied =
    <Given extends unknown[], Result>(body: (...given: Given) => Promise<Result>) =>
    async (...given: Given): Promise<Result> => {
      await ready()
      return body(...given)
    }

  return {
    executorId,
    cancel: readied(control.cancel),
    retry: readied(control.retry),
    resume: readied(control.resume),
    page: readied((query) => selectListed(db, query)),
    story: readied((runId) => storyOf(db, runId)),
    lines: readied((runId, query) => linesOf(db, runId, query)),
    failedSince: readied((from) => countFailed(db, from)),
    days: readied((from) => selectDays(db, from)),
    define(name, body) {
      assert(!bodies.has(name), `flow ${name} is defined twice`)
      assert(engine === undefined, `flow ${name} is defined after the start`)
      bodies.set(name, body as FlowBody)
    },
    async start() {
      const started = await work('any')
      assert(started.serves === 'any', 'start() comes before the first wait()')
    },
    async submit(name, input, options = {}) {
      if (!bodies.has(name)) throw new PlatformError('not_found', `there is no flow '${name}'`)
      const key = digestOf([name, options.key ?? input])
      const wish = {
        ...{ runId: options.runId ?? randomUUID(), flow: name, key, build: await build() },
        ...{ input: textOf(input), by: textOf(actors.now()) },
      }
      await ready()
      for (;;) {
        const submitted = await insist(db, signal, () => db.tx((sql) => submitAndTell(sql, wish, input)))
        if (submitted === undefined) await pause(RETRY_MS)
        else {
          waiting.set(submitted, name)
          return submitted
        }
      }
    },
    async wait<Output>(runId: string, options: { onStep?: (step: StepSummary) => void } = {}) {
      const { onStep } = options
      const ended = await ready()
        .then(() => waitForRun({ db, runId, onStep, work, bell, signal }))
        .finally(() => {
          if (!signal.aborted) waiting.delete(runId)
        })
      return ended as Output
    },
    async list(filter = {}) {
      await ready()
      return history.list(db, filter)
    },
    async get(runId) {
      await ready()
      return history.get(db, runId)
    },
    workerLives: async () => anyWorkerLives(db, await build()),
    changeRecords: (words, change, { write = true } = {}) => changeRecords(db, words, change, write),
    unfinishedTexts: (flow) => selectUnfinishedTexts(db, flow),
    collect: ({ dryRun = false } = {}) => collectRuns(db, retention, dryRun),
    unfinished: () => [...waiting].map(([runId, flow]) => ({ runId, flow })),
    async stop(graceMs = GRACE_MS) {
      if (signal.aborted) return
      stopping.abort(new PlatformError('unavailable', 'this process is ending'))
      // A start that failed was told to whoever asked for it.
      const ending = engine?.then((e) => e.stop(graceMs))
      if (ending) await withinMs('the flow engine', graceMs + STOP_MS_MAX, () => ending).catch(() => {})
    },
  }
}
