import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseInstant } from '../../src/base/instant.ts'
import { openRedisStore } from '../../src/features/online/redis-store.ts'
import { describeWith } from '../helpers/needs.ts'
import { missingRedis, startRedis } from '../helpers/redis.ts'
import { openServerRig } from '../serving/rig.ts'
import { KNOWN_FEATURES } from './real-data.ts'

test('a Redis that cannot be reached is refused at once', async () => {
  await expect(openRedisStore('redis://127.0.0.1:1', 'x')).rejects.toThrow(/the online store \(Redis\) does not answer/)
})

/** The whole server with its live features in a real Redis. */
describeWith('WEIR_ONLINE=redis://', missingRedis(), () => {
  let redis: Awaited<ReturnType<typeof startRedis>>
  let rig: Awaited<ReturnType<typeof openServerRig>>

  beforeAll(async () => {
    redis = await startRedis()
    rig = await openServerRig({ env: { WEIR_ONLINE: redis.url } })
    await rig.app.ingestMonth({ dir: `${rig.months}/month_000`, asOf: '2024-01-31' })
  })
  afterAll(async () => {
    await rig?.close()
    await redis?.stop()
  })

  test('features and predictions are read from it, and equal those of the lake', async () => {
    expect((await rig.get('/features/7590-VHVEG')).status).toBe(503)
    const done = await rig.app.materialize({ asOf: parseInstant('2024-01-31') })
    expect(done.map((view) => view.rows)).toEqual([7043, 7043, 7043, 7043])
    const answer = await rig.get('/features/7590-VHVEG')
    expect(answer.body.features).toEqual(KNOWN_FEATURES)
    expect((await rig.get('/features/0000-XXXXX')).status).toBe(404)
    expect((await rig.app.features.verify('subs_profile_fv', 500)).differences).toEqual([])
    const trained = await rig.train()
    await rig.promote(trained.version)
    const predicted = await rig.until((a) => a.status === 200)
    expect(predicted.body.features_used).toEqual(KNOWN_FEATURES)
  })

  test('X2, X12: while it is away callers are told so at once; when it came back empty they are told what it lost', async () => {
    await redis.stop()
    const away = await rig.get('/features/7590-VHVEG')
    expect([away.status, away.text]).toEqual([503, expect.stringContaining('the online store (Redis) does not answer')])
    expect((await rig.predict({ user_id: '7590-VHVEG' })).status).toBe(503)
    redis = await startRedis(Number(new URL(redis.url).port))
    // It came back empty: nobody is told that a customer is unknown, and the next materialization brings everything again.
    const told = async () => (await rig.predict({ user_id: '7590-VHVEG' })).text
    await expect.poll(told).toContain('lost values of feature view')
    for (const path of ['/features/7590-VHVEG', '/features/0000-XXXXX', '/ready']) {
      const { status, text } = await rig.get(path)
      expect([path, status, text]).toEqual([path, 503, expect.stringContaining("'subs_profile_fv'")])
    }
    const asked = { features: ['usage_agg_30d_fv:skips_7d'], entities: { user_id: ['7590-VHVEG'] } }
    expect((await rig.post('/get-online-features', asked)).status).toBe(503)
    await expect(rig.app.features.verify('subs_profile_fv', 10)).rejects.toMatchObject({ code: 'unavailable' })
    const done = await rig.app.features.materialize()
    expect(done.map((view) => [view.outcome, view.rows])).toEqual(Array(4).fill(['materialized', 7043]))
    expect((await rig.get('/features/7590-VHVEG')).body.features).toEqual(KNOWN_FEATURES)
    expect((await rig.get('/ready')).status).toBe(200)
  })
})
