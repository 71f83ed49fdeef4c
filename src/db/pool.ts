import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import type { Log } from '../base/log.ts'
import { withinMs } from '../base/within.ts'
import { asWorldError, isAway, isLost } from '../base/world.ts'
import { type Pulse, patienceMs } from './pulse.ts'
import { RoundTrip } from './round-trip.ts'
import { beginSession, CONNECT_MS_MAX, destroy } from './session.ts'
import type { Sql, Statement } from './sql.ts'
import { type Session, scope } from './transaction.ts'
import { typeParsers } from './types.ts'

export type PoolOptions = {
  url: string
  name: string
  size: number
  log: Log
  /** What one statement may take; 0 for no limit. */
  statementMs: number
  /** What a caller waits for a free connection. */
  waitMs: number
  /** How many connections are kept that nobody uses: the next caller does not wait until one is made. */
  idle?: number
}

export type Pool = {
  readonly pool: pg.Pool
  /** Ends in any case: what does not end in an orderly way is cut. */
  end(): Promise<void>
}

const END_MS = 500
/** The server ends a statement that takes too long; when even that is not heard, we do. */
const UNHEARD_MS = 500

/** The pool's own limit is for a free connection; the one for connecting is shorter. */
class QuickClient extends pg.Client {
  constructor(options: pg.ClientConfig = {}) {
    super({ ...options, connectionTimeoutMillis: CONNECT_MS_MAX })
  }
}

export function createPool({ url, name, size, log, statementMs, waitMs, idle = 0 }: PoolOptions): Pool {
  const clients = new Set<pg.ClientBase>()
  const pool = new pg.Pool({
    connectionString: url,
    max: size,
    min: idle,
    types: typeParsers,
    application_name: name,
    keepAlive: true,
    idleTimeoutMillis: 30_000,
    connectionTimeoutMillis: waitMs,
    query_timeout: statementMs === 0 ? 0 : statementMs + UNHEARD_MS,
    Client: QuickClient,
    onConnect: (client) => withinMs('the database', CONNECT_MS_MAX, () => beginSession(client, { statementMs })),
  })
  // Idle connections end whenever the server does. That it is away is told once, by the pulse.
  pool.on('error', (error) => log.debug({ error: error.message }, 'an idle database connection was lost'))
  pool.on('connect', (client) => {
    clients.add(client)
    // One that is lost while it is in use fails its next statement; without a listener it would end the process.
    client.on('error', () => {})
  })
  pool.on('remove', (client) => clients.delete(client))
  return {
    pool,
    async end() {
      try {
        await withinMs('the database', END_MS, () => pool.end())
      } catch {
        for (const client of clients) destroy(client)
      }
    },
  }
}

export type PoolSqlOptions = { pool: pg.Pool; pulse: Pulse; patienceMs?: () => number }

/** Statements on a pool, each under the pulse. What the world did comes out as a PlatformError. */
export function poolSql({ pool, pulse, ...options }: PoolSqlOptions): Sql {
  const patience = options.patienceMs ?? patienceMs

  /** Nothing was sent yet, so trying again is safe, for as long as the caller has patience. */
  async function connect(): Promise<pg.PoolClient> {
    const left = patience()
    const began = performance.now()
    const until = began + left
    for (;;) {
      let connecting: Promise<pg.PoolClient> | undefined
      try {
        return await pulse.during(left, () => {
          connecting = pool.connect()
          return connecting
        })
      } catch (error) {
        // One that comes after all is for nobody.
        connecting?.then(
          (late) => late.release(true),
          () => {},
        )
        if (isLost(error)) pulse.suspect()
        const now = performance.now()
        // A busy machine is slow to make a connection. Who has no patience for a database that is away has some for that:
        // nobody is refused while it answers.
        const isSlow = isLost(error) && now - began < SLOW_CONNECT_MS
        if (!isAway(error) || (now >= until && !isSlow)) throw asWorldError(error, 'the database')
        await pulse.untilThere(Math.max(0, until - now))
        await new Promise((done) => setTimeout(done, RETRY_MS))
      }
    }
  }

  async function using<T>(body: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    const client = await connect()
    try {
      const result = await body(client)
      client.release()
      return result
    } catch (error) {
      // What a lost connection still holds must never be read by the next user.
      if (isLost(error)) pulse.suspect()
      client.release(isLost(error))
      throw asWorldError(error, 'the database')
    }
  }

  const sessionOf = (client: pg.PoolClient): Session => {
    const left = patience()
    return {
      query: (query) => pulse.during(left, () => client.query(query), client),
      copyIn: (text, from) => pulse.during(left, () => copyInto(client, text, from), client),
    }
  }

  return {
    query: (text, values) => using(async (c) => (await sessionOf(c).query({ text, values: values as unknown[] })).rows),
    prepared: (name, text, values) =>
      using(async (c) => (await sessionOf(c).query({ name, text, values: values as unknown[] })).rows),
    together: (statements) =>
      using(async (client) => {
        const results = await pulse.during(patience(), () => sendTogether(client, statements), client)
        return results.map((result) => result.rows)
      }),
    tx: (body) => using((client) => scope(sessionOf(client), 0, body)),
    copyIn: (text, from) => using((client) => sessionOf(client).copyIn(text, from)),
  }
}

const RETRY_MS = 100
/** For how long connections are tried that the database is too busy to make in time. */
const SLOW_CONNECT_MS = 5_000

function copyInto(client: pg.PoolClient, text: string, from: Readable): Promise<void> {
  return pipeline(from, client.query(copyFrom(text)))
}

function sendTogether(client: pg.ClientBase, statements: readonly Statement[]): Promise<pg.QueryResult[]> {
  return new Promise((resolve, reject) => {
    const trip = new RoundTrip(statements, typeParsers)
    trip.callback = (error, results) => (error ? reject(error) : resolve(results ?? []))
    client.query(trip as unknown as pg.Submittable)
  })
}

/** Chooses for each call: within `atWork` the one, else the other. */
export function chosen(choose: () => Sql): Sql {
  return {
    query: (text, values) => choose().query(text, values),
    prepared: (name, text, values) => choose().prepared(name, text, values),
    together: (statements) => choose().together(statements),
    tx: (body) => choose().tx(body),
    copyIn: (text, from) => choose().copyIn(text, from),
  }
}
