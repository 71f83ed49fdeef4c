import type { Readable } from 'node:stream'
import type pg from 'pg'
import { assert } from '../base/assert.ts'
import { PlatformError } from '../base/errors.ts'
import { isLost } from '../base/world.ts'
import type { Sql } from './sql.ts'

/** What a transaction needs of its connection. */
export type Session = {
  query(query: pg.QueryConfig): Promise<pg.QueryResult>
  copyIn(text: string, from: Readable): Promise<void>
}

/**
 * One level of a transaction: the outermost begins and commits, an inner one is a savepoint. Statements of a level run
 * one after the other even when the caller starts them together; while an inner level is open, its parent must rest.
 */
export async function scope<T>(client: Session, depth: number, body: (sql: Sql) => Promise<T>): Promise<T> {
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
      const result = last.then(() => client.copyIn(text, from))
      last = result.catch(() => {})
      return result
    },
    /** Inside a transaction they are part of it, one after the other. */
    async together(statements) {
      const rows: Record<string, unknown>[][] = []
      for (const { name, text, values } of statements) rows.push(await run({ name, text, values: values as unknown[] }))
      return rows
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
  await client.query({ text: depth === 0 ? 'begin' : `savepoint ${name}` })
  try {
    const result = await body(sql)
    await last
    state = 'ended'
    await commit(client, depth, name)
    return result
  } catch (error) {
    state = 'ended'
    await last
    // Over a connection that is lost nothing can be said; the server rolls back by itself.
    if (!isLost(error)) {
      await client.query({ text: depth === 0 ? 'rollback' : `rollback to savepoint ${name}` }).catch(() => {})
    }
    throw error
  }
}

/** A commit of a transaction in which a statement failed and was caught says ROLLBACK: that must not pass as success. */
async function commit(client: Session, depth: number, name: string): Promise<void> {
  const { command } = await client.query({ text: depth === 0 ? 'commit' : `release savepoint ${name}` })
  if (depth === 0 && command === 'ROLLBACK') {
    throw new PlatformError('conflict', 'the transaction was rolled back because one of its statements had failed')
  }
}
