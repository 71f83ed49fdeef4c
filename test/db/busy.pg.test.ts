import type pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { PlatformError } from '../../src/base/errors.ts'
import { silentLog } from '../../src/base/log.ts'
import { connectDatabase } from '../../src/db/db.ts'
import { createPool, poolSql } from '../../src/db/pool.ts'
import { createPulse } from '../../src/db/pulse.ts'
import { type EmptyDatabase, emptyDatabase } from '../helpers/pg.ts'

const late = () =>
  new PlatformError('unavailable', 'the database did not answer within 1 s', { details: { afterMs: 1 } })

let empty: EmptyDatabase
beforeAll(async () => {
  empty = await emptyDatabase()
})
afterAll(() => empty.drop())
afterEach(() => void vi.useRealTimers())

describe('a database that is only busy is not away', () => {
  /** A pool of which so many first connections are not made in time. */
  function slowPool(failing: number, ask: () => Promise<ReadonlySet<number>>) {
    const { pool, end } = createPool({
      ...{ url: empty.url, name: 'busy', size: 2, log: silentLog, statementMs: 0, waitMs: 10_000 },
    })
    const real = pool.connect.bind(pool)
    let tries = 0
    pool.connect = (async () => {
      if (++tries <= failing) throw late()
      return real()
    }) as typeof pool.connect
    const told: string[] = []
    const pulse = createPulse({ ask, tell: (says) => void told.push(says) })
    const close = async () => {
      pulse.close()
      await end()
    }
    return { sql: poolSql({ pool, pulse, patienceMs: () => 0 }), tries: () => tries, told, close }
  }

  it('a request whose connection is not made in time gets another while the database answers', async () => {
    const { sql, tries, told, close } = slowPool(2, async () => new Set())
    expect(await sql.query('select 1 as n')).toEqual([{ n: 1 }])
    expect([tries(), told]).toEqual([3, []])
    await close()
  })

  it('and is refused after one try when it does not', async () => {
    const { sql, tries, told, close } = slowPool(2, () => Promise.reject(late()))
    await expect(sql.query('select 1')).rejects.toMatchObject({ code: 'unavailable' })
    expect([tries(), told[0]]).toEqual([1, expect.stringContaining('does not answer')])
    await close()
  })

  it('when no new connection is made in time, what others answer meanwhile counts', async () => {
    vi.useFakeTimers({ toFake: ['performance', 'setInterval', 'clearInterval'] })
    const asked: ((error: Error) => void)[] = []
    const told: string[] = []
    const pulse = createPulse({
      ask: () => new Promise((_, reject) => void asked.push(reject)),
      tell: (says) => void told.push(says),
    })
    const settled = () => new Promise((done) => setImmediate(done))
    const long = pulse.during(0, () => new Promise(() => {})).catch((error) => error.code)
    vi.advanceTimersByTime(500)
    expect(asked.length).toBe(1)
    vi.advanceTimersByTime(900)
    await pulse.during(0, async () => 'answer', {} as pg.ClientBase)
    asked[0]?.(late())
    await settled()
    expect(told).toEqual([])
    // It is asked again; now nobody else hears from it either.
    vi.advanceTimersByTime(200)
    expect(asked.length).toBe(2)
    // What comes at once was on its way already.
    vi.advanceTimersByTime(100)
    await pulse.during(0, async () => 'late', {} as pg.ClientBase)
    vi.advanceTimersByTime(1_000)
    asked[1]?.(late())
    expect(await long).toBe('unavailable')
    expect(told).toHaveLength(1)
    pulse.close()
  })
})

it('connections that nobody uses are kept as far as they are asked for', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const make = (idle?: number) =>
    createPool({ url: empty.url, name: 'idle', size: 2, log: silentLog, statementMs: 0, waitMs: 0, idle })
  for (const [idle, kept] of [
    [2, 2],
    [1, 1],
    [undefined, 0],
  ] as const) {
    const { pool, end } = make(idle)
    const clients = await Promise.all([pool.connect(), pool.connect()])
    for (const client of clients) client.release()
    vi.advanceTimersByTime(60_000)
    expect([idle, pool.totalCount]).toEqual([idle, kept])
    vi.useRealTimers()
    await end()
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  }
})

it('the connections of predictions are kept: the first after a quiet hour waits for none', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const db = await connectDatabase({ url: empty.url, log: silentLog })
  const count = async () => {
    const text = `select application_name as name, count(*)::int as n from pg_stat_activity
      where datname = current_database() and application_name in ('weir', 'weir serving') group by 1 order by 1`
    return Object.fromEntries((await db.query<{ name: string; n: number }>(text)).map(({ name, n }) => [name, n]))
  }
  await Promise.all(Array.from({ length: 4 }, () => [db.serving.query('select 1'), db.query('select 1')]).flat())
  expect(await count()).toEqual({ weir: 4, 'weir serving': 4 })
  vi.advanceTimersByTime(3_600_000)
  await vi.waitFor(async () => expect(await count()).toEqual({ weir: 1, 'weir serving': 4 }), { timeout: 30_000 })
  vi.useRealTimers()
  await db.close()
})
