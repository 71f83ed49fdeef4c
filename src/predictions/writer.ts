import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { PlatformError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { withinMs } from '../base/within.ts'
import { atRequests } from '../db/pulse.ts'
import type { Answered } from './answer.ts'
import { createSender, type Group } from './sender.ts'
import { createTroubles, type LostWhy, unrecorded } from './troubles.ts'
import { type BatchDeps, createBatchWriter } from './write-batch.ts'

/** What waits to be written waits no longer than this. */
export const FLUSH_MS = 500
/** What a server that is killed has lost at most, while the database answers: what waits, and the batch under way. */
export const LOSS_MS = 2_000
/** Values in memory at most: about 40,000 answers of 14 features, 40 MB. What comes beyond it is dropped, and told. */
export const CELLS_MAX = 1_000_000
const BATCH_ROWS = 5_000
const AGAIN_MS = 250
const AGAIN_MS_MAX = 2_000
/** A stop waits no longer for the database. */
const CLOSE_MS = 5_000
/** Beside its values an answer holds about as much as so many. */
const CELLS_BESIDE = 10

/** Told of every answer, for metrics. */
export type LogEvents = {
  written(model: string, rows: number): void
  lost(model: string, rows: number, why: LostWhy): void
  waiting(rows: number): void
}

export type WriterDeps = BatchDeps & {
  log: Log
  events: () => LogEvents
  /** Whether answers of this model are recorded. */
  isKept(model: string): boolean
  /** Whether an answer of this model waits until it is written. */
  isDurable(model: string): boolean
}

/**
 * Answers on their way into the table: in memory first, then in batches, one at a time and in order. What cannot be written
 * because the database is away stays and is tried again; a row that no table takes is dropped alone. Nothing of a key or a
 * value is ever told.
 */
export function createWriter(deps: WriterDeps) {
  const { isKept, isDurable, events } = deps
  const batches = createBatchWriter(deps, randomUUID())
  const troubles = createTroubles(deps.log)
  const sender = createSender(batches.write, {
    written(rows) {
      forget(rows)
      for (const [model, count] of byModel(rows)) events().written(model, count)
    },
    unwritable(rows) {
      forget(rows)
      lose(rows, 'unwritable')
    },
    refused: forget,
    trouble: troubles.trouble,
  })
  const waiting: Answered[] = []
  const groups: Group[] = []
  let cells = 0
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> | undefined
  let againMs = AGAIN_MS
  let closed = false
  const isStuck = () => sender.unsure().length > 0

  /** Never throws. Gives a promise only where the answer must wait for its commit; it rejects where that failed. */
  function append(given: readonly Answered[]): void | Promise<void> {
    const rows = given.filter(({ model, keys }) => keys.length > 0 && isKept(model))
    const [first] = rows
    if (first === undefined) return
    const durable = isDurable(first.model)
    if (closed || cells + cellsOf(rows) > CELLS_MAX) {
      lose(rows, closed ? 'stopped' : 'full')
      return durable ? Promise.reject(unrecorded(new PlatformError('unavailable', 'it takes no more now'))) : undefined
    }
    cells += cellsOf(rows)
    if (durable) {
      return new Promise((resolve, reject) => {
        groups.push({ rows, done: resolve, failed: (error) => reject(unrecorded(error)) })
        if (!isStuck()) start()
      })
    }
    for (const row of rows) waiting.push(row)
    if (waiting.length >= BATCH_ROWS && !isStuck()) start()
    else wake(FLUSH_MS)
  }

  function wake(ms: number): void {
    if (running === undefined) timer ??= setTimeout(start, ms).unref()
  }

  function start(): void {
    clearTimeout(timer)
    timer = undefined
    // Whoever brings an answer may have patience for a database that is away; the log has its own.
    running ??= atRequests(run).finally(() => {
      running = undefined
      if (isStuck()) wake(againMs)
      else if (groups.length > 0) start()
      else if (waiting.length > 0) wake(FLUSH_MS)
    })
  }

  async function run(): Promise<void> {
    do {
      await writeNext()
      if (isStuck()) {
        // Nobody waits for a database that is away: who asked is refused.
        for (const group of groups.splice(0)) {
          forget(group.rows)
          group.failed(new PlatformError('unavailable', 'the database does not answer'))
        }
        againMs = Math.min(AGAIN_MS_MAX, againMs * 2)
        return
      }
      againMs = AGAIN_MS
      troubles.over()
    } while (groups.length > 0 || waiting.length >= BATCH_ROWS || (closed && waiting.length > 0))
  }

  async function writeNext(): Promise<void> {
    const { done, left } = await sender.again()
    waiting.unshift(...left)
    if (!done || (groups.length === 0 && waiting.length === 0)) return
    waiting.unshift(...(await sender.send(groups.splice(0), waiting.splice(0, BATCH_ROWS))))
  }

  function forget(rows: readonly Answered[]): void {
    cells -= cellsOf(rows)
    events().waiting(waiting.length)
  }

  function lose(rows: readonly Answered[], why: LostWhy): void {
    for (const [model, count] of byModel(rows)) events().lost(model, count, why)
    troubles.lost(rows.length, why)
  }

  /** Writes all that there is now; false where that was not possible within `ms`. */
  async function flush(ms: number): Promise<boolean> {
    const until = performance.now() + ms
    const left = () => waiting.length > 0 || groups.length > 0 || isStuck()
    while ((left() || running) && performance.now() < until) {
      start()
      const written = running ?? Promise.resolve()
      await withinMs('the prediction log', Math.max(1, until - performance.now()), () => written).catch(() => {})
      if (isStuck()) await sleep(Math.max(0, Math.min(AGAIN_MS, until - performance.now())))
    }
    return !left()
  }

  return {
    append,
    makeAhead: batches.makeAhead,
    flush: () => flush(CLOSE_MS),
    /** Writes what is there, and takes no more. */
    async close(): Promise<void> {
      closed = true
      const whole = await flush(CLOSE_MS)
      clearTimeout(timer)
      const sent = sender.underWay()
      if (!whole) lose([...(sent.length > 0 ? sent : sender.unsure()), ...waiting], 'stopped')
    },
  }
}

function cellsOf(rows: readonly Answered[]): number {
  let cells = 0
  for (const { values } of rows) cells += values.length + CELLS_BESIDE
  return cells
}

function byModel(rows: readonly Answered[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { model } of rows) counts.set(model, (counts.get(model) ?? 0) + 1)
  return counts
}
