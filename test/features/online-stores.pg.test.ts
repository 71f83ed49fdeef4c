import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import { must } from '../../src/base/assert.ts'
import { msOfInstant, parseInstant } from '../../src/base/instant.ts'
import { normalizeProject } from '../../src/config/normalize.ts'
import type { Source } from '../../src/config/project.ts'
import type { Features } from '../../src/features/features.ts'
import type { OnlineStore } from '../../src/features/online/online-store.ts'
import { createPostgresStore } from '../../src/features/online/postgres-store.ts'
import { openRedisStore } from '../../src/features/online/redis-store.ts'
import { describeWith } from '../helpers/needs.ts'
import { haveRedis, missingRedis, startRedis } from '../helpers/redis.ts'
import { openRig, type Rig } from './rig.ts'

/** What every online store does, in PostgreSQL and in a real Redis. */
const TYPES = {
  s: 'String',
  i: 'Int32',
  l: 'Int64',
  f: 'Float32',
  d: 'Float64',
  b: 'Bool',
  day: 'Date',
  at: 'UnixTimestamp',
}

const PROJECT = normalizeProject(
  {
    name: 'stores',
    sources: {
      state: { key: 'id', columns: { id: 'String', ...TYPES } },
      events: {
        kind: 'changes',
        key: ['a', 'b'],
        eventTime: 'ts',
        availableAt: 'created',
        deleted: 'gone',
        columns: { a: 'Int64', b: 'String', ts: 'UnixTimestamp', created: 'UnixTimestamp', v: 'Int64', gone: 'Bool' },
      },
      world: {
        kind: 'changes',
        key: 'n',
        eventTime: 'ts',
        columns: { n: 'Int64', ts: 'UnixTimestamp', rate: 'Float64' },
      },
    },
    entities: { user: { joinKeys: { id: 'String' } }, pair: { joinKeys: { a: 'Int64', b: 'String' } } },
    featureViews: {
      state: { entity: 'user', source: 'state', ttl: '40d', features: TYPES },
      derived: {
        entity: 'user',
        source: 'state',
        features: { twice: { type: 'Float32', sql: 'f * 2' }, long: { type: 'Bool', sql: "length(s) > 3 -- so '" } },
      },
      pairs: { entity: 'pair', source: 'events', features: { v: 'Int64' } },
      world: { entity: null, source: 'world', features: { rate: 'Float64' } },
    },
    onDemandViews: {
      computed: {
        inputs: ['state:f', 'world:rate'],
        request: { amount: 'Float64' },
        features: { cost: 'Float64' },
        compute: ({ f, rate, amount }: Record<string, unknown>) => ({
          cost: f === null || rate === null ? null : Number(f) * Number(rate) + Number(amount),
        }),
      },
    },
    featureServices: {
      state: ['state'],
      pairs: ['pairs'],
      roles: [
        { view: 'derived', as: 'from', keys: { id: 'sender' } },
        { view: 'derived', as: 'to', keys: { id: 'receiver' } },
      ],
      world: ['world', 'state:s'],
      computed: ['computed', 'derived'],
    },
  },
  '/',
)
const source = (name: string): Source => must(PROJECT.sources.find((s) => s.name === name))
const JANUARY = '2024-01-31'
const FEBRUARY = '2024-02-29'
const NOW = msOfInstant(parseInstant('2024-03-05'))

const redis = haveRedis() ? await startRedis() : undefined
describeWith('the online store in redis is there', missingRedis(), () => test('to be tested', () => {}))
afterAll(() => redis?.stop())

const stores: [string, (rig: Rig) => Promise<OnlineStore>][] = [
  ['postgres', async (rig) => createPostgresStore(rig.db)],
  ...(redis
    ? [['redis', (rig: Rig) => openRedisStore(redis.url, `t${rig.url.split('/').at(-1)}`)] as const].map(
        ([name, open]): [string, (rig: Rig) => Promise<OnlineStore>] => [name, open],
      )
    : []),
]

describe.each(stores)('the online store in %s', (_name, open) => {
  let rig: Rig
  let online: OnlineStore
  let features: Features

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

  const read = async (service: string, ...keys: Parameters<Features['readOnline']>[1]) =>
    (await features.readOnline(service, keys)).map((row) => [row.values, row.statuses] as const)
  const pairs = async (...keys: [number, string][]) =>
    (await read('pairs', ...keys.map(([a, b]) => ({ a, b })))).map(([values, [status]]) => [values[0], status])
  const only = (view: string, more = {}) => features.materialize({ views: [view], ...more })
  const january = () =>
    rig.deliverRows(source('state'), JANUARY, [
      ['a', 'text', -5, 7, 29.85, 0.1, true, '2022-02-05', '2024-01-02T03:04:05.000006Z'],
      ['b', null, null, null, null, null, null, null, null],
      ['', '\\N', 1, 1, 1, 1, false, null, null],
      ['c', 'a "b",\nc', 1, 1, 1e30, 1e300, false, null, null],
    ])

  test('keeps the exact values of all types, nulls and texts', async () => {
    await january()
    expect((await only('state'))[0]).toMatchObject({ rows: 4, written: 4, outcome: 'materialized' })
    const [a, b, c, none] = await read('state', 'a', 'b', 'c', 'zz')
    expect(a?.[0]).toEqual(['text', -5, 7, 29.850000381469727, 0.1, true, '2022-02-05', '2024-01-02T03:04:05.000006Z'])
    expect(new Set(a?.[1])).toEqual(new Set(['PRESENT']))
    expect(b?.[0]).toEqual(Array(8).fill(null))
    expect(new Set(b?.[1])).toEqual(new Set(['NULL_VALUE']))
    expect(c?.[0].slice(0, 5)).toEqual(['a "b",\nc', 1, 1, Math.fround(1e30), 1e300])
    expect(new Set(none?.[1])).toEqual(new Set(['NOT_FOUND']))
    rig.clock.advance(40 * 86_400_000)
    expect(new Set((await read('state', 'a'))[0]?.[1])).toEqual(new Set(['OUTSIDE_MAX_AGE']))
  })

  test('keeps every digit of an integer beyond 2^53', async () => {
    const big =
      "SELECT 'a' AS id, NULL AS s, NULL AS i, 9007199254740993 AS l, NULL AS f, NULL AS d, NULL AS b, NULL AS day, NULL AS at"
    await rig.deliver(source('state'), JANUARY, big)
    await only('state')
    expect((await read('state', 'a'))[0]?.[0][2]).toBe(9007199254740993n)
    await features.writeFeatures('state', frameOf('a', { l: 9007199254740995n }, FEBRUARY))
    expect((await read('state', 'a'))[0]?.[0][2]).toBe(9007199254740995n)
  })

  test('a whole state takes the place of the one before; what was pushed since it stays', async () => {
    await january()
    await only('state')
    await features.writeFeatures('state', frameOf('b', { l: 99 }, '2024-03-04'))
    await features.writeFeatures('state', frameOf('c', { l: 98 }, '2024-01-30'))
    await features.writeFeatures('state', frameOf('new', { l: 97 }, '2024-03-04'))
    const l = async () => (await read('state', 'a', 'b', 'c', 'new')).map(([values]) => values[2])
    expect(await l()).toEqual([7, 99, 1, 97])
    await rig.deliverRows(source('state'), FEBRUARY, [['a', null, null, 8, null, null, null, null, null]])
    expect((await only('state'))[0]).toMatchObject({ outcome: 'materialized', rows: 3 })
    expect(await l()).toEqual([8, 99, null, 97])
    expect((await only('state'))[0]?.outcome).toBe('unchanged')
    expect((await only('state', { asOf: parseInstant(JANUARY) }))[0]?.outcome).toBe('kept newer')
  })

  test('changes: the newest of each key; later deliveries alone are read, late rows and tombstones keep their place', async () => {
    const events = source('events')
    const row = (a: number, ts: string, v: number | null, gone = false) => [a, 'x', ts, ts, v, gone]
    await rig.deliverRows(events, JANUARY, [row(1, '2024-01-05', 5), row(1, '2024-01-03', 3), row(2, '2024-01-01', 1)])
    expect((await only('pairs'))[0]).toMatchObject({ rows: 2, written: 2, validAt: parseInstant('2024-01-05') })
    expect(await pairs([1, 'x'], [2, 'x'], [1, 'y'])).toEqual([
      [5, 'PRESENT'],
      [1, 'PRESENT'],
      [null, 'NOT_FOUND'],
    ])
    await rig.deliverRows(events, FEBRUARY, [
      row(1, '2024-01-04', 4),
      row(2, '2024-02-02', null, true),
      row(3, '2024-02-03', 33),
    ])
    expect((await only('pairs'))[0]).toMatchObject({ rows: 2, written: 3 })
    expect(await pairs([1, 'x'], [2, 'x'], [3, 'x'])).toEqual([
      [5, 'PRESENT'],
      [null, 'NOT_FOUND'],
      [33, 'PRESENT'],
    ])
    await rig.deliverRows(events, '2024-03-01', [row(2, '2024-02-01', 20)])
    await only('pairs')
    expect(await pairs([2, 'x'])).toEqual([[null, 'NOT_FOUND']])
    expect((await only('pairs'))[0]).toMatchObject({ outcome: 'unchanged', written: 0 })
    expect((await only('pairs', { full: true }))[0]).toMatchObject({ outcome: 'materialized', rows: 2 })
    expect(await pairs([1, 'x'], [2, 'x'], [3, 'x'])).toEqual([
      [5, 'PRESENT'],
      [null, 'NOT_FOUND'],
      [33, 'PRESENT'],
    ])
  })

  test('changes up to a moment; later ones come with a later moment', async () => {
    const row = (ts: string, v: number) => [1, 'x', ts, ts, v, false]
    await rig.deliverRows(source('events'), JANUARY, [row('2024-01-05', 5), row('2024-01-20', 20)])
    await only('pairs', { asOf: parseInstant('2024-01-10') })
    expect(await pairs([1, 'x'])).toEqual([[5, 'PRESENT']])
    expect((await only('pairs', { asOf: parseInstant('2024-01-02') }))[0]?.outcome).toBe('kept newer')
    await only('pairs')
    expect(await pairs([1, 'x'])).toEqual([[20, 'PRESENT']])
  })

  test('push: older events, later created, ties, tombstones, and views that were never materialized', async () => {
    const push = (ts: string, v: number | null, more = {}) =>
      features.push('events', { a: [1], b: ['x'], ts: [ts], v: [v], ...more })
    await push('2024-03-01', 1)
    expect(await pairs([1, 'x'])).toEqual([[1, 'PRESENT']])
    await push('2024-02-01', 2)
    expect(await pairs([1, 'x'])).toEqual([[1, 'PRESENT']])
    await push('2024-03-01', 3)
    expect(await pairs([1, 'x'])).toEqual([[3, 'PRESENT']])
    await push('2024-03-01', 4, { created: ['2024-03-01'] })
    expect(await pairs([1, 'x'])).toEqual([[3, 'PRESENT']])
    await push('2024-03-02', null, { gone: [true] })
    expect(await pairs([1, 'x'])).toEqual([[null, 'NOT_FOUND']])
    await features.push('events', { a: [1, 1], b: ['x', 'x'], ts: ['2024-03-04', '2024-03-03'], v: [44, 33] })
    expect(await pairs([1, 'x'])).toEqual([[44, 'PRESENT']])
    await rig.deliverRows(source('events'), JANUARY, [
      [1, 'x', '2024-01-05', null, 5, false],
      [2, 'x', '2024-01-05', null, 6, false],
    ])
    await only('pairs')
    expect(await pairs([1, 'x'], [2, 'x'])).toEqual([
      [44, 'PRESENT'],
      [6, 'PRESENT'],
    ])
  })

  test('derived features are pushed as they are materialized; roles read one view for two keys', async () => {
    await january()
    await only('derived')
    const row = (key: object) => features.readOnline('roles', [key as Record<string, unknown>])
    expect((await row({ sender: 'a', receiver: 'b' }))[0]?.values).toEqual([59.70000076293945, true, null, null])
    const empty = Object.fromEntries(Object.keys(TYPES).map((name) => [name, [null]]))
    await features.push('state', { id: ['b'], ...empty, s: ['longer'], f: [29.85], event_timestamp: ['2024-03-01'] })
    expect((await row({ sender: 'a', receiver: 'b' }))[0]?.values).toEqual([
      59.70000076293945,
      true,
      59.70000076293945,
      true,
    ])
  })

  test('a view without an entity holds for all; features on demand are computed from both and the request', async () => {
    await january()
    await rig.deliverRows(source('world'), JANUARY, [
      [1, '2024-01-01', 1.5],
      [1, '2024-01-02', 2.5],
    ])
    await features.materialize()
    const world = await features.readOnline('world', ['a', 'zz'])
    expect(world.map((r) => [r.found, r.values])).toEqual([
      [true, [2.5, 'text']],
      [false, [2.5, null]],
    ])
    const service = features.service('computed')
    const rows = await features.readOnlineOf(service, ['a', 'b'], [[1], [1]])
    expect(rows.map((r) => [r.values[0], r.statuses[0]])).toEqual([
      [29.850000381469727 * 2.5 + 1, 'PRESENT'],
      [null, 'NULL_VALUE'],
    ])
  })

  test('what cannot be written is refused by row and column, and nothing of it is written', async () => {
    const refused = (frame: Record<string, unknown[]>) =>
      features.push('events', { a: [1, 2], b: ['x', 'x'], ts: ['2024-03-01', '2024-03-01'], v: [1, 2], ...frame })
    await expect(refused({ v: [1, 'x'] })).rejects.toThrow(/row 2: 'x' in column 'v' is not of type Int64/)
    await expect(refused({ v: [1] })).rejects.toThrow(/different lengths/)
    await expect(refused({ a: [1, null] })).rejects.toThrow(/'a' must be an integer/)
    await expect(refused({ ts: ['2024-03-01', null] })).rejects.toThrow(/row 2: column 'ts' has no value/)
    await expect(refused({ ts: ['2024-03-01', '2042-03-01'] })).rejects.toThrow(/is in the future/)
    await expect(features.push('events', { a: [1] })).rejects.toThrow(
      /there is no column 'b', 'v', 'ts'|there is no column/,
    )
    await expect(features.push('events', {})).rejects.toThrow(/no rows/)
    await expect(features.writeFeatures('nope', {})).rejects.toThrow(/no feature view 'nope'/)
    expect(await pairs([1, 'x'])).toEqual([[null, 'NOT_FOUND']])
  })
})

function frameOf(id: string, values: Record<string, unknown>, at: string) {
  const empty = Object.fromEntries(Object.keys(TYPES).map((name) => [name, [null]]))
  const given = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, [value]]))
  return { id: [id], ...empty, ...given, event_timestamp: [at] }
}
