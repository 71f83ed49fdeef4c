import { afterEach, beforeEach, expect, test } from 'vitest'
import { silentLog } from '../../src/base/log.ts'
import { createFlows, type Flows, type FlowsOptions } from '../../src/flows/flows.ts'
import { enterExecutor, removeExecutor } from '../../src/flows/queries/executors.ts'
import { finishRun, insertStep, reserveRun, takeAway, takeRun } from '../../src/flows/queries/runs.ts'
import { DEATHS_MAX } from '../../src/flows/turn.ts'
import { gate } from '../helpers/gate.ts'
import { type TestDatabase, testDatabase } from '../helpers/pg.ts'

let database: TestDatabase
let opened: Flows[]
beforeEach(async () => {
  database = await testDatabase()
  opened = []
})
afterEach(async () => {
  await Promise.all(opened.map((flows) => flows.stop()))
  await database.drop()
})

function open(options: Partial<FlowsOptions> = {}): Flows {
  const flows = createFlows({ db: database.db, log: silentLog, ...options })
  opened.push(flows)
  return flows
}

const FAR = { serves: 'any' as const, place: 'far', pid: 1 }
const FAR_ID = '11111111-1111-1111-1111-111111111111'

test('what a process records after its run was given away is refused by the number of its turn', async () => {
  const { db } = database
  const flows = open()
  flows.define('any', async (run) => run.step('only', async () => 1))
  const runId = await flows.submit('any', null)
  await enterExecutor(db, { executorId: FAR_ID, ...FAR })
  await db.query(`update flows.run set state = 'running', holder = $1, turn = 1 where id = $2`, [FAR_ID, runId])
  await db.query(`update flows.executor set silent_since = now() - interval '11 seconds'`)
  expect(await flows.wait(runId)).toBe(1)
  const late = { runId, executorId: FAR_ID, turn: 1 }
  expect(await insertStep(db, late, { number: 1, name: 'late', output: '2', error: null, ms: 1 })).toBe(false)
  await finishRun(db, late, { state: 'succeeded', output: '2' })
  expect(await flows.get(runId)).toMatchObject({ output: 1, steps: [{ name: 'only' }] })
})

test('a process that was given its run once more records nothing of the turn before', async () => {
  const { db } = database
  const flows = open()
  flows.define('any', async () => 1)
  const runId = await flows.submit('any', null)
  await enterExecutor(db, { executorId: FAR_ID, ...FAR })
  await db.query(`update flows.run set state = 'running', holder = $1, turn = 2 where id = $2`, [FAR_ID, runId])
  const [before, now] = [1, 2].map((turn) => ({ runId, executorId: FAR_ID, turn }))
  const step = { number: 0, name: 'first', output: '1', error: null, ms: 1 }
  expect(await insertStep(db, before!, step)).toBe(false)
  await finishRun(db, before!, { state: 'succeeded', output: '1' })
  expect(await flows.get(runId)).toMatchObject({ state: 'running', steps: [] })
  expect(await insertStep(db, now!, step)).toBe(true)
  await finishRun(db, now!, { state: 'succeeded', output: '2' })
  expect(await flows.get(runId)).toMatchObject({ state: 'succeeded', output: 2, steps: [{ name: 'first' }] })
})

test('a step that is recalled gives the same as when it was done', async () => {
  const flows = open()
  const seen: unknown[] = []
  const given = { text: '\u0000 ü', none: undefined, list: [1, null], big: 1e300 }
  flows.define('shows', async (run) => {
    seen.push(await run.step('value', async () => given))
    seen.push(await run.step('nothing', async () => undefined))
    if (seen.length < 4) throw Object.assign(new Error('killed'), { code: 'E' })
    return null
  })
  await expect(flows.wait(await flows.submit('shows', 1))).rejects.toThrow('killed')
  await database.db.query(`update flows.run set state = 'waiting', error = null, finished_at = null, told = false`)
  const [run] = await flows.list()
  await flows.wait(run!.id)
  expect(seen).toEqual([{ text: '\u0000 ü', list: [1, null], big: 1e300 }, undefined, { ...given }, undefined])
})

test('a recorded step of another name ends the run with a sentence that says so', async () => {
  const flows = open()
  flows.define('changed', async (run) => run.step('new name', async () => 1))
  const runId = await flows.submit('changed', null)
  await database.db.query(
    `insert into flows.step (run_id, number, name, output, started_at, finished_at) values ($1, 0, 'old name', '1', now(), now())`,
    [runId],
  )
  await expect(flows.wait(runId)).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringMatching(/recorded as 'old name'.*calls it 'new name'.*give the command again/),
  })
})

test('a run that killed its process a hundred times is not taken up again', async () => {
  const flows = open()
  flows.define('deadly', async (run) => run.step('only', async () => 1))
  const runId = await flows.submit('deadly', null)
  await database.db.query('update flows.run set deaths = $1', [DEATHS_MAX])
  await expect(flows.wait(runId)).rejects.toThrow(/died 100 times; it is not taken up again/)
})

test('no step is done by another build than the one that the run was submitted with, for any flow', async () => {
  let name = 'old'
  let steps = 0
  const flows = open({ build: async () => name })
  flows.define('two', async (run) => {
    await run.step('first', async () => {
      steps++
      name = 'new'
    })
    return run.step('second', async () => steps++)
  })
  const runId = await flows.submit('two', null)
  await expect(flows.wait(runId)).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringMatching(
      /run of 'two' was submitted with another build.*Nothing more is done.*worker. of that build.*starts from the beginning/,
    ),
  })
  expect(steps).toBe(1)
  const again = await flows.submit('two', null)
  expect(again).not.toBe(runId)
})

test('a worker leaves the runs of another build to that one, and refuses them when nobody has it any more', async () => {
  const older = open({ build: async () => 'old' })
  const newer = open({ build: async () => 'new' })
  const ran: string[] = []
  for (const [flows, who] of [[older, 'old'] as const, [newer, 'new'] as const]) {
    flows.define('which', async (run) => run.step('only', async () => void ran.push(who)))
    flows.define('hold', async (run) => run.step('only', async () => 1))
  }
  await newer.start()
  const left = await older.submit('which', 1)
  await newer.wait(await newer.submit('hold', 1))
  expect((await newer.get(left)).state).toBe('waiting')
  await older.start()
  await older.wait(left)
  await newer.wait(await newer.submit('which', 2))
  expect(ran).toEqual(['old', 'new'])
  await older.stop()
  const alone = open({ build: async () => 'oldest' })
  alone.define('which', async (run) => run.step('only', async () => 1))
  const lying = await alone.submit('which', 3)
  await database.db.query(`update flows.run set waiting_since = now() - interval '61 seconds' where id = $1`, [lying])
  await expect(newer.wait(lying)).rejects.toThrow(/another build/)
})

test('a run of another build is left to a living worker of that build, however long it waits', async () => {
  const [older, newer] = [open({ build: async () => 'old' }), open({ build: async () => 'new' })]
  const held = gate()
  const ran: string[] = []
  let under = 0
  for (const [flows, who] of [[older, 'old'] as const, [newer, 'new'] as const]) {
    flows.define('held', async (run) =>
      run.step('only', async () => {
        under++
        await held.opened
      }),
    )
    flows.define('which', async (run) => run.step('only', async () => void ran.push(who)))
  }
  await older.start()
  const [first, second] = await Promise.all([1, 2].map((n) => older.submit('held', n)))
  while (under < 2) await new Promise(setImmediate)
  const waits = await older.submit('which', 'old')
  await database.db.query(`update flows.run set waiting_since = now() - interval '1 day' where id = $1`, [waits])
  await newer.start()
  await newer.wait(await newer.submit('which', 'new'))
  expect((await newer.get(waits)).state).toBe('waiting')
  held.open()
  for (const id of [first!, second!, waits]) await older.wait(id)
  expect(ran).toEqual(['new', 'old'])
})

test('a process that was taken for dead starts no further step of a run that was given to others meanwhile', async () => {
  const { db } = database
  const flows = open()
  const between = gate()
  let arrived = 0
  let second = 0
  flows.define('two', async (run) => {
    await run.step('first', async () => 1)
    arrived++
    await between.opened
    return run.step('second', async () => ++second)
  })
  await flows.start()
  const runId = await flows.submit('two', null)
  while (arrived < 1) await new Promise(setImmediate)
  const [own] = await db.query<{ id: string }>('select id::text as id from flows.executor')
  await db.tx((sql) => removeExecutor(sql, own!.id, { died: true }))
  await db.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'weir lease' and datname = current_database()",
  )
  // It enters anew and is given the run again: two bodies of it are in this process now, and one may go on.
  while (arrived < 2) await new Promise(setImmediate)
  between.open()
  expect(await flows.wait(runId)).toBe(1)
  expect(second).toBe(1)
})

test('what a process takes while it is taken for dead is put back with the rest, or not taken', async () => {
  const { db } = database
  const flows = open()
  flows.define('any', async () => 1)
  const runId = await flows.submit('any', null)
  await enterExecutor(db, { executorId: FAR_ID, ...FAR })
  const by = { executorId: FAR_ID, serves: 'any' as const, build: null, flows: ['any'] }
  const waits = async () =>
    (await db.query(`select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`))
      .length > 0

  let removed: Promise<number> | undefined
  await db.tx(async (sql) => {
    expect(await takeRun(sql, by)).toMatchObject({ id: runId })
    removed = db.tx((other) => removeExecutor(other, FAR_ID, { died: true }))
    await expect.poll(waits).toBe(true)
  })
  expect(await removed).toBe(1)
  expect(await flows.get(runId)).toMatchObject({ state: 'waiting' })

  for (const take of [
    () => takeRun(db, by),
    () => reserveRun(db, runId, FAR_ID),
    () => takeAway(db, runId, FAR_ID, FAR_ID),
  ]) {
    await enterExecutor(db, { executorId: FAR_ID, ...FAR })
    let taken: Promise<unknown> | undefined
    await db.tx(async (sql) => {
      await removeExecutor(sql, FAR_ID, { died: true })
      taken = take()
      await expect.poll(waits).toBe(true)
    })
    expect(await taken).toBeFalsy()
  }
  expect(await flows.get(runId)).toMatchObject({ state: 'waiting' })
})

test('a worker does two runs at once and no third', async () => {
  const flows = open()
  const held = gate()
  let under = 0
  let most = 0
  flows.define('held', async (run) =>
    run.step('only', async () => {
      most = Math.max(most, ++under)
      await held.opened
      under--
    }),
  )
  await flows.start()
  const ids = await Promise.all([1, 2, 3, 4].map((n) => flows.submit('held', n)))
  const states = async () => (await flows.list()).map((run) => run.state).sort()
  while (under < 2) await new Promise(setImmediate)
  expect(await states()).toEqual(['running', 'running', 'waiting', 'waiting'])
  held.open()
  await Promise.all(ids.map((id) => flows.wait(id)))
  expect(most).toBe(2)
})

test('a table refuses a run that contradicts itself, and a second unfinished run of one key', async () => {
  const { db } = database
  const add = (more: string) =>
    db.query(
      `insert into flows.run (id, flow, key, ${more.split('|')[0]}) values (gen_random_uuid(), 'f', 'k', ${more.split('|')[1]})`,
    )
  await add(`state|'waiting'`)
  await expect(add(`state|'waiting'`)).rejects.toThrow(/run_unfinished/)
  await expect(add(`state|'running'`)).rejects.toThrow(/run_held_while_running|run_unfinished/)
  await expect(add(`state|'succeeded'`)).rejects.toThrow(/run_finished_at/)
  await expect(add(`state, finished_at|'failed', now()`)).rejects.toThrow(/run_error/)
  await expect(add(`state, finished_at, output|'cancelled', now(), '1'`)).rejects.toThrow(/run_output/)
})
