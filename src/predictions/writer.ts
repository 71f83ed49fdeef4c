import { randomUUID } from 'node:crypto'
import { messageOf, PlatformError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { withinMs } from '../base/within.ts'
import { isAway } from '../base/world.ts'
import { atRequests } from '../db/pulse.ts'
import type { Answered } from './answer.ts'
import { type Batch, type BatchDeps, createBatchWriter } from './write-batch.ts'

/** What waits to be written waits no longer than this. */
export const FLUSH_MS = 500
/** What a server that is killed has lost at most, while the database answers: what waits, and the batch under way. */
export const LOSS_MS = 1_000
/** Values in memory at most: about 40,000 answers of 14 features, 40 MB. What comes beyond it is dropped, and told. */
export const CELLS_MAX = 1_000_000
const BATCH_ROWS = 5_000
const AGAIN_MS = 250
const AGAIN_MS_MAX = 2_000
/** A stop waits no longer for the database. */
const CLOSE_MS = 5_000
const TELL_EVERY_MS = 10_000
/** Beside its values an answer holds about as much as so many. */
const CELLS_BESIDE = 10

export type LostWhy = 'full' | 'unwritable' | 'stopped'

/** Told of every answer, for metrics. */
export type LogEvents = {
  written(model: string, rows: number): void
  lost(model: string, rows: number, why: LostWhy): void
  waiting(rows: number): void
}

export type WriterDeps = BatchDeps & {
  log: Log
  events: () => LogEvents
  /** Whether an answer of this model waits until it is written. */
  isDurable(model: string): boolean
}

type Group = { rows: readonly Answered[]; done(): void; failed(error: unknown): void }

export type AnswerWriter = ReturnType<typeof createWriter>

/**
 * Answers on their way into the table: in memory first, then in batches, one at a time and in order. What cannot be written
 * because the database is away stays and is tried again; a row that no table takes is dropped alone. Nothing of a key or a
 * value is ever told.
 */
export function createWriter(deps: WriterDeps) {
  const { log, isDurable, events } = deps
  const batches = createBatchWriter(deps, randomUUID())
  let waiting: Answered[] = []
  const groups: Group[] = []
  /** Sent, and not known to be written. */
  let unsure: Batch | undefined
  let number = 0
  let cells = 0
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> | undefined
  let againMs = AGAIN_MS
  let closed = false
  let dropped = { rows: 0, toldMs: Number.NEGATIVE_INFINITY }

  /** Never throws. Gives a promise only where the answer must wait for its commit; it rejects where that failed. */
  function append(rows: readonly Answered[]): void | Promise<void> {
    const kept = rows.filter(({ keys }) => keys.length > 0)
    const [first] = kept
    if (first === undefined) return
    if (closed || cells + cellsOf(kept) > CELLS_MAX) return drop(kept, closed ? 'stopped' : 'full')
    cells += cellsOf(kept)
    if (isDurable(first.model)) {
      return new Promise((resolve, reject) => {
        groups.push({ rows: kept, done: resolve, failed: (error) => reject(unrecorded(error)) })
        if (unsure === undefined) start()
      })
    }
    for (const row of kept) waiting.push(row)
    if (waiting.length >= BATCH_ROWS && unsure === undefined) start()
    else wake(FLUSH_MS)
  }

  function drop(rows: readonly Answered[], why: LostWhy): void | Promise<void> {
    const [first] = rows
    if (first === undefined) return
    events().lost(first.model, rows.length, why)
    dropped.rows += rows.length
    tellDropped(why)
    if (why !== 'unwritable' && isDurable(first.model)) {
      const rejected = Promise.reject(unrecorded(new PlatformError('unavailable', 'the prediction log is full')))
      rejected.catch(() => {})
      return rejected
    }
  }

  function tellDropped(why: LostWhy): void {
    if (performance.now() - dropped.toldMs < TELL_EVERY_MS) return
    log.warn({ rows: dropped.rows, why }, `prediction log: ${dropped.rows} answers were not kept: ${SAYS[why]}`)
    dropped = { rows: 0, toldMs: performance.now() }
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
      if (groups.length > 0 && unsure === undefined) start()
      else if (waiting.length > 0 || groups.length > 0 || unsure) wake(unsure ? againMs : FLUSH_MS)
    })
  }

  async function run(): Promise<void> {
    do if (!(await writeNext())) return
    while (groups.length > 0 || waiting.length >= BATCH_ROWS || (closed && waiting.length > 0))
  }

  /** False where it has to be tried again later. */
  async function writeNext(): Promise<boolean> {
    const mine = unsure ? [] : groups.splice(0)
    const others = unsure ? [] : waiting.splice(0, BATCH_ROWS)
    const batch = unsure ?? {
      number: ++number,
      rows: mine.length > 0 ? [...mine.flatMap((g) => g.rows), ...others] : others,
    }
    if (batch.rows.length === 0) return true
    try {
      await write(batch)
      for (const { done } of mine) done()
    } catch (error) {
      if (!isAway(error)) return writeApart(error, mine, unsure ? unsure.rows : others)
      for (const group of [...mine, ...groups.splice(0)]) giveUp(group, error)
      // Whoever asked for those of `mine` was refused. The number says whether all of it was written, or nothing.
      const left = unsure ? unsure.rows : others
      unsure = left.length > 0 ? { number: batch.number, rows: left } : undefined
      againMs = Math.min(AGAIN_MS_MAX, againMs * 2)
      return false
    }
    unsure = undefined
    againMs = AGAIN_MS
    return true
  }

  async function write(batch: Batch): Promise<void> {
    await batches.write(batch)
    forget(batch.rows)
    for (const [model, rows] of byModel(batch.rows)) events().written(model, rows)
  }

  /** A row that the table does not take keeps none of the others out. */
  async function writeApart(reason: unknown, mine: readonly Group[], rows: readonly Answered[]): Promise<boolean> {
    unsure = undefined
    for (const group of mine) {
      try {
        await write({ number: ++number, rows: group.rows })
        group.done()
      } catch (error) {
        giveUp(group, error)
      }
    }
    return writeHalves(reason, rows)
  }

  async function writeHalves(reason: unknown, rows: readonly Answered[]): Promise<boolean> {
    if (rows.length === 1) {
      forget(rows)
      // The words of the database may name a value: its code alone is told.
      log.debug({ code: codeOf(reason) }, 'prediction log: an answer cannot be written')
      drop(rows, 'unwritable')
      return true
    }
    const middle = rows.length >> 1
    const halves = [rows.slice(0, middle), rows.slice(middle)]
    for (const [i, half] of halves.entries()) {
      if (half.length === 0) continue
      const batch = { number: ++number, rows: half }
      try {
        await write(batch)
      } catch (error) {
        if (isAway(error)) {
          unsure = batch
          if (i === 0) waiting = [...halves[1]!, ...waiting]
          return false
        }
        if (!(await writeHalves(error, half))) {
          if (i === 0) waiting = [...halves[1]!, ...waiting]
          return false
        }
      }
    }
    return true
  }

  function giveUp(group: Group, error: unknown): void {
    forget(group.rows)
    group.failed(error)
  }

  function forget(rows: readonly Answered[]): void {
    cells -= cellsOf(rows)
    events().waiting(waiting.length)
  }

  /** Writes all that there is now; false where that was not possible within `ms`. */
  async function flush(ms: number): Promise<boolean> {
    const until = performance.now() + ms
    const left = () => waiting.length > 0 || groups.length > 0 || unsure !== undefined
    while ((left() || running) && performance.now() < until) {
      start()
      await withinMs(
        'the prediction log',
        Math.max(1, until - performance.now()),
        () => running ?? Promise.resolve(),
      ).catch(() => {})
      if (unsure) await new Promise((done) => setTimeout(done, Math.min(AGAIN_MS, until - performance.now())))
    }
    return !left()
  }

  return {
    append,
    makeAhead: batches.makeAhead,
    flush: () => flush(CLOSE_MS),
    waiting: () => waiting.length + (unsure?.rows.length ?? 0),
    /** Writes what is there, and takes no more. */
    async close(): Promise<void> {
      closed = true
      const whole = await flush(CLOSE_MS)
      clearTimeout(timer)
      if (whole) return
      const lost = [...(unsure?.rows ?? []), ...waiting]
      dropped.toldMs = Number.NEGATIVE_INFINITY
      for (const [model, rows] of byModel(lost)) events().lost(model, rows, 'stopped')
      dropped.rows += lost.length
      tellDropped('stopped')
    },
  }
}

const SAYS: Record<LostWhy, string> = {
  full: 'more came than the database took, or it is away; what waits in memory is written when it is back',
  unwritable: 'the table does not take them, which should not be; the others were written',
  stopped: 'this process ends, and the database did not take them in time',
}

function unrecorded(error: unknown): PlatformError {
  const says =
    'the prediction was made and could not be recorded, so it is not given (the log of this model is durable)'
  return new PlatformError('unavailable', `${says}: ${messageOf(error)}`, {
    toCallers: `${says}; ask again`,
    cause: error,
  })
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

function codeOf(error: unknown): string {
  for (let at = error; typeof at === 'object' && at !== null; at = (at as { cause?: unknown }).cause) {
    const { code } = at as { code?: unknown }
    if (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code)) return code
  }
  return 'none'
}
