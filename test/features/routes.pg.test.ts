import Fastify, { type FastifyInstance } from 'fastify'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { PlatformError } from '../../src/base/errors.ts'
import { featureRoutes } from '../../src/features/routes.ts'
import { featureViewAnswer, momentsStatisticsAnswer } from '../../src/wire/features.ts'
import { projectOf } from './projects.ts'
import { openRig, type Rig, snapshotSource } from './rig.ts'

const FACTS = snapshotSource('facts', { user_id: 'String', big: 'Int64', fee: 'Float32', tier: 'String' })
const LABELS = snapshotSource('labels', { user_id: 'String', y: 'Bool' })
const PROJECT = projectOf({
  sources: [FACTS, LABELS],
  keys: { user_id: 'String' },
  views: [{ name: 'facts_fv', source: FACTS, features: ['fee', 'tier', 'big'], ttlMs: 86_400_000 * 30 }],
})

let rig: Rig
let app: FastifyInstance

beforeAll(async () => {
  rig = await openRig()
  app = Fastify()
  app.setErrorHandler<PlatformError>((error, _request, reply) =>
    reply.status(500).send({ code: error.code, message: error.message, details: error.details }),
  )
  await app.register(featureRoutes(rig.features(PROJECT), PROJECT))
})
afterAll(async () => {
  await app.close()
  await rig.close()
})

const get = (key: string) => app.inject({ url: `/features/${key}` })

test('GET /features/{key}: unavailable, then the values, then not found, then stale', async () => {
  expect((await get('a')).json()).toMatchObject({
    code: 'unavailable',
    details: { missing_views: ['facts_fv'], missing_features: ['fee', 'tier', 'big'] },
  })

  await rig.deliver(
    FACTS,
    '2024-01-31',
    `SELECT 'a' AS user_id, 9007199254740993 AS big, 29.85::FLOAT AS fee, NULL::VARCHAR AS tier`,
    '2024-02-01',
  )
  await rig.features(PROJECT).materialize()
  // The server hears of what another process did.
  await expect.poll(async () => (await get('a')).statusCode).toBe(200)
  const found = await get('a')
  expect(found.headers['content-type']).toBe('application/json; charset=utf-8')
  expect(found.body).toBe(
    '{"user_id":"a","features":{"fee":29.850000381469727,"tier":null,"big":9007199254740993},' +
      '"statuses":{"fee":"PRESENT","tier":"NULL_VALUE","big":"PRESENT"},' +
      '"event_timestamps":{"fee":"2024-01-31T00:00:00Z","tier":"2024-01-31T00:00:00Z","big":"2024-01-31T00:00:00Z"}}',
  )

  expect((await get('999999')).json()).toMatchObject({
    code: 'not_found',
    message: expect.stringContaining("user_id '999999'"),
    details: { missing_features: ['fee', 'tier', 'big'] },
  })

  rig.clock.advance(60 * 86_400_000)
  expect((await get('a')).json()).toMatchObject({
    code: 'unavailable',
    details: { stale_features: ['fee', 'tier', 'big'] },
  })
})

test('GET /feature-views/{name}: what it is and who uses it; /moments: what its features were like, the newest last', async () => {
  await rig.deliver(
    FACTS,
    '2024-02-29',
    `SELECT 'a' AS user_id, 1 AS big, 30.5::FLOAT AS fee, 'gold' AS tier UNION ALL SELECT 'b', 2, NULL, 'gold'`,
    '2024-05-01',
  )
  const one = (await app.inject({ url: '/feature-views/facts_fv' })).json()
  expect(featureViewAnswer.parse(one)).toEqual(one)
  expect(one).toMatchObject({
    entity: 'thing',
    owner: null,
    source: 'facts',
    keys: [{ name: 'user_id', type: 'String', column: 'user_id' }],
    services: [{ name: 'service', features: ['fee', 'tier', 'big'] }],
    models: [{ name: 'model', service: 'service' }],
  })
  const moments = (await app.inject({ url: '/feature-views/facts_fv/moments' })).json()
  expect(momentsStatisticsAnswer.parse(moments)).toEqual(moments)
  expect(moments.moments.map((m: { snapshot: string; rows: number }) => [m.snapshot, m.rows])).toEqual([
    ['facts/2024-01-31/v1', 1],
    ['facts/2024-02-29/v1', 2],
  ])
  const newest = (await app.inject({ url: '/feature-views/facts_fv/moments?limit=1' })).json()
  expect(newest.moments).toEqual(moments.moments.slice(1))
  expect((await app.inject({ url: '/feature-views/facts/moments?limit=100' })).json().code).toBe('invalid_argument')
  expect((await app.inject({ url: '/feature-views/fact_fv' })).json()).toMatchObject({
    code: 'not_found',
    message: expect.stringContaining("did you mean 'facts_fv'?"),
  })
})
