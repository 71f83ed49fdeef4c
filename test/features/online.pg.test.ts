import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { must } from '../../src/base/assert.ts'
import { msOfInstant, parseInstant } from '../../src/base/instant.ts'
import type { Project } from '../../src/config/project.ts'
import type { Features } from '../../src/features/features.ts'
import { projectOf } from './projects.ts'
import { openRig, type Rig, snapshotSource } from './rig.ts'

const DAY_MS = 86_400_000

const FACTS = snapshotSource('facts', { id: 'String', score: 'Float32', n: 'Int64', tier: 'String', on: 'Bool' })
const EXTRA = snapshotSource('extra', {
  id: 'String',
  since: 'Date',
  seen: 'UnixTimestamp',
  small: 'Int32',
  d: 'Float64',
})
const LABELS = snapshotSource('labels', { id: 'String', y: 'Bool' })

const PROJECT: Project = projectOf({
  sources: [FACTS, EXTRA, LABELS],
  keys: { id: 'String' },
  views: [
    { name: 'facts_fv', source: FACTS, features: ['score', 'n', 'tier', 'on'], ttlMs: 40 * DAY_MS },
    { name: 'extra_fv', source: EXTRA, features: ['since', 'seen', 'small', 'd'], ttlMs: null },
  ],
})

const JANUARY = '2024-01-31'
const FEBRUARY = '2024-02-29'

let rig: Rig
let features: Features

beforeEach(async () => {
  rig = await openRig()
  features = rig.features(PROJECT)
  rig.clock.set(msOfInstant(parseInstant('2024-02-01')))
})
afterEach(() => rig.close())

const january = () =>
  rig.deliverRows(FACTS, JANUARY, [
    ['a', 29.85, 7, 'x', true],
    ['b', null, null, null, null],
  ])
const february = () =>
  rig.deliverRows(FACTS, FEBRUARY, [
    ['a', 1.5, 8, 'y', false],
    ['c', 2, 9, 'z', true],
  ])
const extra = (at = JANUARY) => rig.deliverRows(EXTRA, at, [['a', '2022-02-05', '2024-01-02T03:04:05.000006Z', 1, 0.1]])
const read = async (key: string, from = features) => must((await from.readOnline('service', [key]))[0])

describe('materialize and read online', () => {
  test('a row has the exact values of its types, and their moments', async () => {
    await january()
    await extra()
    await features.materialize()
    const row = await read('a')
    const moment = parseInstant(JANUARY)
    expect(row).toEqual({
      found: true,
      values: [29.850000381469727, 7, 'x', true, '2022-02-05', '2024-01-02T03:04:05.000006Z', 1, 0.1],
      statuses: Array(8).fill('PRESENT'),
      eventTimestamps: Array(8).fill(moment),
      viewTimes: [moment, moment],
      missingViews: [],
      lostViews: [],
    })
  })

  test('an integer beyond 2^53 keeps every digit', async () => {
    const big = '9007199254740993'
    const rows = `SELECT 'a' AS id, 1::FLOAT AS score, ${big}::BIGINT AS n, 'x' AS tier, true AS on`
    await rig.deliver(FACTS, JANUARY, rows.replace(' AS on', ' AS "on"'))
    await features.materialize()
    expect((await read('a')).values[1]).toBe(BigInt(big))
  })

  test('null is a value, an unknown key is not found, and both are told apart', async () => {
    await january()
    await extra()
    await features.materialize()
    expect((await read('b')).statuses).toEqual([...Array(4).fill('NULL_VALUE'), ...Array(4).fill('NOT_FOUND')])
    const unknown = await read('zz')
    expect(unknown.found).toBe(false)
    expect(new Set(unknown.statuses)).toEqual(new Set(['NOT_FOUND']))
  })

  test('rows come in the order of the keys, with repetitions', async () => {
    await january()
    await features.materialize()
    const rows = await features.readOnline('service', ['b', 'zz', 'a', 'b'])
    expect(rows.map((row) => [row.found, row.values[1]])).toEqual([
      [true, null],
      [false, null],
      [true, 7],
      [true, null],
    ])
  })

  test('a second time changes nothing and says so', async () => {
    await january()
    await extra()
    expect((await features.materialize()).map((m) => [m.view, m.rows, m.outcome])).toEqual([
      ['facts_fv', 2, 'materialized'],
      ['extra_fv', 1, 'materialized'],
    ])
    expect((await features.materialize()).map((m) => m.outcome)).toEqual(['unchanged', 'unchanged'])
  })

  test('January after February changes nothing and says so', async () => {
    await january()
    await february()
    await features.materialize()
    const kept = await features.materialize({ views: ['facts_fv'], asOf: parseInstant(JANUARY) })
    expect(kept).toEqual([
      { view: 'facts_fv', rows: 2, written: 0, validAt: parseInstant(FEBRUARY), outcome: 'kept newer' },
    ])
    expect((await read('a')).values.slice(0, 4)).toEqual([1.5, 8, 'y', false])
  })

  test('a newer month replaces the state: changed, new and vanished keys', async () => {
    await january()
    await features.materialize()
    await february()
    await features.materialize()
    expect((await read('a')).values[1]).toBe(8)
    expect((await read('c')).values[1]).toBe(9)
    expect((await read('b')).found).toBe(false)
  })

  test('a correction of the same moment replaces it, and the version before it does not come back', async () => {
    await january()
    const knownAt = await rig.lake.pinKnownAt()
    await features.materialize()
    await rig.deliverRows(FACTS, JANUARY, [['a', 3, 77, 'x', true]])
    expect((await features.materialize())[0]).toMatchObject({ outcome: 'materialized', rows: 1 })
    expect((await features.materialize({ knownAt }))[0]?.outcome).toBe('kept newer')
    expect((await read('a')).values[1]).toBe(77)
    expect((await read('b')).found).toBe(false)
  })

  test('beyond its ttl a value is not given, and the edge is inclusive', async () => {
    await january()
    await extra()
    await features.materialize()
    const edge = msOfInstant(parseInstant(JANUARY)) + 40 * DAY_MS
    rig.clock.set(edge)
    expect((await read('a')).statuses[0]).toBe('PRESENT')
    rig.clock.set(edge + 1)
    const row = await read('a')
    expect(row.statuses).toEqual([...Array(4).fill('OUTSIDE_MAX_AGE'), ...Array(4).fill('PRESENT')])
    expect(row.values[0]).toBeNull()
    expect(row.found).toBe(true)
    expect(features.refusal('service', 'a', row)).toMatchObject({
      code: 'unavailable',
      details: { stale_features: ['score', 'n', 'tier', 'on'] },
    })
  })

  test('before any materialize every view is missing; nothing in the lake is refused with what to do', async () => {
    await expect(features.materialize()).rejects.toThrow(/weir ingest/)
    const row = await read('a')
    expect(row.missingViews).toEqual(['facts_fv', 'extra_fv'])
    expect(features.refusal('service', 'a', row)).toMatchObject({
      code: 'unavailable',
      details: { missing_views: ['facts_fv', 'extra_fv'] },
    })
  })

  test('a view whose source has no snapshot yet says so, and the others are filled', async () => {
    await january()
    expect((await features.materialize()).map((m) => m.outcome)).toEqual(['materialized', 'no snapshot'])
    const row = await read('a')
    expect(row.missingViews).toEqual(['extra_fv'])
    expect(features.refusal('service', 'a', row)?.details.missing_views).toEqual(['extra_fv'])
    expect(features.refusal('service', 'zz', await read('zz'))).toMatchObject({ code: 'not_found' })
  })

  test('a changed definition has a table of its own; a server with the old one goes on', async () => {
    await january()
    await features.materialize({ views: ['facts_fv'] })
    rig.clock.advance(1000)
    const changed = rig.features(withFeatureType(PROJECT, 'score', 'Float64'))
    expect((await read('a', changed)).missingViews).toContain('facts_fv')
    await changed.materialize({ views: ['facts_fv'] })
    expect((await read('a', changed)).values[0]).toBeCloseTo(29.85, 5)
    expect((await read('a')).values[0]).toBe(29.850000381469727)

    rig.clock.advance(1000)
    // The next change drops the oldest table, also under a reader that knows it.
    const again = rig.features(withFeatureType(PROJECT, 'score', 'String'))
    await again.materialize({ views: ['facts_fv'] })
    expect((await read('a')).missingViews).toContain('facts_fv')
    expect(typeof (await read('a', again)).values[0]).toBe('string')
  })

  test('another process hears of a materialization', async () => {
    const other = rig.features(PROJECT)
    expect((await read('a', other)).missingViews).toHaveLength(2)
    const heard = new Promise<void>((resolve) => {
      void rig.db.listen('features_changed', () => resolve())
    })
    await january()
    await features.materialize({ views: ['facts_fv'] })
    await heard
    expect((await read('a', other)).values[1]).toBe(7)
    expect((await other.viewStates())[0]).toMatchObject({ view: 'facts_fv', materialized: true, rows: 2 })
  })

  test('many at once end with the newest state, and no reader sees a mixture', async () => {
    await rig.deliverRows(FACTS, JANUARY, rowsWith(1))
    await features.materialize({ views: ['facts_fv'] })
    await rig.deliverRows(FACTS, FEBRUARY, rowsWith(2))
    const keys = rowsWith(0).map(([id]) => String(id))
    let done = false
    const writing = Promise.all([
      features.materialize({ views: ['facts_fv'] }),
      rig.features(PROJECT).materialize({ views: ['facts_fv'] }),
      features.materialize({ views: ['facts_fv'], asOf: parseInstant(JANUARY) }),
    ]).finally(() => {
      done = true
    })
    do {
      const seen = new Set((await features.readOnline('service', keys)).map((row) => row.values[1]))
      expect(seen.size).toBe(1)
    } while (!done)
    const outcomes = (await writing).map(([first]) => first?.outcome)
    expect(outcomes.filter((outcome) => outcome === 'materialized')).toHaveLength(1)
    expect((await read('k7')).values[1]).toBe(2)
  })

  test('what can be no key is refused before it reaches a query', async () => {
    await january()
    await features.materialize()
    for (const key of ['', 'a\0b', '\ud800', 5]) {
      expect(() => features.readOnline('service', [key])).toThrow(/'id'/)
    }
    expect(() => features.readOnline('service', ['k'.repeat(1025)])).toThrow(/longer than/)
    expect(() => features.readOnline('nothing', ['a'])).toThrow(/no feature service 'nothing'/)
    const hostile = await read(`a'); drop schema online cascade; --`)
    expect(hostile.found).toBe(false)
  })

  test('a snapshot without a column that the definition asks for is refused, by name', async () => {
    const { columns } = FACTS
    const narrow = { ...FACTS, columns: columns.slice(0, 3) }
    await rig.deliverRows(narrow, JANUARY, [['a', 1, 2]])
    await expect(features.materialize({ views: ['facts_fv'] })).rejects.toThrow(/has no column 'tier', 'on'/)
  })

  test('composite keys are read by all their parts', async () => {
    const pairs = snapshotSource('pairs', { a: 'String', b: 'Int64', v: 'Int64' })
    const views = [{ name: 'pairs_fv', source: pairs, features: ['v'], ttlMs: null }]
    const labels = snapshotSource('pair_labels', { a: 'String', b: 'Int64', y: 'Bool' })
    const composite = rig.features(projectOf({ sources: [pairs, labels], keys: { a: 'String', b: 'Int64' }, views }))
    await rig.deliverRows(pairs, JANUARY, [
      ['a_', 1, 100],
      ['a', 1, 200],
      ['a', 12, 300],
    ])
    await composite.materialize()
    const keys = [
      { a: 'a', b: 12 },
      { a: 'a_', b: '1' },
      { a: 'a', b: 1n },
      { a: 'b', b: 1 },
    ]
    const rows = await composite.readOnline('service', keys)
    expect(rows.map((row) => row.values[0])).toEqual([300, 100, 200, null])
    expect(() => composite.readOnline('service', ['a'])).toThrow(/needs 'a', 'b'/)
  })
})

describe('offline and online, one moment', () => {
  for (const mode of ['restated', 'served'] as const) {
    test(`give equal values for every key (${mode})`, async () => {
      await january()
      await extra('2024-01-15')
      await rig.deliverRows(LABELS, JANUARY, [
        ['a', true],
        ['b', false],
        ['nobody', true],
      ])
      rig.clock.set(msOfInstant(parseInstant(JANUARY)))
      await features.materialize()
      const asOf = parseInstant(JANUARY)
      const ref = await features.trainingSet({ model: 'model', asOf, knownAt: parseInstant('9999-01-01'), mode })
      const data = await features.readTrainingSet(ref)
      const ids = must(data.columns.get('id')).values as string[]
      const online = await features.readOnline('service', ids)
      const names = features.service('service').features.map((f) => f.name)
      for (const [f, name] of names.entries()) {
        const column = must(data.columns.get(name))
        const offline = ids.map((_, i) => (column.valid[i] === 0 ? null : column.values[i]))
        expect(online.map((row) => plain(row.values[f]))).toEqual(offline)
      }
    })
  }
})

function plain(value: unknown): unknown {
  return typeof value === 'boolean' ? Number(value) : value
}

function rowsWith(n: number) {
  return Array.from({ length: 200 }, (_, i) => [`k${i}`, 0.5, n, 'x', true])
}

function withFeatureType(project: Project, name: string, type: 'Float64' | 'String'): Project {
  const featureViews = project.featureViews.map((view) => ({
    ...view,
    features: view.features.map((f) => (f.name === name ? { ...f, type } : f)),
  }))
  return { ...project, featureViews }
}
