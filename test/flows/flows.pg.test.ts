import { afterEach, beforeEach, expect, test } from 'vitest'
import { PlatformError } from '../../src/base/errors.ts'
import { type Log, silentLog } from '../../src/base/log.ts'
import { createFlows, type Flows } from '../../src/flows/flows.ts'
import { enterExecutor, LEASE_CLASS } from '../../src/flows/queries/executors.ts'
import { requeueOrphans } from '../../src/flows/requeue-orphans.ts'
import { gate } from '../helpers/gate.ts'
import { type TestDatabase, testDatabase } from '../helpers/pg.ts'

let database: TestDatabase
let flows: Flows

beforeEach(async () => {
  database = await testDatabase()
  flows = createFlows({ db: database.db, log: silentLog })
})
afterEach(async () => {
  await flows.stop()
  await database.drop()
})

test('a run gives what its body gives, and its steps are told as they are recorded', async () => {
  flows.define('double', async (run, { n }: { n: number }) => {
    const half = await run.step('add', async () => ({ sum: n + 1 }))
    return run.step('double', async () => half.sum * 2)
  })
  const told: string[] = []
  const runId = await flows.submit('double', { n: 4 })
  expect(await flows.wait(runId, { onStep: (step) => told.push(`${step.name} ${step.state}`) })).toBe(10)
  expect(told).toEqual(['add succeeded', 'double succeeded'])
})

test('the history keeps runs, steps, times and errors', async () => {
  flows.define('good', async (run) => run.step('only', async () => 'fine'))
  flows.define('bad', async (run) => {
    await run.step('works', async () => 1)
    await run.step('fails', async () => {
      throw new PlatformError('conflict', 'it is taken', { details: { by: 'me' } })
    })
  })
  const good = await flows.submit('good', { a: 1 })
  await flows.wait(good)
  const bad = await flows.submit('bad', null)
  await expect(flows.wait(bad)).rejects.toMatchObject({
    code: 'conflict',
    message: 'it is taken',
    details: { by: 'me' },
  })
  await expect(flows.wait(bad)).rejects.toBeInstanceOf(PlatformError)

  expect((await flows.list()).map((run) => [run.flow, run.state])).toEqual([
    ['bad', 'failed'],
    ['good', 'succeeded'],
  ])
  expect(await flows.list({ flow: 'good' })).toHaveLength(1)
  expect(await flows.get(good)).toMatchObject({ input: { a: 1 }, output: 'fine', error: null })
  const failed = await flows.get(bad)
  expect(failed.error).toEqual({ code: 'conflict', message: 'it is taken' })
  expect(failed.steps.map((step) => [step.name, step.state, step.error?.code])).toEqual([
    ['works', 'succeeded', undefined],
    ['fails', 'failed', 'conflict'],
  ])
  expect(failed.steps.every((step) => step.startedAt <= step.finishedAt && step.ms >= 0)).toBe(true)
  expect(failed.finishedAt! >= failed.startedAt!).toBe(true)
})

test('what can pass by itself is tried three times, a refusal and a bug once', async () => {
  const tries = { unavailable: 0, invalid_argument: 0, bug: 0 }
  flows.define('passes', async (run) =>
    run.step('call', async () => {
      tries.unavailable += 1
      if (tries.unavailable < 3) throw new PlatformError('unavailable', 'not yet')
      return 'there'
    }),
  )
  flows.define('refuses', async (run) =>
    run.step('call', async () => {
      tries.invalid_argument += 1
      throw new PlatformError('invalid_argument', 'no')
    }),
  )
  flows.define('breaks', async (run) =>
    run.step('call', async () => {
      tries.bug += 1
      throw new TypeError('undefined is not a function')
    }),
  )
  expect(await flows.wait(await flows.submit('passes', null))).toBe('there')
  await expect(flows.wait(await flows.submit('refuses', null))).rejects.toThrow('no')
  await expect(flows.wait(await flows.submit('breaks', null))).rejects.toThrow('undefined is not a function')
  expect(tries).toEqual({ unavailable: 3, invalid_argument: 1, bug: 1 })
})

test('the same submission is one run while it is unfinished, and a new one after that', async () => {
  flows.define('once', async (run, input) => run.step('only', async () => input))
  const first = await flows.submit('once', { a: 1 })
  expect(await flows.submit('once', { a: 1 })).toBe(first)
  expect(await flows.submit('once', { a: 2 })).not.toBe(first)
  expect(await flows.submit('once', { a: 1 }, { key: 'later data' })).not.toBe(first)
  await flows.wait(first)
  expect(await flows.submit('once', { a: 1 })).not.toBe(first)
})

test('a flow or a run that does not exist is said so', async () => {
  await expect(flows.submit('nothing', {})).rejects.toMatchObject({ code: 'not_found' })
  await expect(flows.wait('00000000-0000-0000-0000-000000000000')).rejects.toMatchObject({ code: 'not_found' })
  await expect(flows.get('00000000-0000-0000-0000-000000000000')).rejects.toMatchObject({ code: 'not_found' })
})

test('a worker whose lease is cut off waits with its next step until it has it again, and is not adopted from', async () => {
  const { db } = database
  // A worker that has not noticed yet starts its next step as ever.
  const noticed = gate()
  const log: Log = Object.assign(Object.create(silentLog), {
    debug: (said: unknown) => String(said).includes('the connection of the lease was lost') && noticed.open(),
  })
  await flows.stop()
  flows = createFlows({ db, log })
  let cut = 0
  flows.define('cut_off', async (run) => {
    await run.step('first', async () => {
      const sessions = await db.query(
        'select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1 and datname = current_database()',
        ['weir lease'],
      )
      cut = sessions.length
      await noticed.opened
      // Another worker that looks just now sees a free lease, but a process that lives.
      await requeueOrphans(db, 'another', silentLog)
    })
    return run.step(
      'second',
      async () =>
        (
          await db.query(
            // Of this database only: other tests hold leases of the same number in theirs.
            `select 1 from flows.executor e join pg_locks l on l.objid = e.lease::oid and l.classid = ${LEASE_CLASS}
             where l.granted and l.database = (select oid from pg_database where datname = current_database())`,
          )
        ).length,
    )
  })
  await flows.start()
  const runId = await flows.submit('cut_off', null)
  expect(await flows.wait(runId)).toBe(1)
  expect(cut).toBe(1)
  expect((await flows.get(runId)).steps.map((step) => step.name)).toEqual(['first', 'second'])
})

test('a silent worker of another host is waited for, then adopted from', async () => {
  const { db } = database
  flows.define('any', async (run) => run.step('only', async () => 1))
  const runId = await flows.submit('any', null)
  const far = { executorId: '11111111-1111-1111-1111-111111111111', serves: 'any' as const, place: 'far', pid: 1 }
  await enterExecutor(db, far)
  await db.query(`update flows.run set state = 'running', holder = $1 where id = $2`, [far.executorId, runId])
  const holder = async () =>
    (await db.query<{ state: string }>('select state from flows.run where id = $1', [runId]))[0]?.state

  await requeueOrphans(db, 'another', silentLog)
  expect(await holder()).toBe('running')
  await db.query(`update flows.executor set silent_since = now() - interval '11 seconds'`)
  await requeueOrphans(db, 'another', silentLog)
  expect(await holder()).toBe('waiting')
  expect(await db.query('select 1 from flows.executor')).toEqual([])
  expect(await flows.wait(runId)).toBe(1)
})
