import { messageOf, PlatformError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { type Embedded, openEmbedded } from './embedded/embedded.ts'
import { createListening } from './listen.ts'
import { migrate } from './migrate.ts'
import { createPool, poolSql } from './pool.ts'
import type { Database } from './sql.ts'

/**
 * PostgreSQL: the one that weir brings along (embedded/), or one by URL. Owns the schema `db` with the table of applied
 * migrations; every other room has a schema of its own, made by its numbered file in migrations/.
 *
 * Invariants: a Database that was opened has all migrations of this code and none that it does not know. Sessions are
 * in UTC. Instants come out as fixed-width text. Nothing of the server lives on after its last user.
 */
export type DatabaseOptions = {
  home: string
  /** A running server to use instead of the embedded one. */
  url?: string | null
  log: Log
  poolSize?: number
}

const POOL_SIZE = 10

export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const { home, log, poolSize = POOL_SIZE } = options
  const embedded = options.url ? undefined : await openEmbedded({ home, log })
  const url = options.url ?? embedded?.url() ?? ''
  return connectDatabase({ url, log, poolSize, embedded })
}

/** The same for a server that is known to run: migrates and pools. Closing also lets go of `embedded`. */
export async function connectDatabase(options: {
  url: string
  log: Log
  poolSize?: number
  embedded?: Embedded
}): Promise<Database> {
  const { url, log, embedded } = options
  const pool = createPool({ url, size: options.poolSize ?? POOL_SIZE, log })
  const revive = embedded && reviving(embedded, log)
  const listening = createListening({ url, log, revive })
  const close = async () => {
    await listening.close()
    await pool.end()
    embedded?.release()
  }
  try {
    await migrate(pool, log)
  } catch (error) {
    await close()
    throw error instanceof PlatformError ? error : unusable(url, error)
  }
  let closing: Promise<void> | undefined
  return {
    ...poolSql(pool, revive),
    url,
    listen: listening.listen,
    close: () => {
      closing ??= close()
      return closing
    },
  }
}

/** Names the server without the password that a URL may hold. */
function unusable(url: string, error: unknown): PlatformError {
  const { hostname, port, pathname } = URL.canParse(url)
    ? new URL(url)
    : { hostname: '(no URL)', port: '', pathname: '' }
  const said = messageOf(error) || (error as NodeJS.ErrnoException).code
  const place = `${hostname}:${port || 5432}${pathname}`
  const message = `the database at ${place} cannot be used: ${said}; check DATABASE_URL and that its server runs`
  return new PlatformError('unavailable', message, { cause: error })
}

/** All who find the server gone at the same time wait for one attempt to start it again. */
function reviving(embedded: Embedded, log: Log): () => Promise<void> {
  let attempt: Promise<void> | undefined
  return () => {
    if (attempt) return attempt
    log.warn('the embedded PostgreSQL is gone; starting it again')
    attempt = embedded.revive().finally(() => {
      attempt = undefined
    })
    return attempt
  }
}
