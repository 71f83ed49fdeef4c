import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as delay, setImmediate } from 'node:timers/promises'
import type pg from 'pg'
import { messageOf, PlatformError } from '../base/errors.ts'
import { withinMs } from '../base/within.ts'
import { isLost } from '../base/world.ts'
import { backendPid, destroy } from './session.ts'

/**
 * Whether the database is there. Every call to it goes through `during`: one that takes longer than usual makes us ask
 * the database on a fresh connection, whether it answers at all and whether it is at work on that call. So a silent
 * server and a silently lost connection are told from a statement that takes long, without a limit for statements.
 *
 * Invariants:
 * - While the database is away a call without patience ends as `unavailable` within 2 s, and so does one that was
 *   under way; one with patience (a command, a step) waits for its return, and says so.
 * - It is asked again until it answers: all is well by itself within 2 s of its return.
 * - A database that is only busy is not away: neither when it answers on other connections, nor when a new one is slow.
 */
export type Pulse = {
  /** `patienceMs`: how long the call would rather wait for the database's return than end. */
  during<T>(patienceMs: number, call: () => Promise<T>, client?: pg.ClientBase): Promise<T>
  /** Something failed as if the database were away: asks it now. */
  suspect(): void
  /** Resolves when the database answers; rejects when it has been away for that long. */
  untilThere(patienceMs: number, signal?: AbortSignal): Promise<void>
  /** Resolves when the database answers; rejects when it does not for `ms` from now, however long it has been away. */
  untilBack(ms: number): Promise<void>
  close(): void
}

export type PulseOptions = {
  /** Asks on a connection of its own; gives the backends of ours that are at work. Rejects when there is no answer. */
  ask(): Promise<ReadonlySet<number>>
  /** Tries to bring the server back, where it is ours. */
  revive?: () => Promise<void>
  /** Told once when the database goes and once when it is back. */
  tell(says: string, back: boolean): void
}

const TICK_MS = 100
const SLOW_MS = 400
const ASK_AGAIN_MS_MAX = 5_000
const AWAY_ASK_MS = 250
/** As long as a timer can be: for ever. */
const PATIENCE_MS_MAX = 2 ** 31 - 1
/** An answer to `ask` that came this late was held up in this process. */
const BUSY_MS = 2_000

type Call = {
  since: number
  nextAsk: number
  patienceMs: number
  client: pg.ClientBase | undefined
  doubted: boolean
  end(error: unknown): void
}

type Away = { since: number; error: PlatformError; over: Promise<void> }

export function createPulse({ ask, revive, tell }: PulseOptions): Pulse {
  const calls = new Set<Call>()
  const closing = new AbortController()
  let away: Away | undefined
  let asking: Promise<void> | undefined
  let ticking: NodeJS.Timeout | undefined
  let answeredAt = Number.NEGATIVE_INFINITY

  async function during<T>(patienceMs: number, call: () => Promise<T>, client?: pg.ClientBase): Promise<T> {
    if (away) await untilThere(patienceMs)
    const now = performance.now()
    return new Promise<T>((resolve, reject) => {
      const entry: Call = { since: now, nextAsk: now + SLOW_MS, patienceMs, client, doubted: false, end: reject }
      calls.add(entry)
      ticking ??= setInterval(tick, TICK_MS).unref()
      call().then(
        (value) => {
          calls.delete(entry)
          if (client) answeredAt = performance.now()
          resolve(value)
        },
        (error) => {
          calls.delete(entry)
          reject(error)
        },
      )
    })
  }

  function tick(): void {
    if (calls.size === 0) {
      clearInterval(ticking)
      ticking = undefined
    }
    if (away || asking) return
    const now = performance.now()
    for (const call of calls) if (call.nextAsk <= now) return void look()
  }

  /** One look at a time. */
  function look(): Promise<void> {
    asking ??= lookNow().finally(() => {
      asking = undefined
    })
    return asking
  }

  async function lookNow(): Promise<void> {
    let asked = performance.now()
    try {
      const atWork = await ask().catch((error) => {
        // We were too busy ourselves to read an answer in time: that says nothing of the database.
        if (performance.now() - asked < BUSY_MS) throw error
        asked = performance.now()
        return ask()
      })
      // What was answered while we could not look is read first.
      await setImmediate()
      judge(asked, atWork)
    } catch (error) {
      // It made no connection in time and answers on others: it is busy, not away. (What was on its way when we began to
      // ask says nothing.)
      if (answeredAt > asked + SLOW_MS) return
      if (!closing.signal.aborted && isLost(error)) goAway(error)
    }
  }

  /** The database answers: a call that it does not work on, twice in a row, has lost its connection. */
  function judge(asked: number, atWork: ReadonlySet<number>): void {
    const now = performance.now()
    for (const call of calls) {
      if (call.since + SLOW_MS > asked) continue
      call.nextAsk = now + Math.min(Math.max((now - call.since) / 2, SLOW_MS / 2), ASK_AGAIN_MS_MAX)
      const pid = call.client && backendPid(call.client)
      if (pid === undefined || atWork.has(pid)) call.doubted = false
      else if (call.doubted)
        end(call, new PlatformError('unavailable', 'the connection to the database was lost; try again'))
      else call.doubted = true
    }
  }

  function goAway(error: unknown): void {
    if (away) return
    const says = messageOf(error)
    const message = `the database does not answer (${says}); Weir asks it four times a second`
    const toCallers = 'the database does not answer; Weir asks it four times a second'
    const told = new PlatformError('unavailable', message, { toCallers, cause: error })
    const over = untilBack()
    // Whoever waits for it is told of an end; when nobody does, nobody is.
    over.catch(() => {})
    away = { since: performance.now(), error: told, over }
    tell(message, false)
  }

  async function untilBack(): Promise<void> {
    for (;;) {
      await delay(0)
      endImpatient()
      try {
        await (revive ? revive() : undefined)
      } catch {}
      try {
        await ask()
        break
      } catch (error) {
        if (!isLost(error)) break
      }
      await delay(AWAY_ASK_MS, undefined, { signal: closing.signal })
    }
    away = undefined
    tell('the database is back', true)
  }

  function endImpatient(): void {
    if (!away) return
    const ms = performance.now() - away.since
    for (const call of calls) if (call.patienceMs <= ms) end(call, away.error)
  }

  function end(call: Call, error: unknown): void {
    calls.delete(call)
    if (call.client) destroy(call.client)
    call.end(error)
  }

  async function untilThere(patienceMs: number, signal?: AbortSignal): Promise<void> {
    // Whoever waits here has seen something fail: it is asked now, so that its going away is told. What a look that began
    // before finds may be of before.
    if (!away && asking) await asking
    if (!away && !closing.signal.aborted) await look()
    if (!away) return
    const { since, error, over } = away
    const left = patienceMs - (performance.now() - since)
    if (left <= 0) throw error
    await withinMs('the database', left, () => over, signal).catch((thrown) => {
      throw signal?.aborted ? thrown : error
    })
  }

  return {
    during,
    suspect: () => void (away ?? (closing.signal.aborted ? undefined : look())),
    untilThere,
    untilBack: (ms) => withinMs('the database', ms, (signal) => untilThere(PATIENCE_MS_MAX, signal)),
    close: () => {
      closing.abort(new PlatformError('unavailable', 'the database was closed'))
      clearInterval(ticking)
    },
  }
}

/** How long the work of a command or a step waits for a database that is away. */
const WORK_PATIENCE_MS = 60_000

const work = new AsyncLocalStorage<true>()

/** Within `body`, statements have no limit of time and wait for a database that is away: commands and steps. */
export function atWork<T>(body: () => Promise<T>): Promise<T> {
  return work.run(true, body)
}

/** Leaves it again: what a server answers is a request, wherever the server was started. */
export function atRequests<T>(body: () => Promise<T>): Promise<T> {
  return work.exit(body)
}

export function isAtWork(): boolean {
  return work.getStore() === true
}

export function patienceMs(): number {
  return isAtWork() ? WORK_PATIENCE_MS : 0
}
