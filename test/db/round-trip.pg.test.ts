import { afterAll, beforeAll, expect, test } from 'vitest'
import type { TestDatabase } from '../helpers/pg.ts'
import { testDatabase } from '../helpers/pg.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase()
  await database.db.query('create table public.t (n bigint primary key, at timestamptz)')
})
afterAll(() => database.drop())

const insert = (n: unknown) => ({
  name: 'together_insert',
  text: 'insert into public.t (n) values ($1) returning n, at',
  values: [n],
})
const count = { name: 'together_count', text: 'select count(*) as n from public.t', values: [] }
const rows = async () => (await database.db.query('select n from public.t order by n')).map((row) => row.n)

test('statements that are sent together see what those before them did, and give the rows of each in its types', async () => {
  const moment = {
    name: 'together_moment',
    text: `select $1::timestamptz as at, 9007199254740993 as n`,
    values: ['2024-01-01Z'],
  }
  for (let i = 0; i < 3; i++) {
    const answer = await database.db.together([insert(i), count, { ...count, name: 'together_again' }, moment])
    expect(answer).toEqual([
      [{ n: i, at: null }],
      [{ n: i + 1 }],
      [{ n: i + 1 }],
      [{ at: '2024-01-01T00:00:00.000000Z', n: 9_007_199_254_740_993n }],
    ])
  }
})

test('when one of them fails nothing is kept, and its connection can be used again, also for what was behind it', async () => {
  const before = await rows()
  const late = { name: 'together_late', text: 'select 1 as one', values: [] }
  await expect(database.db.together([insert(100), insert(0), late])).rejects.toMatchObject({ code: '23505' })
  await expect(database.db.together([insert(101), insert('x'), late])).rejects.toMatchObject({ code: '22P02' })
  const broken = { name: 'together_broken', text: 'select from where', values: [] }
  await expect(database.db.together([insert(102), broken, late])).rejects.toMatchObject({ code: '42601' })
  const circular: unknown[] = []
  circular.push({ circular })
  await expect(database.db.together([insert(103), insert(circular), late])).rejects.toThrow()
  expect(await rows()).toEqual(before)
  // As many as the pool has connections: each of them is in order.
  const answers = await Promise.all(Array.from({ length: 20 }, () => database.db.together([count, late])))
  for (const answer of answers) expect(answer).toEqual([[{ n: before.length }], [{ one: 1 }]])
})

test('within a transaction they are part of it', async () => {
  const before = await rows()
  const gone = database.db.tx(async (tx) => {
    expect(await tx.together([insert(200), count])).toEqual([[{ n: 200, at: null }], [{ n: before.length + 1 }]])
    throw new Error('no')
  })
  await expect(gone).rejects.toThrow('no')
  expect(await rows()).toEqual(before)
})

test('one that waits for a lock sees what the other committed meanwhile', async () => {
  const lock = { name: 'together_lock', text: 'select 1 from public.t where n = 0 for update', values: [] }
  let waiting: Promise<unknown[][]> | undefined
  await database.db.tx(async (tx) => {
    await tx.query('select 1 from public.t where n = 0 for update')
    waiting = database.db.together([lock, count])
    await untilWaiting()
    await tx.query('insert into public.t (n) values (300)')
  })
  const all = await rows()
  expect((await waiting)?.[1]).toEqual([{ n: all.length }])
  expect(all).toContain(300)
})

async function untilWaiting(): Promise<void> {
  const text = `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
  while ((await database.db.query(text)).length === 0);
}
