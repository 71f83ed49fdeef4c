import { RESP_TYPES } from '@redis/client'
import { createClient } from 'redis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { must } from '../../src/base/assert.ts'
import { msOfInstant, parseInstant } from '../../src/base/instant.ts'
import { createLog, silentLog } from '../../src/base/log.ts'
import { normalizeProject } from '../../src/config/normalize.ts'
import { connectDatabase } from '../../src/db/db.ts'
import type { Features } from '../../src/features/features.ts'
import type { OnlineStore } from '../../src/features/online/online-store.ts'
import { openRedisStore } from '../../src/features/online/redis-store.ts'
import { describeWith } from '../helpers/needs.ts'
import { proxyTo, type TestProxy } from '../helpers/proxy.ts'
import { missingRedis, startRedis } from '../helpers/redis.ts'
import { openRig, type Rig } from './rig.ts'

const PROJECT = normalizeProject(
  {
    name: 'lost',
    sources: {
      fees: { key: 'id', columns: { id: 'String', fee: 'Float64' } },
      hours: { key: 'id', columns: { id: 'String', hours: 'Int64' } },
    },
    entities: { user: { joinKeys: { id: 'String' } } },
    featureViews: {
      fees_fv: { entity: 'user', source: 'fees', features: { fee: 'Float64' } },
      hours_fv: { entity: 'user', source: 'hours', features: { hours: 'Int64' } },
    },
    featureServices: { both: ['fees_fv', 'hours_fv'] },
  },
  '/',
)
const source = (name: string) => must(PROJECT.sources.find((s) => s.name === name))
/** More than a chunk of DuckDB and than a step of a scan. */
const ROWS = 3_000
const KEYS = Array.from({ length: ROWS }, (_, i) => `u${i}`)
const VIEWS = ['fees_fv', 'hours_fv']

describeWith('a Redis that lost values', missingRedis(), () => {
  let redis: Awaited<ReturnType<typeof startRedis>>
  let raw: ReturnType<typeof rawClient>
  let rig: Rig
  let online: OnlineStore
  let features: Features
  let namespace: string

  beforeAll(async () => {
    redis = await startRedis()
    raw = rawClient(redis.url)
    await raw.connect()
  })
  afterAll(async () => {
    raw?.destroy()
    await redis?.stop()
  })
  beforeEach(async () => {
    await raw.flushAll()
    rig = await openRig()
    rig.clock.set(msOfInstant(parseInstant('2024-03-05')))
    namespace = `t${rig.url.split('/').at(-1)}`
    online = await openRedisStore(redis.url, namespace)
    features = rig.features(PROJECT, rig.db, online)
    await deliver('2024-01-31', 1)
  })
  afterEach(async () => {
    await rig.close()
    await online.close()
  })

  async function deliver(at: string, times: number): Promise<void> {
    await rig.deliver(source('fees'), at, `SELECT 'u' || i AS id, i * 0.5 * ${times} AS fee FROM range(${ROWS}) r(i)`)
    const hours = `SELECT 'u' || i AS id, i * ${times} AS hours FROM range(${ROWS}) r(i) WHERE i % 2 = 0`
    await rig.deliver(source('hours'), at, hours)
  }
  const outcomes = async (more = {}) => (await features.materialize(more)).map((m) => [m.outcome, m.rows, m.written])
  const FILLED = [
    ['materialized', ROWS, ROWS],
    ['materialized', ROWS / 2, ROWS / 2],
  ]
  /** Of each key: right, or lost; anything else is a wrong answer. Gives how many were lost. */
  async function countLost(times = 1): Promise<number> {
    const rows = await features.readOnline('both', KEYS)
    let lost = 0
    for (const [i, row] of rows.entries()) {
      const refusal = features.refusal('both', `u${i}`, row)
      if (row.lostViews.length > 0) {
        lost++
        expect(refusal).toMatchObject({ code: 'unavailable', details: { missing_views: row.lostViews } })
      } else expect(row.values).toEqual([i * 0.5 * times, i % 2 === 0 ? i * times : null])
    }
    return lost
  }
  const partsOf = async (view: string) => (await raw.keys(`weir:${namespace}:${view}_*`)).sort()

  test('X1: after a flush every view is brought again, and all its rows are there', async () => {
    expect(await outcomes()).toEqual(FILLED)
    expect(await countLost()).toBe(0)
    await raw.flushAll()
    expect(await countLost()).toBe(ROWS)
    expect(await features.lostViews()).toEqual(VIEWS)
    expect(await outcomes()).toEqual(FILLED)
    expect(await countLost()).toBe(0)
    expect((await outcomes()).map(([outcome]) => outcome)).toEqual(['unchanged', 'unchanged'])
    // Asked for, it is brought again also where nothing is known to be missing.
    expect(await outcomes({ full: true })).toEqual(FILLED)
  })

  test.each([
    ['all of it', async () => void (await raw.flushAll())],
    ['one part', async () => void (await raw.del(must((await partsOf('fees_fv'))[17])))],
  ])('X1: a load that loses %s on the way is refused, and the next one brings everything', async (_what, lose) => {
    const losing: OnlineStore = {
      ...online,
      load: async (...given) => {
        const there = await online.load(...given)
        await lose()
        return there
      },
    }
    const broken = rig.features(PROJECT, rig.db, losing)
    await expect(broken.materialize({ views: ['fees_fv'] })).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining("'fees_fv'"),
    })
    expect((await features.viewStates()).map((s) => s.materialized)).toEqual([false, false])
    expect(await outcomes()).toEqual(FILLED)
    expect(await countLost()).toBe(0)
    // The same where an older load is there.
    await deliver('2024-02-29', 2)
    await expect(broken.materialize({ views: ['fees_fv'] })).rejects.toMatchObject({ code: 'unavailable' })
    expect(await features.lostViews()).toContain('fees_fv')
    expect((await outcomes())[0]).toEqual(['materialized', ROWS, ROWS])
    expect(await countLost(2)).toBe(0)
  })

  test('X1: a Redis without memory for the values refuses the load; with memory it is filled', async () => {
    const used = Number(/used_memory:(\d+)/.exec(await raw.info('memory'))?.[1])
    await raw.configSet('maxmemory', String(used + 200_000))
    try {
      await expect(features.materialize()).rejects.toMatchObject({ code: 'storage_full' })
      expect((await features.viewStates()).some((s) => s.materialized)).toBe(false)
    } finally {
      await raw.configSet('maxmemory', '0')
    }
    expect(await outcomes()).toEqual(FILLED)
    expect(await countLost()).toBe(0)
  })

  test('X2: a row that was lost is told from a null and from an unknown entity', async () => {
    await features.materialize()
    await raw.del(must((await partsOf('hours_fv'))[3]))
    const rows = await features.readOnline('both', [...KEYS, 'nobody', 'no one', 'none'])
    const lost = rows.filter((row) => row.lostViews.length > 0)
    expect(lost.length).toBeGreaterThan(0)
    expect(lost.every((row) => row.lostViews.join() === 'hours_fv')).toBe(true)
    expect(await countLost()).toBeGreaterThan(0)
    const unknown = rows.slice(ROWS).filter((row) => row.lostViews.length === 0)
    expect(unknown.map((row) => features.refusal('both', 'nobody', row)?.code)).toEqual(unknown.map(() => 'not_found'))
    expect(unknown.length).toBeGreaterThan(0)
    expect(await features.lostViews()).toEqual(['hours_fv'])
    // The same for those who ask by Feast's protocol, which has no word for it in a row.
    const asked = features.serviceOf(['fees_fv:fee', 'hours_fv:hours'])
    await expect(features.readOnlineOf(asked, KEYS)).rejects.toMatchObject({ code: 'unavailable' })
    await expect(features.verify('hours_fv', 100)).rejects.toMatchObject({ code: 'unavailable' })
    expect((await features.verify('fees_fv', 100)).differences).toEqual([])
    expect(await outcomes()).toEqual([['unchanged', ROWS, 0], FILLED[1]])
    expect(await countLost()).toBe(0)
  })

  test('X2: under eviction no value is ever wrong', async () => {
    await features.materialize()
    const used = Number(/used_memory:(\d+)/.exec(await raw.info('memory'))?.[1])
    await raw.configSet('maxmemory-policy', 'allkeys-lru')
    await raw.configSet('maxmemory', String(used - 100_000))
    try {
      for (let i = 0; i < 20; i++) await raw.set(`filler ${i}`, 'x'.repeat(10_000))
      expect(Number(/evicted_keys:(\d+)/.exec(await raw.info('stats'))?.[1])).toBeGreaterThan(0)
      // All are lost where what is evicted is the mark of the whole table.
      expect(await countLost()).toBeGreaterThan(0)
    } finally {
      await raw.configSet('maxmemory', '0')
      await raw.configSet('maxmemory-policy', 'noeviction')
    }
    await features.materialize()
    expect(await countLost()).toBe(0)
  })

  test('X2: a Redis that comes back with an older copy is found out', async () => {
    await features.materialize()
    const binary = raw.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer })
    const copy = await Promise.all(
      (await raw.keys('*')).map(async (key) => [key, must(await binary.dump(key)) as unknown as Buffer] as const),
    )
    await deliver('2024-02-29', 2)
    await features.materialize()
    expect(await countLost(2)).toBe(0)
    await raw.flushAll()
    for (const [key, bytes] of copy) await raw.restore(key, 0, bytes)
    expect(await countLost(2)).toBe(ROWS)
    await features.materialize()
    expect(await countLost(2)).toBe(0)
  })

  test('X2: a push into a table that lost values is refused, and not taken for its first row', async () => {
    await features.materialize()
    await raw.flushAll()
    const frame = { id: ['u1'], fee: [7], event_timestamp: ['2024-03-04T00:00:00Z'] }
    await expect(features.writeFeatures('fees_fv', frame)).rejects.toMatchObject({ code: 'unavailable' })
    await features.materialize()
    expect(await features.writeFeatures('fees_fv', frame)).toBe(1)
    expect((await features.readOnline('both', ['u1']))[0]?.values[0]).toBe(7)
  })

  test('two first pushes at once are both kept', async () => {
    const other = await connectDatabase({ url: rig.url, log: silentLog, poolSize: 3 })
    const elsewhere = await openRedisStore(redis.url, namespace)
    const there = rig.features(PROJECT, other, elsewhere)
    const push = (to: Features, id: string, fee: number) =>
      to.writeFeatures('fees_fv', { id: [id], fee: [fee], event_timestamp: ['2024-03-04T00:00:00Z'] })
    await Promise.all([push(features, 'a', 1), push(there, 'b', 2), push(features, 'c', 3), push(there, 'd', 4)])
    const asked = features.serviceOf(['fees_fv:fee'])
    const rows = await features.readOnlineOf(asked, ['a', 'b', 'c', 'd'])
    expect(rows.map((row) => row.values[0])).toEqual([1, 2, 3, 4])
    await there.close()
    await elsewhere.close()
    await other.close()
  })

  describe('behind a wire that fails', () => {
    let proxy: TestProxy
    let wired: OnlineStore
    let through: Features
    beforeEach(async () => {
      await features.materialize()
      proxy = await proxyTo(redis.url)
      wired = await openRedisStore(proxy.through(redis.url), namespace)
      through = rig.features(PROJECT, rig.db, wired)
      expect((await through.readOnline('both', ['u2']))[0]?.values).toEqual([1, 2])
    })
    afterEach(async () => {
      await wired.close()
      await proxy.stop()
    })
    const answers = () =>
      expect
        .poll(
          () =>
            through.readOnline('both', ['u2']).then(
              (rows) => rows[0]?.values,
              () => 'away',
            ),
          { timeout: 15_000 },
        )
        .toEqual([1, 2])
    const refusal = { code: 'unavailable', message: expect.stringContaining('the online store (Redis)') }

    test.each(['silence', 'lose', 'cut', 'refuse'] as const)(
      'X12: Redis that goes away (%s): reads and states are refused, and all is well when it is back',
      async (how) => {
        await proxy[how]()
        // A connection that was only cut is soon made again.
        if (how !== 'cut') {
          const asked = [through.readOnline('both', ['u2']), through.readOnline('both', ['u4']), through.lostViews()]
          for (const answer of await Promise.allSettled(asked)) {
            expect(answer).toMatchObject({ status: 'rejected', reason: refusal })
          }
          await proxy.pass()
        }
        await answers()
      },
    )

    test('X12: a slow Redis is waited for, up to the limit', async () => {
      await proxy.slow(50)
      expect((await through.readOnline('both', ['u2']))[0]?.values).toEqual([1, 2])
    })

    test('X12: a silent Redis does not hold the stop, and who waits is told', async () => {
      await proxy.silence()
      const asked = through.readOnline('both', ['u2']).catch((error: unknown) => error)
      const slow = through.materialize({ full: true }).catch((error: unknown) => error)
      await wired.close()
      expect(await asked).toMatchObject(refusal)
      expect(await slow).toMatchObject(refusal)
    })
  })
})

describeWith('another kind of Redis', missingRedis(), () => {
  test('a cluster is refused with a sentence', async () => {
    const cluster = await startRedis(undefined, ['--cluster-enabled', 'yes'])
    try {
      await expect(openRedisStore(cluster.url, 'x')).rejects.toMatchObject({
        code: 'unsupported',
        message: expect.stringContaining('is a cluster'),
      })
    } finally {
      await cluster.stop()
    }
  })

  test('X2: one that removes values by itself is warned of at the start', async () => {
    const evicting = await startRedis(undefined, ['--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru'])
    const said: string[] = []
    const log = { ...createLog('silent'), warn: (text: string) => void said.push(text) }
    try {
      await (await openRedisStore(evicting.url, 'x', log as never)).close()
      expect(said).toEqual([expect.stringContaining('set maxmemory-policy noeviction')])
    } finally {
      await evicting.stop()
    }
  })
})

function rawClient(url: string) {
  const client = createClient({ url })
  client.on('error', () => {})
  return client
}
