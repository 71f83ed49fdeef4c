import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { silentLog } from '../../src/base/log.ts'
import { connectDatabase } from '../../src/db/db.ts'
import { atWork } from '../../src/db/pulse.ts'
import type { Database } from '../../src/db/sql.ts'
import { createFlows, type Flows } from '../../src/flows/flows.ts'
import { enterExecutor } from '../../src/flows/queries/executors.ts'
import { type TestDatabase, testDatabase } from '../helpers/pg.ts'
import { proxyTo, type TestProxy } from '../helpers/proxy.ts'

/** A stop has a few seconds by itself; what was is for ever. */
const SOON_MS = 25_000

let database: TestDatabase
let proxy: TestProxy
let db: Database
let flows: Flows
let told: string[]
beforeEach(async () => {
  database = await testDatabase()
  proxy = await proxyTo(database.url)
  told = []
  db = await connectDatabase({
    url: proxy.through(database.url),
    log: silentLog,
    poolSize: 3,
    tell: (says) => void told.push(says),
  })
  flows = createFlows({ db, log: silentLog })
})
afterEach(async () => {
  await flows.stop(100)
  await db.close()
  await proxy.stop()
  await database.drop()
})

const endsSoon = async (ending: Promise<unknown>) => {
  const began = performance.now()
  await ending
  expect(performance.now() - began).toBeLessThan(SOON_MS)
}

/** Until a statement that begins like that is at work in the server. */
const underWay = async (statement: string) => {
  const seen = () =>
    database.db.query(
      `select 1 from pg_stat_activity where datname = current_database() and state = 'active' and starts_with(query, $1)`,
      [statement],
    )
  while ((await seen()).length === 0) await new Promise((done) => setTimeout(done, 20))
}

test('F2: a start while the database is away can be left, and gives back what it took', async () => {
  await flows.list()
  await proxy.refuse()
  const starting = flows.start().catch((error) => error)
  await endsSoon(flows.stop(100))
  expect(await starting).toMatchObject({ code: 'unavailable' })
  await proxy.pass()
  expect(await database.db.query('select 1 from flows.executor')).toEqual([])
})

const LEASES = "select 1 from pg_stat_activity where datname = current_database() and application_name = 'weir lease'"

/** The database of a process in which the first statement that has these words fails, by a fault that no wait mends. */
function failingOnce(words: string): Database {
  let failed = false
  return {
    ...db,
    query: async <Row>(text: string, values?: readonly unknown[]) => {
      if (failed || !text.includes(words)) return db.query<Row>(text, values)
      failed = true
      throw new Error(`'${words}' fails`)
    },
  }
}

test.each([
  ['what an older weir has left', 'dbos'],
  ['what the dead have left', 'from flows.executor'],
])(
  'F2: a start that fails while it looks for %s gives back what it took, and the next one works',
  async (_what, words) => {
    const failing = createFlows({ db: failingOnce(words), log: silentLog })
    failing.define('any', async (run) => run.step('only', async () => 'done'))
    await expect(failing.start()).rejects.toThrow(`'${words}' fails`)
    expect(await database.db.query('select 1 from flows.executor')).toEqual([])
    await expect.poll(() => database.db.query(LEASES)).toEqual([])
    await failing.start()
    expect(await failing.wait(await failing.submit('any', null))).toBe('done')
    await failing.stop(100)
  },
)

test('F2: a stop ends while the start still waits for something that never comes', async () => {
  const never = createFlows({ db, log: silentLog, build: () => new Promise(() => {}) })
  void never.start().catch(() => {})
  await expect.poll(() => database.db.query(LEASES)).toHaveLength(1)
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const stopped = never.stop(100)
  await vi.advanceTimersByTimeAsync(SOON_MS)
  vi.useRealTimers()
  await stopped
})

test('F2: a worker whose database falls silent ends within its time', async () => {
  flows.define('any', async (run) => run.step('only', async () => 1))
  await flows.start()
  await proxy.silence()
  await endsSoon(flows.stop(100))
  await endsSoon(db.close())
})

test('a worker whose connection is gone here alone takes its lease back from the one that the server still holds', async () => {
  flows.define('survives', async (run) => run.step('only', async () => 'done'))
  await flows.start()
  const leases = `select a.pid from pg_stat_activity a where datname = current_database() and application_name = 'weir lease'`
  const [before] = await database.db.query<{ pid: number }>(leases)
  proxy.forget()
  // Held by the same process again: not by another that adopted its runs.
  await expect.poll(async () => (await database.db.query(leases)).map(({ pid }) => pid)).not.toContain(before?.pid)
  expect(await flows.wait(await flows.submit('survives', null))).toBe('done')
})

test('F1: a command that works on its own run goes on when the database was away in the middle of a step, and says so', async () => {
  let reached = () => {}
  const inStep = new Promise<void>((done) => {
    reached = done
  })
  let runs = 0
  flows.define('survives', async (run) => {
    const first = await run.step('first', async () => {
      runs += 1
      if (runs === 1) {
        reached()
        await db.query('select pg_sleep(60)')
      }
      return runs
    })
    return run.step('second', async () => first * 10)
  })
  const answer = atWork(async () => flows.wait<number>(await flows.submit('survives', null)))
  await inStep
  // In the middle of the statement: one that was not sent yet would wait, then sleep its whole minute.
  await underWay('select pg_sleep(60)')
  await proxy.refuse()
  while (told.length === 0) await new Promise((done) => setTimeout(done, 20))
  await proxy.pass()
  expect(await answer).toBe(20)
  expect(told[0]).toMatch(/^the database does not answer/)
  expect(told.at(-1)).toBe('the database is back')
})

test('F9: the end of a run that nobody was told is told to whoever submits the same again, once', async () => {
  let runs = 0
  flows.define('train', async (run) => run.step('only', async () => ++runs))
  const first = await flows.submit('train', { a: 1 })
  await flows.start().catch(() => {})
  // Its submitter is killed before it hears: the run ends in a worker.
  while ((await flows.get(first)).state !== 'succeeded') await new Promise((done) => setTimeout(done, 20))
  const again = await flows.submit('train', { a: 1 })
  expect(again).toBe(first)
  expect(await flows.submit('train', { a: 2 })).not.toBe(first)
  expect(await flows.wait(again)).toBe(1)
  expect(await flows.submit('train', { a: 1 })).not.toBe(first)
})

test('F9: a command cleans up after killed workers too, though no server runs', async () => {
  flows.define('any', async (run) => run.step('only', async () => 1))
  await flows.list()
  const { placeOfProcess } = await import('../../src/base/process-place.ts')
  const gone = {
    executorId: '11111111-1111-1111-1111-111111111111',
    serves: 'own' as const,
    place: placeOfProcess(),
    pid: 4_194_303,
  }
  await enterExecutor(database.db, gone)
  expect(await flows.wait(await flows.submit('any', null))).toBe(1)
  const left = await database.db.query<{ id: string }>('select id::text as id from flows.executor')
  expect(left.map((row) => row.id)).not.toContain(gone.executorId)
})

test('F3: sessions that are terminated again and again crash nothing', async () => {
  flows.define('any', async (run, { n }: { n: number }) => run.step('only', async () => n))
  await flows.start()
  for (let n = 0; n < 4; n++) {
    const answer = atWork(async () => flows.wait(await flows.submit('any', { n })))
    await database.db.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and application_name like 'weir%' and application_name <> 'weir'`,
    )
    expect(await answer).toBe(n)
  }
})

test('Blocked 4: whoever waits for a run when the process ends is told so, and no assertion fails', async () => {
  let reached = () => {}
  const inStep = new Promise<void>((done) => {
    reached = done
  })
  flows.define('long', async (run) =>
    run.step('fit', async () => {
      reached()
      await new Promise((done) => setTimeout(done, 1_000))
    }),
  )
  const runId = await flows.submit('long', null)
  const waiting = flows.wait(runId).catch((error) => error)
  await inStep
  expect(flows.unfinished()).toEqual([{ runId, flow: 'long' }])
  await endsSoon(flows.stop(50))
  expect(await waiting).toMatchObject({ code: 'unavailable', message: 'this process is ending' })
  expect(flows.unfinished()).toEqual([{ runId, flow: 'long' }])
})
