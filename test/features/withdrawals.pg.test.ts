import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import { must } from '../../src/base/assert.ts'
import { msOfInstant, parseInstant } from '../../src/base/instant.ts'
import { normalizeProject } from '../../src/config/normalize.ts'
import type { Source } from '../../src/config/project.ts'
import type { Features } from '../../src/features/features.ts'
import type { OnlineStore } from '../../src/features/online/online-store.ts'
import { createPostgresStore } from '../../src/features/online/postgres-store.ts'
import { openRedisStore } from '../../src/features/online/redis-store.ts'
import { haveRedis, startRedis } from '../helpers/redis.ts'
import { openRig, type Rig } from './rig.ts'

/** Live values after a delivery was withdrawn, in PostgreSQL and in a real Redis. */
const PROJECT = normalizeProject(
  {
    name: 'withdrawals',
    sources: {
      state: { key: 'id', columns: { id: 'Int64', v: 'Int64' } },
      events: {
        kind: 'changes',
        key: 'id',
        eventTime: 'ts',
        deleted: 'gone',
        columns: { id: 'Int64', ts: 'UnixTimestamp', w: 'Int64', gone: 'Bool' },
      },
    },
    entities: { thing: { joinKeys: { id: 'Int64' } } },
    featureViews: {
      states: { entity: 'thing', source: 'state', features: { v: 'Int64' } },
      also: { entity: 'thing', source: 'state', features: { v2: { type: 'Int64', sql: 'v * 2' } } },
      changes: { entity: 'thing', source: 'events', features: { w: 'Int64' } },
    },
    featureServices: { states: ['states'], also: ['also'], changes: ['changes'] },
  },
  '/',
)
const source = (name: string): Source => must(PROJECT.sources.find((s) => s.name === name))
const JANUARY = '2024-01-31'
const FEBRUARY = '2024-02-29'
const NOW = msOfInstant(parseInstant('2024-03-05'))
/** More keys than a chunk has, so that two chunks are taken back. */
const MANY = Array.from({ length: 3000 }, (_, i) => i)

const redis = haveRedis() ? await startRedis() : undefined
afterAll(() => redis?.stop())
const stores: [string, (rig: Rig) => Promise<OnlineStore>][] = [
  ['postgres', async (rig) => createPostgresStore(rig.db)],
]
if (redis) stores.push(['redis', (rig) => openRedisStore(redis.url, `w${rig.url.split('/').at(-1)}`)])

describe.each(stores)('what was withdrawn, online in %s', (_name, open) => {
  let rig: Rig
  let online: OnlineStore
  let features: Features
  let wishes = 0

  beforeEach(async () => {
    rig = await openRig()
    rig.clock.set(NOW)
    online = await open(rig)
    features = rig.features(PROJECT, rig.db, online)
  })
  afterEach(async () => {
    await rig.close()
    await online.close()
  })

  const withdraw = (name: string, asOf: string, version: number) =>
    rig.lake.withdraw({
      ...{ source: name, validAt: parseInstant(asOf), version },
      ...{ actor: 'ann', reason: 'wrong', request: `${wishes++}` },
    })
  const live = async (service: string, ids: number[]) =>
    (await features.readOnline(service, ids)).map((row) => row.values[0] ?? null)
  const outcome = async (view: string, bounds = {}) => {
    const { outcome: became, rows } = await features.materializeOne(view, bounds)
    return [became, rows]
  }
  const verified = async (view: string) => (await features.verify(view, 5000)).differences

  test('a whole state: the next materialization goes back to the version before, key by key', async () => {
    await rig.deliverRows(source('state'), JANUARY, [
      [1, 10],
      [2, 20],
    ])
    await rig.deliver(
      source('state'),
      JANUARY,
      'SELECT range::BIGINT AS id, (range + 1000)::BIGINT AS v FROM range(3000)',
    )
    await features.materialize({ views: ['states', 'also'] })
    expect(await live('states', [1, 2, 2999])).toEqual([1001, 1002, 3999])
    await withdraw('state', JANUARY, 2)
    // Until then verify says what the views show.
    expect((await features.verify('states', 10)).withdrawn).toEqual(['state/2024-01-31/v2'])
    expect(await outcome('states')).toEqual(['materialized', 2])
    expect((await features.verify('states', 10)).withdrawn).toEqual([])
    expect(await live('states', [1, 2, ...MANY.slice(3)])).toEqual([10, 20, ...MANY.slice(3).map(() => null)])
    // The other view of the source is corrected by its own materialization, whatever bound it has.
    expect(await live('also', [1])).toEqual([2002])
    expect(await outcome('also', { asOf: parseInstant(JANUARY) })).toEqual(['materialized', 2])
    expect(await live('also', [1, 3])).toEqual([20, null])
    expect(await outcome('states')).toEqual(['unchanged', 2])
    expect([await verified('states'), await verified('also')]).toEqual([[], []])
  })

  test('a whole state: without a version before it the moment before counts, and then nothing', async () => {
    await rig.deliverRows(source('state'), JANUARY, [[1, 10]])
    await rig.deliverRows(source('state'), FEBRUARY, [[1, 11]])
    await features.materialize({ views: ['states'] })
    await withdraw('state', FEBRUARY, 1)
    expect(await outcome('states')).toEqual(['materialized', 1])
    expect(await live('states', [1])).toEqual([10])
    await withdraw('state', JANUARY, 1)
    expect(await outcome('states')).toEqual(['withdrawn', 0])
    expect(await live('states', [1])).toEqual([null])
    const [row] = await features.readOnline('states', [1])
    expect(features.refusal('states', 1, must(row))).toMatchObject({ code: 'unavailable' })
    // Delivered again it is there again.
    await rig.deliverRows(source('state'), JANUARY, [[1, 10]])
    expect(await outcome('states')).toEqual(['materialized', 1])
    expect(await live('states', [1])).toEqual([10])
  })

  test('what was pushed since stays, and older versions that were never live change nothing', async () => {
    await rig.deliverRows(source('state'), JANUARY, [[1, 10]])
    await rig.deliverRows(source('state'), FEBRUARY, [
      [1, 11],
      [2, 22],
    ])
    await features.materialize({ views: ['states'] })
    await features.writeFeatures('states', { id: [2], v: [99], event_timestamp: ['2024-03-01T00:00:00Z'] })
    await withdraw('state', JANUARY, 1)
    expect(await outcome('states')).toEqual(['unchanged', 2])
    await withdraw('state', FEBRUARY, 1)
    expect(await outcome('states')).toEqual(['withdrawn', 1])
    expect(await live('states', [1, 2])).toEqual([null, 99])
  })

  test('changes: the rows of the delivery are gone, older ones count again, tombstones too', async () => {
    await rig.deliverRows(source('events'), JANUARY, [
      [1, '2024-01-10T00:00:00Z', 1, false],
      [2, '2024-01-10T00:00:00Z', 2, false],
      [4, '2024-01-10T00:00:00Z', 4, false],
    ])
    await rig.deliver(
      source('events'),
      FEBRUARY,
      `SELECT range::BIGINT AS id, TIMESTAMPTZ '2024-02-10T00:00:00Z' AS ts, (range + 1000)::BIGINT AS w, range = 4 AS gone
       FROM range(1, 3000)`,
    )
    await rig.deliverRows(source('events'), FEBRUARY, [[2, '2024-02-20T00:00:00Z', 222, false]])
    await features.materialize({ views: ['changes'] })
    expect(await live('changes', [1, 2, 3, 4])).toEqual([1001, 222, 1003, null])
    await withdraw('events', FEBRUARY, 1)
    expect(await outcome('changes')).toEqual(['materialized', 3])
    expect(await live('changes', [1, 2, 3, 4, 2999])).toEqual([1, 222, null, 4, null])
    expect(await outcome('changes')).toEqual(['unchanged', 3])
    expect(await verified('changes')).toEqual([])
    // Deliveries after that are still taken in by themselves.
    await rig.deliverRows(source('events'), FEBRUARY, [[3, '2024-02-21T00:00:00Z', 3, false]])
    expect(await outcome('changes')).toEqual(['materialized', 4])
    expect(await verified('changes')).toEqual([])
  })

  test('changes: withdrawn before it was ever live, and all of them', async () => {
    await rig.deliverRows(source('events'), JANUARY, [[1, '2024-01-10T00:00:00Z', 1, false]])
    await features.materialize({ views: ['changes'] })
    await rig.deliverRows(source('events'), FEBRUARY, [[1, '2024-02-10T00:00:00Z', 2, false]])
    await withdraw('events', FEBRUARY, 1)
    expect(await outcome('changes')).toEqual(['unchanged', 1])
    await withdraw('events', JANUARY, 1)
    expect(await outcome('changes')).toEqual(['withdrawn', 0])
    expect(await live('changes', [1])).toEqual([null])
    expect(await outcome('changes')).toEqual(['no snapshot', 0])
  })

  test('a change that was pushed to both stores goes with its delivery', async () => {
    await rig.deliverRows(source('events'), JANUARY, [[1, '2024-01-10T00:00:00Z', 1, false]])
    await features.materialize({ views: ['changes'] })
    const frame = { id: [1], event_timestamp: ['2024-03-01T00:00:00Z'], w: [5], gone: [false] }
    await features.push('events', frame)
    await rig.deliverRows(source('events'), '2024-03-05', [[1, '2024-03-01T00:00:00Z', 5, false]])
    await features.materialize({ views: ['changes'] })
    expect(await live('changes', [1])).toEqual([5])
    await withdraw('events', '2024-03-05', 1)
    expect(await outcome('changes')).toEqual(['materialized', 1])
    expect(await live('changes', [1])).toEqual([1])
  })

  test('as of a K before the withdrawal it is brought as it was known then', async () => {
    await rig.deliverRows(source('state'), JANUARY, [[1, 10]])
    await rig.deliverRows(source('state'), FEBRUARY, [[1, 11]])
    const before = await rig.lake.pinKnownAt()
    await withdraw('state', FEBRUARY, 1)
    expect(await outcome('states', { knownAt: before })).toEqual(['materialized', 1])
    expect(await live('states', [1])).toEqual([11])
    expect(await outcome('states')).toEqual(['materialized', 1])
    expect(await live('states', [1])).toEqual([10])
  })
})

test('a naive time that is pushed is one of the source’s zone, as in its deliveries; one that is none is refused', async () => {
  const rig = await openRig()
  try {
    rig.clock.set(NOW)
    const columns = { id: 'Int64', ts: 'UnixTimestamp', w: 'Int64' }
    const project = normalizeProject(
      {
        name: 'zones',
        sources: { events: { kind: 'changes', key: 'id', eventTime: 'ts', timeZone: 'Europe/Paris', columns } },
        entities: { thing: { joinKeys: { id: 'Int64' } } },
        featureViews: { changes: { entity: 'thing', source: 'events', features: { w: 'Int64' } } },
        featureServices: { changes: ['changes'] },
      },
      '/',
    )
    const features = rig.features(project)
    const push = (ts: string) => features.push('events', { id: [1], ts: [ts], w: [5] })
    await push('2023-07-20 10:30:00')
    const read = async () => (await features.readOnline('changes', [1]))[0]?.eventTimestamps[0]
    expect(await read()).toBe('2023-07-20T08:30:00.000000Z')
    await push('2023-07-20 10:30:00Z')
    expect(await read()).toBe('2023-07-20T10:30:00.000000Z')
    expect(await features.pushedRows('events', { id: [1], ts: ['2023-07-20 10:30:00'], w: [5] })).toMatchObject([
      { ts: '2023-07-20T08:30:00.000000Z' },
    ])
    await expect(push('2023-10-29 02:30:00')).rejects.toThrow(
      /row 1: '2023-10-29 02:30:00' in column 'ts' is a time that Europe\/Paris has twice or not at all/,
    )
  } finally {
    await rig.close()
  }
})
