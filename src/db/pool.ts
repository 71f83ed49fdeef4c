import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { assert } from '../base/assert.ts'
import { PlatformError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { Sql } from './sql.ts'
import { typeParsers } from './types.ts'

export type PoolOptions = { url: string; size: number; log: Log }

/** What every session of ours has, whatever the server's own settings say. */
export const SESSION = "set time zone 'UTC'; set datestyle to 'ISO'; set client_min_messages to warning"

export function createPool({ url, size, log }: PoolOptions): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: size,
    types: typeParsers,
    application_name: 'weir',
    keepAlive: true,
    idleTimeoutMillis: 30_000,
    connectionTimeoutMillis: 30_000,
    onConnect: async (client) => {
      await client.query(SESSION)
    },
  })
  pool.on('error', (error) => log.warn({ error: error.message }, 'an idle database connection was lost'))
  // One that is lost while it is in use fails its next statement; without a listener it would end the process.
  pool.on('connect', (client) => client.on('error', () => {}))
  return pool
}

/** `revive` is called when the server cannot be reached; what could not be sent is then tried once more. */
export function poolSql(pool: pg.Pool, revive?: () => Promise<void>): Sql {
  const reaching = async <T>(send: () => Promise<T>): Promise<T> => {
    try {
      return await send()
    } catch (error) {
      if (!revive || !isUnreachable(error)) throw error
      await revive()
      return send()
    }
  }
  return {
    query: async (text, values) => (await reaching(() => pool.query(text, values as unknown[]))).rows,
    prepared: async (name, text, values) =>
      (await reaching(() => pool.query({ name, text, values: values as unknown[] }))).rows,
    tx: async (body) => inTransaction(await reaching(() => pool.connect()), body),
    async copyIn(text, from) {
      const client = await reaching(() => pool.connect())
      try {
        await copyInto(client, text, from)
      } finally {
        client.release()
      }
    },
  }
}

function copyInto(client: pg.PoolClient, text: string, from: Readable): Promise<void> {
  return pipeline(from, client.query(copyFrom(text)))
}

/** Connecting failed, so nothing was sent: only then is a second attempt safe. */
export function isUnreachable(error: unknown): boolean {
  const { code, syscall } = error as NodeJS.ErrnoException
  return syscall === 'connect' && (code === 'ENOENT' || code === 'ECONNREFUSED')
}

/** The pool itself throws away a connection that was lost. */
async function inTransaction<T>(client: pg.PoolClient, body: (sql: Sql) => Promise<T>): Promise<T> {
  try {
    return await scope(client, 0, body)
  } finally {
    client.release()
  }
}

/**
 * One level of a transaction: the outermost begins and commits, an inner one is a savepoint. Statements of a level run
 * one after the other even when the caller starts them together; while an inner level is open, its parent must rest.
 */
async function scope<T>(client: pg.PoolClient, depth: number, body: (sql: Sql) => Promise<T>): Promise<T> {
  let state: 'open' | 'inner' | 'ended' = 'open'
  let last: Promise<unknown> = Promise.resolve()
  const run = <Row>(query: pg.QueryConfig): Promise<Row[]> => {
    assert(state !== 'ended', 'a transaction was used after its end')
    assert(state !== 'inner', 'a transaction was used while one inside it is open')
    const result = last.then(async () => (await client.query(query)).rows as Row[])
    last = result.catch(() => {})
    return result
  }
  const sql: Sql = {
    query: (text, values) => run({ text, values: values as unknown[] }),
    prepared: (name, text, values) => run({ name, text, values: values as unknown[] }),
    copyIn(text, from) {
      assert(state === 'open', 'a transaction was used after its end, or while one inside it is open')
      const result = last.then(() => copyInto(client, text, from))
      last = result.catch(() => {})
      return result
    },
    async tx(inner) {
      assert(state === 'open', 'a transaction was opened inside one that is not free')
      state = 'inner'
      try {
        await last
        return await scope(client, depth + 1, inner)
      } finally {
        state = 'open'
      }
    },
  }
  const name = `level_${depth}`
  await client.query(depth === 0 ? 'begin' : `savepoint ${name}`)
  try {
    const result = await body(sql)
    await last
    state = 'ended'
    await commit(client, depth, name)
    return result
  } catch (error) {
    state = 'ended'
    await last
    await client.query(depth === 0 ? 'rollback' : `rollback to savepoint ${name}`).catch(() => {})
    throw error
  }
}

/** A commit of a transaction in which a statement failed and was caught says ROLLBACK: that must not pass as success. */
async function commit(client: pg.PoolClient, depth: number, name: string): Promise<void> {
  const { command } = await client.query(depth === 0 ? 'commit' : `release savepoint ${name}`)
  if (depth === 0 && command === 'ROLLBACK') {
    throw new PlatformError('conflict', 'the transaction was rolled back because one of its statements had failed')
  }
}
