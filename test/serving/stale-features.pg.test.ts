import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { parseInstant } from '../../src/base/instant.ts'
import { type TestDatabase, testDatabase } from '../helpers/pg.ts'
import { proxyTo, type TestProxy } from '../helpers/proxy.ts'
import { firstUsers } from '../helpers/real-data.ts'
import { MODEL, openServerRig } from './rig.ts'

let [A, B, C] = ['', '', '']

let database: TestDatabase
let proxy: TestProxy
let rig: Awaited<ReturnType<typeof openServerRig>>
beforeAll(async () => {
  database = await testDatabase()
  proxy = await proxyTo(database.url)
  rig = await openServerRig({
    trees: 3,
    env: { DATABASE_URL: proxy.through(database.url) },
    change: (project) => ({
      ...project,
      models: project.models.map((model) => ({
        ...model,
        serving: { ...model.serving, lastKnownFeatures: { maxAgeMs: 3_600_000, entities: 100 } },
      })),
    }),
  })
  ;[A, B, C] = firstUsers(rig.months, 3) as [string, string, string]
  await rig.app.ingestMonth({ dir: join(rig.months, 'month_000'), asOf: '2024-01-31' })
  await rig.app.features.materialize({ asOf: parseInstant('2024-01-31', 'as-of') })
  const { version } = await rig.train()
  await rig.promote(version)
  await rig.until((answer) => answer.status === 200)
})
afterAll(async () => {
  await rig?.close()
  await proxy?.stop()
  await database?.drop()
})

const withoutStale = ({ stale: _stale, features_read_at: _at, ...rest }: Record<string, unknown>) => rest

it('while the database is away a model that allows it answers from the features read last, and says stale and when; erased people are not in it', async () => {
  const fresh = await rig.predict({ user_id: A })
  expect(fresh.body).not.toHaveProperty('stale')
  await rig.predict({ user_id: B })
  await proxy.refuse()
  const answer = await rig.predict({ user_id: A })
  expect([answer.status, answer.body.stale]).toEqual([200, true])
  expect(Date.parse(String(answer.body.features_read_at))).toBeGreaterThan(Date.now() - 3_600_000)
  expect(withoutStale(answer.body)).toEqual(fresh.body)
  const batch = await rig.post('/predict/batch', { user_ids: [B, C] })
  expect([batch.status, batch.body]).toMatchObject([
    207,
    { predictions: [{ user_id: B, stale: true }], errors: [{ key: C, error: 'unavailable' }] },
  ])
  expect((await rig.predict({ user_id: C })).status).toBe(503)
  expect((await rig.post(`/models/${MODEL}/what-if`, { key: { user_id: A }, features: {} })).status).toBe(503)

  await proxy.pass()
  await rig.until((back) => back.status === 200 && back.body.stale === undefined, { user_id: A })
  await rig.predict({ user_id: B })
  await rig.app.erase({ entity: 'user', key: A, actor: 'test', reason: 'asked for it' })
  await rig.until(({ status }) => status === 404, { user_id: A })
  await rig.until(({ status }) => status === 200, { user_id: B })
  await proxy.refuse()
  expect((await rig.predict({ user_id: A })).status).toBe(503)
  expect((await rig.predict({ user_id: B })).body.stale).toBe(true)
  await proxy.pass()
})
