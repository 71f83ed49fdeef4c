import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type App, createApp } from '../../src/app.ts'
import { manualClock } from '../../src/base/clock.ts'
import { parseInstant } from '../../src/base/instant.ts'
import { silentLog } from '../../src/base/log.ts'
import { normalizeProject } from '../../src/config/normalize.ts'
import { readSettings } from '../../src/config/settings.ts'
import { decisionsOf } from '../../src/monitoring/decisions.ts'
import { type TestDatabase, testDatabase } from '../helpers/pg.ts'

let database: TestDatabase
let dir: string
let app: App
beforeAll(async () => {
  database = await testDatabase()
  dir = await mkdtemp(join(tmpdir(), 'weir-triggers-'))
  const project = normalizeProject(
    {
      name: 'two',
      sources: {
        facts: { key: 'id', columns: { id: 'Int64', x: 'Float64' } },
        outcomes: { key: 'id', columns: { id: 'Int64', y: 'Bool' } },
      },
      entities: { thing: { joinKeys: { id: 'Int64' } } },
      featureViews: { facts: { entity: 'thing', source: 'facts', features: { x: 'Float64' } } },
      featureServices: { all: ['facts'] },
      labels: { y: { entity: 'thing', source: 'outcomes', column: 'y', horizon: '30d' } },
      models: { m: { experiment: 'e', features: 'all', label: 'y', learner: { kind: 'random_forest', trees: 1 } } },
      schedules: {
        online: { flow: 'materialize', on: { delivered: '*' } },
        retrain: {
          flow: 'train_baseline',
          input: { model: 'm', asOf: '{due}' },
          on: { labels: 'y', withdrawn: '*' },
          overlap: 'queue',
        },
      },
    },
    dir,
  )
  const env = { DATABASE_URL: database.url, WEIR_HOME: join(dir, 'home') }
  const settings = readSettings({ flags: {}, env, projectDir: dir })
  app = await createApp({ settings, project, clock: manualClock(Date.UTC(2024, 4, 1)), log: silentLog })
  await app.flows.start()
})
afterAll(async () => {
  await app.close()
  await database.drop()
  await rm(dir, { recursive: true, force: true })
})

const JANUARY = parseInstant('2024-01-31', 'at')
const told = () =>
  database.db.query<{ kind: string; subject: string; period: string; due: string | null }>(
    `select kind, subject, details->>'period' as period, due_at as due from flows.trigger order by kind, subject, id`,
  )

test('a delivery that brings something new is told for its source and for its labels; the same bytes again are not', async () => {
  const rows = [{ id: 1, y: true }]
  await app.ingest.ingestRows({ source: 'outcomes', asOf: '2024-01-31', rows })
  await app.ingest.ingestRows({ source: 'facts', asOf: '2024-01-31', rows: [{ id: 1, x: 2 }] })
  await app.ingest.ingestRows({ source: 'facts', asOf: '2024-01-31', rows: [{ id: 1, x: 2 }] })
  expect(await told()).toEqual([
    { kind: 'delivery', subject: 'facts', period: JANUARY, due: null },
    { kind: 'delivery', subject: 'outcomes', period: JANUARY, due: null },
    { kind: 'labels', subject: 'y', period: JANUARY, due: parseInstant('2024-03-01', 'at') },
  ])
})

test('a delivery that is taken back is told', async () => {
  await app.withdraw({ source: 'facts', validAt: JANUARY, actor: 'anna', reason: 'wrong month' })
  expect((await told()).filter(({ kind }) => kind === 'withdrawn')).toEqual([
    { kind: 'withdrawn', subject: 'facts', period: JANUARY, due: null },
  ])
})

test('a month that came, labels that matured and a delivery that was taken back begin what waits for them, once each, and it is said why', async () => {
  expect(await app.schedules.scheduler.look()).toMatchObject({ leads: true })
  const begun = () =>
    database.db.query<{ flow: string; by: string; input: { asOf?: string } }>(
      `select flow, submitted_by->>'name' as by, input from flows.run where tick is not null order by submitted_at, flow`,
    )
  // The delivery of facts was taken back before anybody looked: the month is not there any more.
  expect((await begun()).map(({ flow, by, input }) => [flow, by, input.asOf])).toEqual([
    ['train_baseline', 'schedule retrain', parseInstant('2024-03-01')],
  ])
  expect(await app.schedules.list()).toMatchObject([{ waiting: 0 }, { waiting: 1, running: 1 }])
  await app.ingest.ingestRows({ source: 'facts', asOf: '2024-01-31', rows: [{ id: 1, x: 3 }] })
  await app.schedules.scheduler.look()
  expect((await begun()).map(({ flow }) => flow)).toEqual(['train_baseline', 'materialize'])
  expect(await decisionsOf(database.db, { model: 'm', limit: 9 })).toMatchObject([
    { kind: 'retrain', says: 'schedule retrain begins train_baseline (y)', at: parseInstant('2024-03-01') },
  ])
  const rows = await database.db.query(
    `select distinct actor from identity.audit where to_value->>'schedule' = 'retrain'`,
  )
  expect(rows).toEqual([{ actor: 'schedule retrain' }])
  for (const { id } of await app.flows.list()) await app.flows.wait(id).catch(() => {})
})
