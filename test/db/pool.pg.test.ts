import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Sql } from '../../src/db/sql.ts'
import { type TestDatabase, testDatabase } from '../helpers/pg.ts'

let t: TestDatabase
beforeAll(async () => {
  t = await testDatabase()
  await t.db.query('create table pair (n int primary key)')
})
beforeEach(async () => {
  await t.db.query('truncate pair')
})
afterAll(() => t.drop())

const add = (sql: Sql, n: number) => sql.query('insert into pair values ($1)', [n])
const all = async () => (await t.db.query<{ n: number }>('select n from pair order by n')).map((row) => row.n)

test('a transaction is all or nothing, an inner one a savepoint', async () => {
  await t.db.tx(async (sql) => {
    await add(sql, 1)
    const inner = sql.tx(async (deeper) => {
      await add(deeper, 2)
      throw new Error('given up')
    })
    await expect(inner).rejects.toThrow('given up')
    await sql.tx(async (deeper) => {
      await add(deeper, 3)
      await deeper.tx((deepest) => add(deepest, 4))
    })
  })
  const outer = t.db.tx(async (sql) => {
    await sql.tx((inner) => add(inner, 5))
    throw new Error('all of it')
  })
  await expect(outer).rejects.toThrow('all of it')
  expect(await all()).toEqual([1, 3, 4])
})

test('a failed statement in a savepoint leaves the transaction usable', async () => {
  await t.db.tx(async (sql) => {
    await add(sql, 1)
    await expect(sql.tx((inner) => add(inner, 1))).rejects.toThrow(/duplicate key/)
    await add(sql, 2)
  })
  expect(await all()).toEqual([1, 2])
})

test('a failed statement that the body swallows cannot pass for a commit', async () => {
  const swallowed = t.db.tx(async (sql) => {
    await add(sql, 1)
    await add(sql, 1).catch(() => {})
  })
  await expect(swallowed).rejects.toMatchObject({ code: 'conflict' })
  expect(await all()).toEqual([])
})

test('statements of a transaction that are started together run one after the other', async () => {
  await t.db.tx((sql) => Promise.all([1, 2, 3].map((n) => add(sql, n))))
  expect(await all()).toEqual([1, 2, 3])
})

test('a transaction refuses to be used after its end, and beside one inside it', async () => {
  let kept: Sql | undefined
  await t.db.tx(async (sql) => {
    kept = sql
  })
  await expect(async () => kept?.query('select 1')).rejects.toThrow('after its end')
  const beside = t.db.tx((sql) => sql.tx(() => sql.query('select 1')))
  await expect(beside).rejects.toThrow('while one inside it is open')
})

test('more transactions than connections wait for their turn', async () => {
  await Promise.all(Array.from({ length: 20 }, (_, n) => t.db.tx((sql) => add(sql, n))))
  expect(await all()).toHaveLength(20)
})

test('a connection that is lost inside a transaction fails it and is not used again', async () => {
  const lost = t.db.tx(async (sql) => {
    await add(sql, 1)
    await sql.query('select pg_terminate_backend(pg_backend_pid())')
  })
  await expect(lost).rejects.toThrow()
  expect(await all()).toEqual([])
})

test('a prepared statement is prepared once a connection, and keeps its values apart', async () => {
  const rows = await t.db.tx(async (sql) => {
    for (const n of [1, 2]) expect(await sql.prepared('twice', 'select $1::int * 2 as n', [n])).toEqual([{ n: n * 2 }])
    return sql.query<{ calls: number }>(
      "select generic_plans + custom_plans as calls from pg_prepared_statements where name = 'twice'",
    )
  })
  expect(rows).toEqual([{ calls: 2 }])
})
