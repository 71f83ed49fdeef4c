import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import { manualClock, systemClock } from '../../src/base/clock.ts'
import { instantOfMs, parseInstant } from '../../src/base/instant.ts'
import { silentLog } from '../../src/base/log.ts'
import { normalizeProject } from '../../src/config/normalize.ts'
import { createFeatures, type Features } from '../../src/features/features.ts'
import type { OnlineStore } from '../../src/features/online/online-store.ts'
import { createLake } from '../../src/lake/lake.ts'
import { openRig, type Rig } from './rig.ts'
import { onlineStores } from './stores.ts'

const PROJECT = normalizeProject(
  {
    name: 'pushes',
    sources: {
      nums: {
        kind: 'changes',
        key: 'num',
        eventTime: 'at',
        availableAt: 'told',
        columns: { num: 'Int64', at: 'UnixTimestamp', told: 'UnixTimestamp', w: 'Int64' },
      },
      state: { key: 'num', columns: { num: 'Int64', x: 'Int64' } },
    },
    entities: { thing: { joinKeys: { num: 'Int64' } } },
    featureViews: {
      nums_fv: { entity: 'thing', source: 'nums', ttl: '2d', features: { w: 'Int64' } },
      state_fv: { entity: 'thing', source: 'state', ttl: '2d', features: { x: 'Int64' } },
    },
    featureServices: { nums: ['nums_fv'], state: ['state_fv'] },
  },
  '/',
)
const MINUTE = 60_000
const DAY = 24 * 3600_000

const { stores, stop } = await onlineStores()
afterAll(stop)

describe.each(stores)('pushes into %s', (_name, open) => {
  let rig: Rig
  let online: OnlineStore
  const hosts: Features[] = []
  beforeEach(async () => {
    rig = await openRig()
    online = await open(rig)
  })
  afterEach(async () => {
    for (const one of hosts.splice(0)) await one.close()
    await rig.close()
    await online.close()
  })

  /** A process whose clock is wrong by so much; its lake goes by the database's, as that of an application does. */
  function host(skewMs: number): Features {
    const clock = { nowMs: () => systemClock.nowMs() + skewMs }
    const { db: sql, objects, duck } = rig
    const lake = createLake({ sql, objects, duck })
    const made = createFeatures({ sql, lake, duck, objects, project: PROJECT, clock, log: silentLog, online })
    hosts.push(made)
    return made
  }
  const now = (offsetMs = 0) => instantOfMs(systemClock.nowMs() + offsetMs)
  const live = async (features: Features, num: number) => (await features.readOnline('nums', [num]))[0]?.values[0]

  test('X10: of two pushes of one event time the later one counts, however the clocks of their hosts differ', async () => {
    const [fast, right, slow] = [host(5 * MINUTE), host(0), host(-5 * MINUTE)]
    const at = [now(-DAY)]
    const push = (by: Features, w: number) => by.push('nums', { num: [1], at, w: [w] })
    await push(fast, 1)
    await push(right, 2)
    expect(await live(right, 1)).toBe(2)
    await push(slow, 3)
    expect(await live(right, 1)).toBe(3)
    const write = (by: Features, x: number) => by.writeFeatures('state_fv', { num: [1], x: [x], event_timestamp: at })
    await write(fast, 10)
    await write(slow, 11)
    // That a table is there now reaches other processes by a notification.
    await expect.poll(async () => (await right.readOnline('state', [1]))[0]?.values).toEqual([11])
  })

  test('X10: a correction that comes through the lake counts after a push of a fast host, and a push after it', async () => {
    const [fast, slow] = [host(5 * MINUTE), host(-5 * MINUTE)]
    const at = now(-DAY)
    const source = PROJECT.sources[0]!
    await fast.push('nums', { num: [1], at: [at], w: [1] })
    const told = now()
    await rig.deliverRows(source, '2024-01-31', [[1, at, told, 2]])
    await slow.materialize({ views: ['nums_fv'] })
    expect(await live(slow, 1)).toBe(2)
    await slow.push('nums', { num: [1], at: [at], w: [3] })
    expect(await live(fast, 1)).toBe(3)
  })

  test('X10: pushed rows are known at the moment that their source says', async () => {
    const one = host(0)
    const push = (told: string, w: number) => one.push('nums', { num: [1], at: [now(-DAY)], told: [told], w: [w] })
    const at = now(-DAY)
    await one.push('nums', { num: [1], at: [at], told: [now(-MINUTE)], w: [1] })
    await one.push('nums', { num: [1], at: [at], told: [now(-2 * MINUTE)], w: [2] })
    expect(await live(one, 1)).toBe(1)
    await push(now(), 3)
    expect(await live(one, 1)).toBe(3)
  })

  test('B6: a view that is fed by pushes is as fresh as the newest of them, here and in other processes', async () => {
    const clock = manualClock(systemClock.nowMs() - 10 * DAY)
    const { db: sql, lake, objects, duck } = rig
    const one = createFeatures({ sql, lake, duck, objects, project: PROJECT, clock, log: silentLog, online })
    hosts.push(one)
    const validAt = async (by: Features) => (await by.viewStates()).map((state) => state.validAt)
    const days = (n: number) => instantOfMs(clock.nowMs() - n * DAY)
    await one.push('nums', { num: [1], at: [days(1)], w: [1] })
    await rig.deliverRows(PROJECT.sources[1]!, days(1), [[1, 7]])
    await one.materialize({ views: ['state_fv'] })
    expect(await validAt(one)).toEqual([days(1), days(1)])
    // Days go by, in which nothing is materialized.
    clock.advance(5 * DAY)
    const other = host(0)
    expect(await validAt(other)).toEqual([days(6), days(6)])
    await one.push('nums', { num: [2], at: [days(0)], w: [2] })
    await one.writeFeatures('state_fv', { num: [1], x: [8], event_timestamp: [days(0)] })
    expect(await validAt(one)).toEqual([days(0), days(0)])
    expect(await validAt(other)).toEqual([days(0), days(0)])
    // An older one does not move it back, nor does a materialization, which still knows what it holds.
    await one.push('nums', { num: [3], at: [days(4)], w: [3] })
    expect((await one.materialize({ views: ['state_fv'] }))[0]?.outcome).toBe('unchanged')
    await rig.deliverRows(PROJECT.sources[1]!, days(1), [[1, 9]])
    expect((await one.materialize({ views: ['state_fv'] }))[0]?.outcome).toBe('materialized')
    expect(await validAt(other)).toEqual([days(0), days(0)])
    expect((await one.readOnline('state', [1]))[0]?.values).toEqual([8])
  })

  test('a push of more rows than a file of Parquet has in a group keeps every one of them', async () => {
    const one = host(0)
    const count = 70_000
    const num = Array.from({ length: count }, (_, i) => i)
    const at = Array.from({ length: count }, () => now(-MINUTE))
    expect(await one.push('nums', { num, at, w: num.map((n) => n * 2) })).toBe(count)
    const rows = await one.readOnline('nums', num)
    expect(rows.filter((row, i) => row.values[0] !== i * 2)).toEqual([])
    expect((await one.verify('nums_fv', 10)).differences).toEqual([])
    expect(parseInstant(at[0] ?? '')).toBe(at[0])
  })
})
