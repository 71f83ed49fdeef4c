import { setTimeout as pause } from 'node:timers/promises'
import { isLost } from '../base/world.ts'
import type { Database } from '../db/sql.ts'

const RETRY_MS = 250
/** A command that waits for a run goes on waiting for the database for that long. */
const AWAY_MS_MAX = 24 * 3_600_000

/** Waits for a database that is away, and sends again what is safe to be sent twice, until `signal` says that it is over. */
export async function insist<T>(db: Database, signal: AbortSignal, send: () => Promise<T>): Promise<T> {
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
