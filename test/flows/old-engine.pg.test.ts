import { readFile } from 'node:fs/promises'
import pg from 'pg'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { silentLog } from '../../src/base/log.ts'
import { createFlows, type Flows } from '../../src/flows/flows.ts'
import { RETENTION } from '../../src/flows/retention.ts'
import { type TestDatabase, testDatabase } from '../helpers/pg.ts'

let database: TestDatabase
let flows: Flows
const retention = { ...RETENTION, keepMs: 100 * 365 * 86_400_000 }
beforeEach(async () => {
  database = await testDatabase()
  await database.db.query(await readFile(new URL('./old-engine.sql', import.meta.url), 'utf8'))
  flows = createFlows({ db: database.db, log: silentLog, retention })
})
afterEach(async () => {
  await flows.stop()
  await database.drop()
})

const oldTables = () => database.db.query(`select 1 from pg_tables where schemaname = 'dbos'`)

test('runs of the engine of before stay listed, with their inputs, steps, results and errors', async () => {
  expect((await flows.list()).map((run) => [run.id, run.state])).toEqual([
    ['e-plain', 'failed'],
    ['d-waiting', 'failed'],
    ['c-killed', 'failed'],
    ['b-refused', 'failed'],
    ['a-done', 'succeeded'],
  ])
  const done = await flows.get('a-done')
  expect(done).toMatchObject({ flow: 'train', input: { model: 'churn' }, output: { version: 3 } })
  expect(done.steps.map((s) => [s.name, s.state, s.ms])).toEqual([
    ['pin', 'succeeded', 500],
    ['fit', 'succeeded', 7500],
  ])
  const refused = await flows.get('b-refused')
  expect(refused).toMatchObject({ error: { code: 'conflict', message: 'it is taken' }, input: { dir: '/d' } })
  expect(refused.steps.map((s) => [s.name, s.error?.code])).toEqual([['ingest', 'conflict']])
  expect(await oldTables()).toEqual([])
})

test('a run that an older weir had not finished says what to do, and is never resumed', async () => {
  flows.define('train', async (run) => run.step('pin', async () => 'again'))
  await expect(flows.wait('c-killed')).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringMatching(/begun by an older weir.*Give the command again/),
  })
  expect((await flows.get('d-waiting')).error?.message).toMatch(/begun by an older weir/)
  expect(await flows.wait(await flows.submit('train', { model: 'churn' }))).toBe('again')
})

test('while a process of the older weir is there, its runs stay its own; an erasure reaches them all the same', async () => {
  const old = new pg.Client({ connectionString: database.url, application_name: 'weir flows' })
  await old.connect()
  try {
    expect(await flows.list()).toEqual([])
    expect(await oldTables()).toHaveLength(2)
    const change = (document: unknown) =>
      typeof document === 'string' ? document.replace('key-of-somebody', '(erased)') : document
    expect(await flows.changeRecords(['key-of-somebody'], change)).toBe(1)
  } finally {
    await old.end()
  }
  const later = createFlows({ db: database.db, log: silentLog, retention })
  expect((await later.get('e-plain')).error?.message).toBe('no JSON at all: (erased)')
  await later.stop()
})

test('two processes that move the old runs at the same time move each once', async () => {
  const other = createFlows({ db: database.db, log: silentLog, retention })
  await Promise.all([flows.list(), other.list()])
  expect(await other.list()).toHaveLength(5)
  await other.stop()
})
