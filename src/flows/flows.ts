import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { assert } from '../base/assert.ts'
import { PlatformError } from '../base/errors.ts'
import { digestOf } from '../base/hash.ts'
import type { Log } from '../base/log.ts'
import { withinMs } from '../base/within.ts'
import { asWorldError } from '../base/world.ts'
import type { Database } from '../db/sql.ts'
import { createBell } from './bell.ts'
import type { BuildName } from './build.ts'
import { type Engine, startEngine } from './engine.ts'
import type { FlowBody } from './flow.ts'
import type { FlowDetails, FlowSummary, StepSummary } from './history.ts'
import * as history from './history.ts'
import { insist } from './insist.ts'
import { moveOldRuns } from './old-engine.ts'
import { selectUnfinishedTexts } from './queries/history.ts'
import { submitRun } from './queries/runs.ts'
import { changeRecords } from './records.ts'
import { collectRuns, RETENTION, type Retention } from './retention.ts'
import { textOf } from './steps.ts'
import { waitForRun } from './wait.ts'

/**
 * flows: durable runs of named flows, step by step. Knows nothing of ML.
 *
 * Owns the schema `flows`: who works (`executor`), runs and their steps; and `dbos`, where an older weir has left its runs
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
 * - What is kept of runs that are over is bounded by age and by number (`retention.ts`).
 *
 * Doors: flow.ts, history.ts, records.ts.
 */
export type Flows = {
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

export type FlowsOptions = { db: Database; log: Log; build?: BuildName; retention?: Retention }

export function createFlows({ db, log, build = async () => null, retention = RETENTION }: FlowsOptions): Flows {
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
    engine ??= startEngine({ db, bodies, executorId, serves, build, collect, onRecord: bell.ring, log, signal })
    return engine.catch((error) => {
      engine = undefined
      throw asWorldError(error, 'the database')
    })
  }

  return {
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
      const wish = { runId: options.runId ?? randomUUID(), flow: name, key, build: await build(), input: textOf(input) }
      await ready()
      for (;;) {
        const submitted = await insist(db, signal, () => submitRun(db, wish))
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
