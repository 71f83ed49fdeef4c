import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { messageOf } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { placeOfProcess, isGone as processIsGone } from '../base/process-place.ts'
import { withinMs } from '../base/within.ts'
import { destroy, endClient, openClient } from '../db/session.ts'
import type { Sql } from '../db/sql.ts'
import { type ExecutorEntry, endOwnLease, enterExecutor, holdLease, removeExecutor } from './queries/executors.ts'
import { notifyWaiting } from './queries/runs.ts'

/**
 * A process's right to run flows: an advisory lock on a connection of its own. Dies with the process, at once. When
 * only the connection breaks or falls silent, the process starts no further step until it holds the lease again, and
 * never goes on with a run that was adopted meanwhile. A start that fails, and a release, end in any case.
 */
export type Lease = {
  readonly executorId: string
  /** Changes when the lease was lost and the runs were given to others. */
  generation(): number
  /** Waits until a step of a run of that generation may start; false when it no longer may. */
  waitForTurn(generation: number): Promise<boolean>
  /** From now on no step may start. */
  close(): void
  /** Gives the lease back, and what is unfinished to others. */
  release(): Promise<void>
}

const RETRY_MS = 250
/** A silent connection is told from a quiet one by asking it this often. */
const BEAT_MS = 2_000
const ANSWER_MS_MAX = 2_000
const RELEASE_MS_MAX = 1_000

export async function takeLease(options: {
  url: string
  executorId: string
  serves: 'any' | 'own'
  build: Promise<string | null>
  log: Log
  signal?: AbortSignal
}): Promise<Lease> {
  const { url, executorId, serves, log, signal } = options
  let entry: ExecutorEntry = { executorId, serves, place: placeOfProcess(), pid: process.pid }
  let generation = 0
  let closed = false
  let session: pg.Client | undefined
  let beating: NodeJS.Timeout | undefined
  let whenHeld: Promise<void>

  const hold = async (again: boolean): Promise<void> => {
    const client = await openClient({ url, name: 'weir lease' })
    try {
      entry = { ...entry, build: await options.build }
      await withinMs('the database', ANSWER_MS_MAX, () => enter(queryOf(client), again), signal)
    } catch (error) {
      destroy(client)
      throw error
    }
    if (closed) return void endClient(client)
    session = client
    client.once('end', () => {
      session = undefined
      clearTimeout(beating)
      if (closed) return
      log.debug('flows: the connection of the lease was lost')
      whenHeld = holdAgain()
    })
    beat(client)
  }
  const enter = async (sql: Pick<Sql, 'query'>, again: boolean): Promise<void> => {
    for (;;) {
      const { lease, fresh } = await enterExecutor(sql, entry)
      if (fresh) generation += 1
      // The server may not know yet that our last connection is gone, and hold the lock for it.
      if (again) await endOwnLease(sql, lease)
      // An adopter may have removed the entry between the two statements: then enter again.
      if (await holdLease(sql, executorId, lease)) return
    }
  }
  const beat = (client: pg.Client): void => {
    beating = setTimeout(async () => {
      try {
        await withinMs('the database', ANSWER_MS_MAX, () => client.query('select 1'))
        if (session === client) beat(client)
      } catch {
        destroy(client)
      }
    }, BEAT_MS).unref()
  }
  const holdAgain = async (): Promise<void> => {
    while (!closed) {
      try {
        return await hold(true)
      } catch (error) {
        log.debug(`flows: the lease is not there yet: ${messageOf(error)}`)
        await sleep(RETRY_MS)
      }
    }
  }
  whenHeld = hold(false)
  await whenHeld

  return {
    executorId,
    generation: () => generation,
    async waitForTurn(started) {
      while (session === undefined && !closed) await whenHeld
      return !closed && started === generation
    },
    close() {
      closed = true
    },
    async release() {
      closed = true
      clearTimeout(beating)
      const client = session
      if (!client) return
      session = undefined
      // When the database does not hear it, whoever takes the runs up removes the entry.
      await withinMs('the database', RELEASE_MS_MAX, () => leave(client, executorId)).catch(() => {})
      await endClient(client)
    },
  }
}

/** Whether the process that wrote `place` and `pid` is certainly gone; false when that cannot be told from here. */
export function isGone(place: string, pid: number): boolean {
  return processIsGone({ place, pid })
}

async function leave(client: pg.Client, executorId: string): Promise<void> {
  await client.query('begin')
  const runs = await removeExecutor(queryOf(client), executorId, { died: false })
  if (runs > 0) await notifyWaiting(queryOf(client))
  await client.query('commit')
}

function queryOf(client: pg.Client): Pick<Sql, 'query'> {
  return {
    query: async <Row>(text: string, values?: readonly unknown[]) =>
      (await client.query(text, values as unknown[] | undefined)).rows as Row[],
  }
}
