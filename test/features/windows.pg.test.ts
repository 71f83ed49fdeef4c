import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import { must } from '../../src/base/assert.ts'
import { msOfInstant, parseInstant } from '../../src/base/instant.ts'
import { normalizeProject } from '../../src/config/normalize.ts'
import type { Features } from '../../src/features/features.ts'
import type { MaterializeRequest } from '../../src/features/online/online.ts'
import type { OnlineStore } from '../../src/features/online/online-store.ts'
import { openRig, type Rig } from './rig.ts'
import { onlineStores } from './stores.ts'

const PROJECT = normalizeProject(
  {
    name: 'windows',
    sources: {
      nums: {
        kind: 'changes',
        key: 'num',
        eventTime: 'at',
        deleted: 'gone',
        columns: { num: 'Int64', at: 'UnixTimestamp', w: 'Int64', gone: 'Bool' },
      },
      state: { key: 'num', columns: { num: 'Int64', x: 'Int64' } },
    },
    entities: { thing: { joinKeys: { num: 'Int64' } } },
    featureViews: {
      nums_fv: { entity: 'thing', source: 'nums', features: { w: 'Int64' } },
      state_fv: { entity: 'thing', source: 'state', features: { x: 'Int64' } },
    },
    featureServices: { nums: ['nums_fv'], state: ['state_fv'] },
  },
  '/',
)
const NUMS = must(PROJECT.sources[0])
const STATE = must(PROJECT.sources[1])

const { stores, stop } = await onlineStores()
afterAll(stop)

/** Values are told by their numbers; `null` is not live. */
describe.each(stores)('windows of materialize in %s', (name, open) => {
  let rig: Rig
  let online: OnlineStore
  let features: Features
  const opened: OnlineStore[] = []

  beforeEach(async () => {
    rig = await openRig()
    rig.clock.set(msOfInstant(parseInstant('2026-06-01')))
    online = await open(rig)
    opened.push(online)
    features = rig.features(PROJECT, rig.db, online)
  })
  afterEach(async () => {
    await rig.close()
    for (const one of opened.splice(0)) await one.close()
  })

  const bring = async (bounds: { asOf?: string; since?: string; full?: boolean } = {}, by = features) => {
    const { asOf, since, full } = bounds
    const request: MaterializeRequest = {
      views: ['nums_fv'],
      ...(asOf ? { asOf: parseInstant(asOf) } : {}),
      ...(since ? { since: parseInstant(since) } : {}),
      ...(full ? { full } : {}),
    }
    const [done] = await by.materialize(request)
    return [done?.outcome, done?.written]
  }
  const live = async (...keys: number[]) => (await features.readOnline('nums', keys)).map((row) => row.values[0])
  const deliver = (asOf: string, ...rows: [number, string, number, boolean?][]) =>
    rig.deliverRows(
      NUMS,
      asOf,
      rows.map(([num, at, w, gone = false]) => [num, at, w, gone]),
    )
  const table = async (view = 'nums_fv') => {
    const [row] = await rig.db.query<{ t: string }>(
      'select table_name as t from features.online_table where view = $1',
      [view],
    )
    return must(row).t
  }

  test('case 21: a late row inside a window comes though everything up to now was brought before', async () => {
    await deliver('2024-01-31', [1, '2024-01-05', 10])
    await bring()
    await deliver('2024-06-30', [801, '2024-03-02', 1], [1, '2023-12-01', 9])
    expect(await bring({ asOf: '2024-06-30' })).toEqual(['materialized', 2])
    expect(await live(801, 1)).toEqual([1, 10])
    expect(await bring({ asOf: '2024-06-30' })).toEqual(['kept newer', 0])
    expect(await bring({ since: '2024-01-01', asOf: '2024-06-30' })).toEqual(['kept newer', 0])
  })

  test('case 21: what a window left out comes with the next call, before it and after it', async () => {
    await deliver('2026-05-31', [901, '2024-01-15', 1], [902, '2026-05-02', 2], [903, '2026-05-20', 3])
    expect(await bring({ since: '2026-01-01', asOf: '2026-05-10' })).toEqual(['materialized', 1])
    expect(await live(901, 902, 903)).toEqual([null, 2, null])
    expect(await bring()).toEqual(['materialized', 2])
    expect(await live(901, 902, 903)).toEqual([1, 2, 3])
    expect(await bring()).toEqual(['unchanged', 0])
  })

  test('case 21: windows in any order end with the newest row of each key; a tombstone keeps its place', async () => {
    await deliver(
      '2024-01-31',
      [1, '2024-01-05', 5],
      [1, '2024-01-20', 20],
      [2, '2024-01-10', 10],
      [3, '2024-01-03', 3],
    )
    await deliver('2024-02-29', [2, '2024-02-10', 0, true], [3, '2024-01-03', 33])
    await bring({ since: '2024-02-01' })
    expect(await live(1, 2, 3)).toEqual([null, null, null])
    await bring({ since: '2024-01-15', asOf: '2024-01-31' })
    expect(await live(1, 2, 3)).toEqual([20, null, null])
    await bring({ asOf: '2024-01-14' })
    expect(await live(1, 2, 3)).toEqual([20, null, 33])
    expect(await bring()).toEqual(['materialized', 0])
    expect(await bring({ full: true })).toEqual(['materialized', 3])
    expect(await live(1, 2, 3)).toEqual([20, null, 33])
  })

  test('case 21: a window that ends before it begins is refused', async () => {
    await deliver('2024-01-31', [1, '2024-01-05', 5])
    await expect(bring({ since: '2024-02-01', asOf: '2024-01-01' })).rejects.toMatchObject({
      code: 'invalid_argument',
      message: 'the window begins at 2024-02-01 and ends before that, at 2024-01-01',
    })
  })

  test('case 21: an older K brings less, and does not forget what a newer one brought', async () => {
    await deliver('2024-01-31', [1, '2024-01-05', 5])
    const knownAt = await rig.lake.pinKnownAt()
    await deliver('2024-02-29', [2, '2024-02-05', 6])
    await features.materialize({ views: ['nums_fv'], since: parseInstant('2024-02-01') })
    expect((await features.materialize({ views: ['nums_fv'], knownAt }))[0]).toMatchObject({ written: 1 })
    expect(await live(1, 2)).toEqual([5, 6])
    expect(await bring()).toEqual(['materialized', 0])
    expect((await features.verify('nums_fv', 100)).differences).toEqual([])
  })

  test('a table that was filled before there was a record is brought again, once', async () => {
    await deliver('2024-01-31', [1, '2024-01-05', 5])
    await bring()
    await rig.db.query(`update features.online_table set coverage = '[]'`)
    expect(await features.verify('nums_fv', 10)).toMatchObject({ checked: 0, asOf: null })
    expect(await bring()).toEqual(['materialized', 1])
    expect(await bring()).toEqual(['unchanged', 0])
  })

  test('case 21: verify finds keys that should be live and are not, and keys that are live and should not be', async () => {
    await deliver(
      '2024-01-31',
      [1, '2024-01-05', 5],
      [2, '2024-01-10', 10],
      [3, '2024-01-10', 11],
      [4, '2024-01-01', 1],
    )
    await deliver('2024-02-29', [4, '2024-02-01', 0, true])
    await rig.deliverRows(STATE, '2024-02-29', [
      [1, 100],
      [2, null],
    ])
    await bring({ asOf: '2024-01-08' })
    await bring({ since: '2024-01-09' })
    await features.materialize({ views: ['state_fv'] })
    const verify = async (view: string) => {
      const { checked, missing, unexpected, differences } = await features.verify(view, 100)
      return {
        checked,
        missing,
        unexpected,
        differences: differences.sort((a, b) => (String(a.key) < String(b.key) ? -1 : 1)),
      }
    }
    expect(await verify('nums_fv')).toEqual({ checked: 3, missing: 0, unexpected: 0, differences: [] })
    expect(await verify('state_fv')).toEqual({ checked: 2, missing: 0, unexpected: 0, differences: [] })
    await break_('nums_fv', '2')
    await break_('state_fv', '2')
    // As a process of before would: its table still holds a key that was deleted meanwhile, and one that nobody knows.
    const moment = (text: string) => parseInstant(text)
    for (const [view, key, at] of [
      ['nums_fv', '4', '2024-01-01'],
      ['nums_fv', '99', '2024-01-01'],
      ['state_fv', '77', '2024-02-29'],
    ] as const) {
      await break_(view, key)
      await online.write(
        rig.db,
        viewOf(view),
        {
          keys: [[key]],
          eventTimestamps: [moment(at)],
          created: [moment('2024-01-01')],
          gone: [false],
          features: [[null]],
        },
        0,
      )
    }
    const row = (key: string, live: string, offline: string) => ({ key: [key], feature: '(row)', live, offline })
    expect(await verify('nums_fv')).toEqual({
      checked: 5,
      missing: 1,
      unexpected: 2,
      differences: [row('2', 'missing', 'there'), row('4', 'there', 'deleted'), row('99', 'there', 'unknown')],
    })
    expect(await verify('state_fv')).toEqual({
      checked: 3,
      missing: 1,
      unexpected: 1,
      differences: [row('2', 'missing', 'there'), row('77', 'there', 'unknown')],
    })
  })

  test('case 21: verify sees at once what another process brought, also windows, and pushes are told apart', async () => {
    const other = await open(rig)
    opened.push(other)
    const elsewhere = rig.features(PROJECT, rig.db, other)
    await deliver('2024-01-31', [1, '2024-01-05', 5], [2, '2024-01-10', 10])
    await bring({ since: '2024-01-08' })
    expect(await live(1, 2)).toEqual([null, 10])
    expect(await bring({}, elsewhere)).toEqual(['materialized', 1])
    await elsewhere.push('nums', { num: [3, 1], at: ['2026-05-30', '2026-05-30'], w: [30, 31] })
    expect(await features.verify('nums_fv', 100)).toMatchObject({
      checked: 1,
      newer: 2,
      missing: 0,
      unexpected: 0,
      differences: [],
    })
    expect(await live(1, 2, 3)).toEqual([31, 10, 30])
  })

  test('verify samples keys of the lake too, however few it looks at', async () => {
    await rig.deliver(
      NUMS,
      '2024-01-31',
      `SELECT i::BIGINT AS num, TIMESTAMPTZ '2024-01-05' AS at, i::BIGINT AS w, false AS gone FROM range(12000) t(i)`,
    )
    await bring()
    expect(await features.verify('nums_fv', 20_000)).toMatchObject({ checked: 12_000, differences: [] })
    const lost = Array.from({ length: 6000 }, (_, i) => [String(i * 2)])
    await rig.db.tx((tx) => online.erase(tx, viewOf('nums_fv'), lost))
    const found = await features.verify('nums_fv', 200)
    expect(found.missing).toBeGreaterThan(0)
    expect(found.missing).toBeLessThanOrEqual(200)
    expect(await features.verify('nums_fv', 20_000)).toMatchObject({ missing: 6000, unexpected: 0 })
  })

  test('a store that loses rows on the way is found out, and nothing is recorded', async () => {
    await deliver('2024-01-31', [1, '2024-01-05', 5], [2, '2024-01-10', 10])
    const { load } = online
    online.load = async (tx, view, asked) => load(tx, view, { ...asked, sql: `SELECT * FROM (${asked.sql}) LIMIT 1` })
    await expect(bring()).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringContaining(
        `feature view 'nums_fv' → online store (${name}): 2 rows went in and 1 came out`,
      ),
    })
    online.load = load
    expect(await rig.db.query('select 1 from features.online_table')).toEqual([])
    expect(await bring()).toEqual(['materialized', 2])
  })

  const viewOf = (view: string) => {
    const [source, column] = view === 'nums_fv' ? [NUMS, 'w'] : [STATE, 'x']
    const changes = view === 'nums_fv' ? { eventTime: 'at', availableAt: null, deleted: 'gone' } : null
    const keys = [{ name: 'num', type: 'Int64', column: 'num' } as const]
    const found = [{ name: column, type: 'Int64', column, sql: null } as const]
    return { name: view, source: source.name, keys, features: found, ttlMs: null, changes }
  }

  /** Takes a row out behind the back of the catalogue. */
  async function break_(view: string, key: string): Promise<void> {
    await rig.db.tx((tx) => online.erase(tx, viewOf(view), [[key]]))
    expect(online.table(viewOf(view))).toBe(await table(view))
  }
})
