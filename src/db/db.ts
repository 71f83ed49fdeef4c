import { setTimeout as delay } from 'node:timers/promises'
import type pg from 'pg'
import { messageOf, PlatformError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { withinMs } from '../base/within.ts'
import { type Address, readAddress } from './address.ts'
import { checkMayCreate, checkServer, checkSessions } from './check-server.ts'
import { type Embedded, openEmbedded } from './embedded/embedded.ts'
import { createListening } from './listen.ts'
import { migrate } from './migrate.ts'
import { chosen, createPool, poolSql } from './pool.ts'
import { createPulse, isAtWork } from './pulse.ts'
import { CONNECT_MS_MAX, endClient, openClient } from './session.ts'
import type { Database } from './sql.ts'

/**
 * PostgreSQL: the one that weir brings along (embedded/), or one by URL. Owns the schema `db` with the table of applied
 * migrations; every other room has a schema of its own, made by its numbered file in migrations/.
 *
 * Invariants: a Database that was opened has all migrations of this code, and of a newer one only those that leave it usable (schema-range.ts). Sessions are
 * in UTC, and what a DBA set changes no meaning (session.ts). Instants come out as fixed-width text. While the server
 * is away a request ends within 2 s (pulse.ts). Closing ends within about a second, whatever the server does. Nothing of
 * the server lives on after its last user.
 *
 * Doors: address.ts, embedded/status.ts, long-work.ts, pages.ts, prepared-shapes.ts, pulse.ts, session.ts,
 * sql.ts.
 */
export type DatabaseOptions = {
  home: string
  /** A running server to use instead of the embedded one. */
  url?: string | null
  log: Log
  poolSize?: number
  /** What one statement of a request may take. */
  statementMs?: number
  servingStatementMs?: number
  /** What a request waits for a free connection. */
  waitMs?: number
  /** Told when the database goes away, and when it is back; by default the log is. */
  tell?: (says: string) => void
}

const POOL_SIZE = 10
/** Reads of predictions take a millisecond; each reader has two under way. */
const SERVING_POOL_SIZE = 4
/** Long work: two runs at once, and what a command does. */
const WORK_POOL_SIZE = 6

const STATEMENT_MS = 30_000
const WAIT_MS = 10_000
/** Tens of thousands of keys in one read stay below it. */
const SERVING_STATEMENT_MS = 5_000
/** Listeners are told of a return that statements do not see yet no later than this. */
const BACK_MS_MAX = 2_000
/** A busy server gets as much time to answer as the two seconds leave after which a request must have an end. */
const ASK_MS_MAX = 1_400
/** A server that starts together with us is waited for. */
const STARTING_MS_MAX = 30_000

export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const { home, log } = options
  if (options.url) return connectDatabase({ ...options, url: options.url })
  const embedded = await openEmbedded({ home, log })
  return connectDatabase({ ...options, url: embedded.url(), embedded })
}

/** The same for a server that is known to run: migrates and pools. Closing also lets go of `embedded`. */
export async function connectDatabase(
  options: Omit<DatabaseOptions, 'home' | 'url'> & { url: string; embedded?: Embedded },
): Promise<Database> {
  const { log, embedded, poolSize = POOL_SIZE } = options
  let url: string
  try {
    url = await opened(readAddress(options.url), log)
  } catch (error) {
    embedded?.release()
    throw error
  }
  const tell = options.tell ?? ((says) => log.warn(says))
  const pulse = createPulse({
    ask: () => backendsAtWork(url),
    revive: embedded && (() => embedded.revive()),
    tell,
  })
  const pools = {
    work: createPool({
      url,
      name: 'weir work',
      size: Math.min(WORK_POOL_SIZE, poolSize),
      statementMs: 0,
      waitMs: 0,
      log,
    }),
    requests: createPool({
      url,
      name: 'weir',
      size: poolSize,
      statementMs: options.statementMs ?? STATEMENT_MS,
      waitMs: options.waitMs ?? WAIT_MS,
      log,
    }),
    serving: createPool({
      url,
      name: 'weir serving',
      size: Math.min(SERVING_POOL_SIZE, poolSize),
      statementMs: options.servingStatementMs ?? SERVING_STATEMENT_MS,
      waitMs: 1_000,
      idle: Math.min(SERVING_POOL_SIZE, poolSize),
      log,
    }),
  }
  const work = poolSql({ pool: pools.work.pool, pulse })
  const requests = poolSql({ pool: pools.requests.pool, pulse })
  const listening = createListening({
    url,
    log,
    onLost: pulse.suspect,
    untilThere: () => pulse.untilBack(BACK_MS_MAX),
  })
  const close = async () => {
    pulse.close()
    await Promise.all([listening.close(), ...Object.values(pools).map((pool) => pool.end())])
    embedded?.release()
  }
  let closing: Promise<void> | undefined
  return {
    ...chosen(() => (isAtWork() ? work : requests)),
    serving: poolSql({ pool: pools.serving.pool, pulse, patienceMs: () => 0 }),
    url,
    listen: listening.listen,
    untilThere: pulse.untilThere,
    close: () => {
      closing ??= close()
      return closing
    },
  }
}

/** Checks and migrates over one connection, and gives the URL that it was made with. */
async function opened({ place, urls }: Address, log: Log): Promise<string> {
  for (const [i, url] of urls.entries()) {
    let client: pg.Client
    try {
      client = await connected(url)
    } catch (error) {
      if (i < urls.length - 1 && isAboutSsl(error)) continue
      throw unusable(place, error)
    }
    try {
      const server = await checkServer(client, place)
      await checkSessions(client, place, async () => {
        const second = await openClient({ url, name: 'weir' })
        return { client: second, end: () => endClient(second) }
      })
      await migrate(client, log, undefined, () => checkMayCreate(server, place))
      return url
    } catch (error) {
      throw error instanceof PlatformError ? error : unusable(place, error)
    } finally {
      await endClient(client)
    }
  }
  throw new PlatformError('config_invalid', 'DATABASE_URL names no way to connect')
}

async function connected(url: string): Promise<pg.Client> {
  const until = performance.now() + STARTING_MS_MAX
  for (;;) {
    try {
      return await openClient({ url, name: 'weir', ms: 5 * CONNECT_MS_MAX })
    } catch (error) {
      if ((error as { code?: unknown }).code !== STARTING || performance.now() > until) throw error
      await delay(200)
    }
  }
}

const STARTING = '57P03'

/** The server does not speak SSL, or refuses those who do, or who do not. */
function isAboutSsl(error: unknown): boolean {
  return /SSL|no pg_hba.conf entry|no encryption/i.test(messageOf(error))
}

/** Those of our backends that are at work; asked over a connection of its own, which tells whether the server answers. */
async function backendsAtWork(url: string): Promise<ReadonlySet<number>> {
  const until = performance.now() + ASK_MS_MAX
  const client = await openClient({ url, name: 'weir pulse', ms: ASK_MS_MAX })
  try {
    // It may fall silent at this very moment: a question without an end would be the last one.
    const { rows } = await withinMs('the database', Math.max(1, until - performance.now()), () =>
      client.query<{ pid: number }>(
        `select pid from pg_stat_activity where datname = current_database() and usename = current_user and state = 'active'`,
      ),
    )
    return new Set(rows.map((row) => row.pid))
  } finally {
    void endClient(client)
  }
}

/** Names the server without the password that a URL may hold. */
function unusable(place: string, error: unknown): PlatformError {
  const said = messageOf(error) || (error as NodeJS.ErrnoException).code
  const message = `the database at ${place} cannot be used: ${said}; check DATABASE_URL and that its server runs`
  return new PlatformError('unavailable', message, { cause: error })
}
