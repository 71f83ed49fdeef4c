import { afterEach, beforeEach, expect, test } from 'vitest'
import { silentLog } from '../../src/base/log.ts'
import { createFlows, type Flows } from '../../src/flows/flows.ts'
import { collectRuns } from '../../src/flows/retention.ts'
import { type TestDatabase, testDatabase } from '../helpers/pg.ts'

const KEEP_RUNS = 50
const DAY_MS = 86_400_000

let database: TestDatabase
let flows: Flows
beforeEach(async () => {
  database = await testDatabase()
  flows = createFlows({ db: database.db, log: silentLog, retention: { keepMs: DAY_MS, keepRuns: KEEP_RUNS } })
})
afterEach(async () => {
  await flows.stop()
  await database.drop()
})

const counts = async () => {
  const [row] = await database.db.query<{ runs: number; steps: number; bytes: number }>(
    `select (select count(*) from flows.run)::int as runs, (select count(*) from flows.step)::int as steps,
       pg_total_relation_size('flows.run') + pg_total_relation_size('flows.step') as bytes`,
  )
  return row!
}

/** Ended runs with two steps each, the newest now, each a minute older than the next. */
const fill = (flow: string, count: number, kept = '', told = true) =>
  database.db.query(
    `with made as (
       insert into flows.run (id, flow, key, state, told, output, submitted_at, finished_at)
       select $1 || i, $1, $1 || i, 'succeeded', $4, to_json($3::text), now() - i * interval '1 minute', now() - i * interval '1 minute'
       from generate_series(1, $2) i returning id)
     insert into flows.step (run_id, number, name, output, started_at, finished_at)
     select id, n, 's', to_json($3::text), now(), now() from made, generate_series(0, 1) n`,
    [flow, count, kept, told],
  )

test('a worker that does thousands of runs keeps the newest of them, and the tables stay small', async () => {
  flows.define('many', async (run, n) => {
    await run.step('first', async () => n)
    return run.step('second', async () => n)
  })
  await flows.start()
  // As if it had done them yesterday and before.
  await fill('many', 2_000)
  for (let n = 0; n < 416; n += 26) {
    const wave = Array.from({ length: 26 }, (_, i) => n + i)
    await Promise.all(wave.map(async (i) => flows.wait(await flows.submit('many', i))))
  }
  // It collects after each 200 runs by itself.
  while ((await counts()).runs > KEEP_RUNS + 100) await new Promise((done) => setTimeout(done, 20))
  // What the worker is just removing itself is left to it.
  const collected = () => flows.collect().then(counts)
  await expect.poll(collected).toMatchObject({ runs: KEEP_RUNS, steps: 2 * KEEP_RUNS })
  expect((await flows.list({ limit: 1 }))[0]?.state).toBe('succeeded')
})

test('round after round of runs, the tables end at the size at which they began', async () => {
  const { db } = database
  const sizes: number[] = []
  for (let round = 0; round < 5; round++) {
    await fill(`round ${round}`, 1_000, 'x'.repeat(200))
    await collectRuns(db, { keepMs: 0, keepRuns: 1 })
    await db.query('vacuum flows.run')
    await db.query('vacuum flows.step')
    sizes.push((await counts()).bytes)
  }
  expect(sizes[4]).toBeLessThanOrEqual(sizes[1]! * 1.2)
})

test('what ended longer ago than the setting goes, of every flow; what waits, runs or was not told yet stays', async () => {
  const { db } = database
  await fill('old', 30)
  await db.query(`update flows.run set finished_at = now() - interval '2 days' where id = any($1)`, [['old1', 'old2']])
  await fill('untold', KEEP_RUNS + 5, '', false)
  flows.define('waits', async () => 1)
  await flows.submit('waits', 1)
  await db.query(`update flows.run set submitted_at = now() - interval '9 days' where flow = 'waits'`)
  expect(await collectRuns(db, { keepMs: DAY_MS, keepRuns: KEEP_RUNS }, true)).toBe(2)
  expect(await collectRuns(db, { keepMs: DAY_MS, keepRuns: KEEP_RUNS })).toBe(2)
  const left = await db.query<{ flow: string; n: number }>(
    'select flow, count(*)::int as n from flows.run group by 1 order by 1',
  )
  expect(left).toEqual([
    { flow: 'old', n: 28 },
    { flow: 'untold', n: KEEP_RUNS + 5 },
    { flow: 'waits', n: 1 },
  ])
})

test('two who collect at once remove each run once, and leave the same', async () => {
  await fill('many', 2_500)
  const both = { keepMs: DAY_MS * 30, keepRuns: KEEP_RUNS }
  const removed = await Promise.all([collectRuns(database.db, both), collectRuns(database.db, both)])
  expect(removed[0]! + removed[1]!).toBe(2_500 - KEEP_RUNS)
  expect((await counts()).runs).toBe(KEEP_RUNS)
})
