import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { assert } from '../base/assert.ts'
import { PlatformError } from '../base/errors.ts'
import { digestOf } from '../base/hash.ts'
import type { Log } from '../base/log.ts'
import { withinMs } from '../base/within.ts'
import { asWorldError, isLost } from '../base/world.ts'
import { createPool } from '../db/pool.ts'
import type { Database } from '../db/sql.ts'
import type { FlowClient } from './client.ts'
import type { Engine } from './engine.ts'
import type { FlowBody } from './flow.ts'
import type { FlowDetails, FlowSummary, StepSummary } from './history.ts'
import * as history from './history.ts'
import { changeRecords } from './records.ts'
import { waitForRun } from './wait.ts'

/**
 * flows: durable runs of named flows, step by step. Knows nothing of ML; hides the engine (DBOS) from the house.
 *
 * Owns the schemas `flows` (who works) and `dbos` (runs and steps, kept by the engine, migrated on first use).
 * - A step that was recorded is never run again. A step that was under way when its process died runs again: bodies
 *   are idempotent.
 * - A run is worked on by one process at a time. Its process holds a lease (`lease.ts`); when the lease is gone, the
 *   run is queued again under a lock (`requeue-orphans.ts`), and a process that lost its lease starts no further step.
 * - Whoever submits needs no worker: without a living one, `wait` makes this process the worker of its own run.
 * - The order and the names of the steps of a flow are its contract with the runs under way. To change them give the
 *   flow a new name and keep the old body until its runs are done. Runs are not tied to a build (see `engine.ts`).
 *
 * Doors: flow.ts, history.ts.
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

/** The engine's statements are short. */
const STATEMENT_MS = 30_000
const RETRY_MS = 250
/** A command that waits for a run goes on waiting for the database for that long. */
const AWAY_MS_MAX = 24 * 3_600_000
const GRACE_MS = 5_000
const END_MS_MAX = 1_000
const STOP_MS_MAX = 4_000

export type FlowsOptions = { db: Database; log: Log }

export function createFlows({ db, log }: FlowsOptions): Flows {
  const bodies = new Map<string, FlowBody>()
  const executorId = randomUUID()
  // Four connections: the engine claims, records and reads on them; the lease has its own.
  const { pool, end } = createPool({
    url: db.url,
    name: 'weir flows',
    size: 4,
    statementMs: STATEMENT_MS,
    waitMs: STATEMENT_MS,
    plainTypes: true,
    log,
  })
  const stopping = new AbortController()
  const { signal } = stopping
  const waiting = new Map<string, string>()
  let client: Promise<FlowClient> | undefined
  let engine: Promise<Engine> | undefined

  const ready = (): Promise<FlowClient> =>
    patiently(() => {
      client ??= import('./client.ts').then((m) => m.createClient({ pool, log }))
      client.catch(() => {
        client = undefined
      })
      return client
    })
  const work = async (serves: 'any' | 'own'): Promise<Engine> => {
    await ready()
    engine ??= import('./engine.ts').then((m) => m.startEngine({ db, pool, bodies, executorId, serves, log, signal }))
    return engine.catch((error) => {
      engine = undefined
      throw asWorldError(error, 'the database')
    })
  }
  /** Waits for a database that is away, and sends again what is safe to be sent twice. */
  const patiently = async <T>(send: () => Promise<T>): Promise<T> => {
    for (;;) {
      signal.throwIfAborted()
      try {
        return await send()
      } catch (error) {
        if (signal.aborted) throw signal.reason
        if (!isLost(error)) throw error
        await pause(RETRY_MS, undefined, { signal }).catch(() => {})
        await db.untilThere(AWAY_MS_MAX, signal)
      }
    }
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
      const runId = options.runId ?? randomUUID()
      const submitted = await patiently(async () => (await ready()).submit({ name, input, key, runId }))
      waiting.set(submitted, name)
      return submitted
    },
    async wait<Output>(runId: string, options: { onStep?: (step: StepSummary) => void } = {}) {
      const { onStep } = options
      const ended = await ready()
        .then((opened) => waitForRun({ db, client: opened, runId, onStep, work, signal }))
        .finally(() => {
          if (!signal.aborted) waiting.delete(runId)
        })
      return ended as Output
    },
    list: async (filter = {}) => history.list(await ready(), filter),
    get: async (runId) => history.get(await ready(), runId),
    changeRecords: (words, change, { write = true } = {}) => changeRecords(db, words, change, write),
    unfinished: () => [...waiting].map(([runId, flow]) => ({ runId, flow })),
    async stop(graceMs = GRACE_MS) {
      if (signal.aborted) return
      stopping.abort(new PlatformError('unavailable', 'this process is ending'))
      // A start that failed was told to whoever asked for it.
      const ending = engine?.then((e) => e.stop(graceMs))
      if (ending) await withinMs('the flow engine', graceMs + STOP_MS_MAX, () => ending).catch(() => {})
      const opened = await client?.catch(() => undefined)
      // What of the engine still waits for the database ends with the connections.
      await Promise.all([withinMs('the flow engine', END_MS_MAX, async () => opened?.close()).catch(() => {}), end()])
    },
  }
}
