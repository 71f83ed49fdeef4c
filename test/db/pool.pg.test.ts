import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../helpers/pg.ts'

let t: TestDatabase
beforeAll(async () => {
  t = await testDatabase()
})
afterAll(() => t.drop())

test('a transaction is all or nothing, an inner one a savepoint', async () => {
  const { db } = t
  await db.query('create table pair (n int primary key)')
  await db.tx(async (sql) => {
    await sql.query('insert into pair values (1)')
    const inner = sql.tx(async (deeper) => {
      await deeper.query('insert into pair values (2)')
      throw new Error('given up')
    })
    await expect(inner).rejects.toThrow('given up')
    await sql.tx((deeper) => deeper.query('insert into pair values (3)'))
  })
  const outer = db.tx(async (sql) => {
    await sql.query('insert into pair values (4)')
    throw new Error('all of it')
  })
  await expect(outer).rejects.toThrow('all of it')
  expect(await db.query('select n from pair order by n')).toEqual([{ n: 1 }, { n: 3 }])
})
