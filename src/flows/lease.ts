import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { messageOf } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { placeOfProcess, isGone as processIsGone } from '../base/process-place.ts'
import type { Sql } from '../db/sql.ts'
import { enterWorker, holdLease, removeWorker } from './queries.ts'

/**
 * A process's right to run flows: an advisory lock on a connection of its own. Dies with the process, at once. When
 * only the connection breaks, the process starts no further step until it holds the lease again, and never goes on
 * with a run that was adopted meanwhile.
 */
export type Lease = {
  readonly executorId: string
  /** Changes when the lease was lost and the runs were given to others. */
  generation(): number
  /** Waits until a step of a run of that generation may start; for ever when it no longer may. */
  mayStep(generation: number): Promise<void>
  /** From now on no step may start. */
  close(): void
  /** Gives the lease back, so that others adopt what is unfinished. */
  release(): Promise<void>
}

const RETRY_MS = 250

export async function takeLease(options: {
  url: string
  executorId: string
  serves: 'any' | 'own'
  log: Log
}): Promise<Lease> {
  const { url, executorId, log } = options
  const entry = { executorId, serves: options.serves, place: placeOfProcess(), pid: process.pid }
  let generation = 0
  let closed = false
  let session: pg.Client | undefined
  let whenHeld: Promise<void>

  const hold = async (): Promise<void> => {
    const client = new pg.Client({ connectionString: url, keepAlive: true, application_name: 'weir lease' })
    client.on('error', (error) => log.warn({ err: error }, 'flows: the connection of the lease broke'))
    await client.connect()
    try {
      const sql = queryOf(client)
      for (;;) {
        const { lease, fresh } = await enterWorker(sql, entry)
        if (fresh) generation += 1
        // An adopter may have removed the entry between the two statements: then enter again.
        if (await holdLease(sql, executorId, lease)) break
      }
    } catch (error) {
      await client.end()
      throw error
    }
    session = client
    client.once('end', () => {
      session = undefined
      if (!closed) whenHeld = holdAgain()
    })
  }
  const holdAgain = async (): Promise<void> => {
    while (!closed) {
      try {
        return await hold()
      } catch (error) {
        log.debug(`flows: the lease is not there yet: ${messageOf(error)}`)
        await sleep(RETRY_MS)
      }
    }
  }
  whenHeld = hold()
  await whenHeld

  return {
    executorId,
    generation: () => generation,
    async mayStep(started) {
      while (session === undefined && !closed) await whenHeld
      if (closed || started !== generation) await new Promise<never>(() => {})
    },
    close() {
      closed = true
    },
    async release() {
      closed = true
      const client = session
      if (!client) return
      session = undefined
      await removeWorker(queryOf(client), executorId).catch(() => {})
      await client.end().catch(() => {})
    },
  }
}

/** Whether the process that wrote `place` and `pid` is certainly gone; false when that cannot be told from here. */
export function isGone(place: string | null, pid: number | null): boolean {
  return place !== null && pid !== null && processIsGone({ place, pid })
}

function queryOf(client: pg.Client): Pick<Sql, 'query'> {
  return {
    query: async <Row>(text: string, values?: readonly unknown[]) =>
      (await client.query(text, values as unknown[] | undefined)).rows as Row[],
  }
}
