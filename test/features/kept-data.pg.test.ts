import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { must } from '../../src/base/assert.ts'
import { parseInstant } from '../../src/base/instant.ts'
import { normalizeProject } from '../../src/config/normalize.ts'
import type { Source } from '../../src/config/project.ts'
import type { Features } from '../../src/features/features.ts'
import { openRig, type Rig, rowsOf } from './rig.ts'

/** What is asked of the data that is kept: ranges of training periods, statistics, the skew check, and to forget. */
const PROJECT = normalizeProject(
  {
    name: 'kept',
    sources: {
      state: { key: 'id', columns: { id: 'String', n: 'Int64', x: 'Float64', kind: 'String', on: 'Bool' } },
      events: {
        kind: 'changes',
        key: 'who',
        eventTime: 'ts',
        deleted: 'gone',
        columns: { who: 'String', ts: 'UnixTimestamp', v: 'Int64', gone: 'Bool' },
      },
      labels: { key: 'id', columns: { id: 'String', y: 'Bool' } },
      outcomes: {
        kind: 'changes',
        key: 'id',
        eventTime: 'ts',
        deleted: 'gone',
        columns: { id: 'String', ts: 'UnixTimestamp', y: 'Bool', gone: 'Bool' },
      },
    },
    entities: { user: { joinKeys: { id: 'String' } } },
    featureViews: {
      state: { entity: 'user', source: 'state', features: { n: 'Int64', x: 'Float64', kind: 'String', on: 'Bool' } },
      events: { entity: 'user', source: 'events', keys: { id: 'who' }, ttl: '40d', features: { v: 'Int64' } },
    },
    featureServices: { all: ['state:n', 'events'] },
    labels: {
      y: { entity: 'user', source: 'labels', column: 'y', horizon: '10d' },
      z: { entity: 'user', source: 'outcomes', column: 'y', horizon: '10d' },
    },
    models: {
      of_states: { experiment: 'e', features: 'all', label: 'y', learner: { kind: 'random_forest' } },
      of_changes: { experiment: 'e', features: 'all', label: 'z', learner: { kind: 'random_forest' } },
    },
  },
  '/',
)
const source = (name: string): Source => must(PROJECT.sources.find((s) => s.name === name))
const END = parseInstant('9999-01-01')
const MONTHS = ['2024-01-31', '2024-02-29', '2024-03-31']

let rig: Rig
let features: Features

beforeEach(async () => {
  rig = await openRig()
  features = rig.features(PROJECT)
  rig.clock.set(Date.UTC(2024, 3, 2))
  for (const [i, month] of MONTHS.entries()) {
    const rows = ['a', 'b', 'c'].map((id, k) => [id, i * 10 + k, k === 0 ? null : k / 2, k === 2 ? 'x' : 'y', k === 1])
    await rig.deliverRows(source('state'), month, rows)
    await rig.deliverRows(source('labels'), month, [
      ['a', i === 0],
      ['b', true],
      ['c', null],
    ])
    await rig.deliverRows(source('events'), month, [
      ['a', month, i, false],
      ['b', month, null, i === 2],
    ])
  }
})
afterEach(() => rig.close())

const training = (more: object, model = 'of_states') =>
  features.trainingSet({ model, asOf: parseInstant('2024-04-05'), knownAt: END, mode: 'restated', ...more })

describe('training sets over a range of periods', () => {
  test('have every mature period from the first on, each with the values of its own time', async () => {
    const ref = await training({ from: parseInstant('2024-01-01') })
    expect(ref).toMatchObject({
      immature: 3,
      unlabelled: 2,
      rows: 4,
      moments: MONTHS.slice(0, 2).map((m) => parseInstant(m)),
    })
    const rows = (await rowsOf(rig, ref)).map((r) => [r.id, String(r.event_timestamp).slice(0, 10), r.n, r.v, r.y])
    expect(rows).toEqual([
      ['a', '2024-01-31', 0, 0, true],
      ['b', '2024-01-31', 1, null, true],
      ['a', '2024-02-29', 10, 1, false],
      ['b', '2024-02-29', 11, null, true],
    ])
    expect((await training({ from: parseInstant('2024-02-01') })).moments).toEqual([parseInstant('2024-02-29')])
    expect((await training({})).moments).toEqual([parseInstant('2024-02-29')])
    await expect(training({ from: parseInstant('2024-03-01') })).rejects.toThrow(
      /no labels as of 2024-04-05 from 2024-03-01/,
    )
  })

  test('from labels of kind changes: each in its newest version, tombstones are none, immature ones are counted', async () => {
    await expect(training({}, 'of_changes')).rejects.toThrow(/no labels/)
    await rig.deliverRows(source('outcomes'), '2024-04-01', [
      ['a', '2024-02-10', true, false],
      ['a', '2024-02-10', false, false],
      ['b', '2024-02-10', true, false],
      ['b', '2024-02-10', null, true],
      ['a', '2024-03-05T06:07:08.000009Z', true, false],
      ['c', '2024-03-30', true, false],
    ])
    const ref = await training({}, 'of_changes')
    expect(ref).toMatchObject({ immature: 1, rows: 2 })
    const rows = (await rowsOf(rig, ref)).map((r) => [r.id, String(r.event_timestamp), r.n, r.v, r.z])
    expect(rows).toEqual([
      ['a', '2024-02-10 00:00:00+00', 0, 0, false],
      ['a', '2024-03-05 06:07:08.000009+00', 10, 1, true],
    ])
  })
})

describe('statistics', () => {
  test('of each snapshot, computed once and kept', async () => {
    const march = await features.statistics('state')
    expect(march).toMatchObject({ view: 'state', snapshot: 'state/2024-03-31/v1', rows: 3 })
    const [n, x, kind, on] = march.features
    expect(n).toMatchObject({ nulls: 0, nullShare: 0, distinct: 3, min: 20, max: 22, mean: 21, top: null })
    expect(n?.quantiles).toEqual({ p05: 20, p25: 20, p50: 21, p75: 22, p95: 22 })
    expect(x).toMatchObject({ nulls: 1, nullShare: 1 / 3, min: 0.5, max: 1, mean: 0.75 })
    expect(kind).toMatchObject({
      min: 'x',
      max: 'y',
      mean: null,
      top: [
        { value: 'y', count: 2 },
        { value: 'x', count: 1 },
      ],
    })
    expect(on).toMatchObject({ min: 0, max: 1, mean: 1 / 3, distinct: 2 })
    expect(await features.statistics('state')).toEqual(march)
    expect((await features.statistics('state', parseInstant('2024-02-01'))).features[0]?.mean).toBe(1)
    expect((await features.statistics('events')).rows).toBe(1)
    expect([march.live, (await features.statistics('events')).live]).toEqual([null, { rows: 0, validAt: null }])
    await expect(features.statistics('state', parseInstant('2023-01-01'))).rejects.toThrow(/there is no snapshot/)
    await expect(features.statistics('nope')).rejects.toThrow(/no feature view 'nope'/)
  })

  test('of a delivery of changes say how many rows all deliveries have live', async () => {
    await rig.deliverRows(source('events'), '2024-04-01', [
      ['c', '2024-04-01', 7, false],
      ['a', '2024-03-30', 8, false],
      ['a', '2024-03-29', 9, false],
    ])
    await features.materialize()
    const { snapshot, rows, live } = await features.statistics('events')
    expect([snapshot, rows]).toEqual(['events/2024-04-01/v1', 3])
    // a and c; b was deleted.
    expect(live).toEqual({ rows: 2, validAt: parseInstant('2024-04-01') })
  })
})

describe('verify', () => {
  test('live values equal those of the lake; a value that was changed behind our back is listed', async () => {
    expect(await features.verify('state', 10)).toMatchObject({ checked: 0, asOf: null })
    await features.materialize()
    expect(await features.verify('state', 10)).toMatchObject({ checked: 3, newer: 0, differences: [] })
    expect(await features.verify('events', 10)).toMatchObject({ checked: 1, differences: [] })
    const [table] = await rig.db.query<{ t: string }>(
      `select table_name as t from features.online_table where view = 'state'`,
    )
    await rig.db.query(`update online."${table?.t}" set n = 99 where id = 'b'`)
    expect((await features.verify('state', 10)).differences).toEqual([
      { key: ['b'], feature: 'n', live: 99, offline: 21 },
    ])
    const row = { id: ['a'], n: [5], x: [1], kind: ['x'], on: [true], event_timestamp: ['2024-04-01'] }
    await features.writeFeatures('state', row)
    expect(await features.verify('state', 10)).toMatchObject({ checked: 2, newer: 1 })
  })
})
