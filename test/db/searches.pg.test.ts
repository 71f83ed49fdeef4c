import { afterAll, beforeAll, expect, test } from 'vitest'
import { searchShape } from '../../src/db/prepared-shapes.ts'
import { withinSearchTime } from '../../src/db/within-time.ts'
import { type TestDatabase, testDatabase } from '../helpers/pg.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.drop())

test('H1: a statement that a search shapes ends at its limit, is the caller’s to narrow, and works on one core', async () => {
  await expect(withinSearchTime(database.db, 50, (sql) => sql.query('select pg_sleep(30)'))).rejects.toMatchObject({
    code: 'invalid_argument',
    message: expect.stringContaining('limit searchMs'),
  })
  const [cores] = await withinSearchTime(database.db, 5_000, (sql) =>
    sql.query<{ n: string }>("select current_setting('max_parallel_workers_per_gather') as n"),
  )
  expect(cores?.n).toBe('0')
})

test('H1: of the texts that searches shape a connection keeps fifty short ones prepared', async () => {
  const short = Array.from({ length: 60 }, (_, i) => `select ${i} as n`)
  const long = `select 1 as n /* ${'x'.repeat(2_000)} */`
  await database.db.tx(async (tx) => {
    for (const text of [long, ...short]) {
      // Twice: what is prepared is used again.
      for (const _ of [1, 2]) expect(await searchShape(tx, text, [])).toHaveLength(1)
    }
    const kept = await tx.query<{ statement: string }>(
      `select statement from pg_prepared_statements where name like 'shape%'`,
    )
    expect(kept.map(({ statement }) => statement)).toEqual(expect.arrayContaining(short.slice(0, 50)))
    expect(kept).toHaveLength(50)
  })
})
