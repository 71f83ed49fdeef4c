import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { testDatabase } from '../helpers/pg.ts'

type Said = { event: string; pid: number; name?: string; run?: string } & Record<string, unknown>
type Toy = {
  child: ChildProcess
  said: Said[]
  hears(event: string, name?: string): Promise<Said>
  kill(): Promise<void>
}

let database: Awaited<ReturnType<typeof testDatabase>>
let gatekeeper: pg.Client
let toys: Toy[] = []
let gate = 100

beforeAll(async () => {
  database = await testDatabase()
  await database.db.query('create schema toy')
  for (const table of ['started', 'done']) {
    await database.db.query(
      `create table toy.${table} (run text, step text, pid int, at timestamptz default clock_timestamp())`,
    )
  }
  gatekeeper = new pg.Client({ connectionString: database.url })
  await gatekeeper.connect()
})
afterAll(async () => {
  await gatekeeper.end()
  await database.drop()
})
beforeEach(() => {
  gate += 1
})
afterEach(async () => {
  await Promise.all(toys.map((toy) => toy.kill()))
  toys = []
  await gatekeeper.query('select pg_advisory_unlock_all()')
})

const closeGate = () => gatekeeper.query('select pg_advisory_lock($1)', [gate])
const openGate = () => gatekeeper.query('select pg_advisory_unlock($1)', [gate])
const done = async (run: string | undefined) =>
  await database.db.query<{ step: string; pid: number }>('select step, pid from toy.done where run = $1 order by at', [
    run,
  ])
const stepsDone = async (run: string | undefined) => (await done(run)).map((row) => row.step)

test('a command without a worker does its flow itself', async () => {
  const command = start('run', 'three_steps', { gate })
  expect((await command.hears('output')).output).toEqual(['first', 'second', 'third'])
  await once(command.child, 'exit')
  expect(command.child.exitCode).toBe(0)
  expect(command.said.filter((s) => s.event === 'recorded').map((s) => s.name)).toEqual(['first', 'second', 'third'])
})

test('a command killed in the middle and started again goes on, and no recorded step is done twice', async () => {
  await closeGate()
  const first = start('run', 'three_steps', { gate })
  const { run } = await first.hears('step', 'second')
  await first.kill()
  await openGate()
  const second = start('run', 'three_steps', { gate })
  expect((await second.hears('submitted')).run).toBe(run)
  expect((await second.hears('output')).output).toEqual(['first', 'second', 'third'])
  expect(await done(run)).toEqual([
    { step: 'first', pid: first.child.pid },
    { step: 'second', pid: second.child.pid },
    { step: 'third', pid: second.child.pid },
  ])
})

test('a worker takes what a command submits, and the command gets the result', async () => {
  const worker = await readyWorker()
  const command = start('run', 'three_steps', { gate })
  const { run } = await command.hears('submitted')
  expect((await command.hears('output')).output).toEqual(['first', 'second', 'third'])
  expect(new Set((await done(run)).map((row) => row.pid))).toEqual(new Set([worker.child.pid]))
})

test('a worker that idles adopts the run of a worker that was killed', async () => {
  await closeGate()
  const dying = await readyWorker()
  const command = start('run', 'three_steps', { gate })
  const { run } = await dying.hears('step', 'second')
  const idle = await readyWorker()
  await dying.kill()
  await openGate()
  expect((await command.hears('output')).output).toEqual(['first', 'second', 'third'])
  expect(await done(run)).toEqual([
    { step: 'first', pid: dying.child.pid },
    { step: 'second', pid: idle.child.pid },
    { step: 'third', pid: idle.child.pid },
  ])
})

test('the lines of a killed worker stay, and the run says that it goes on', async () => {
  const texts = async (run: string | undefined) =>
    (
      await database.db.query<{ text: string }>('select text from flows.line where run_id = $1 order by number', [run])
    ).map(({ text }) => text)
  await closeGate()
  const worker = await readyWorker()
  const command = start('run', 'three_steps', { gate })
  const { run } = await worker.hears('step', 'second')
  await expect.poll(() => texts(run)).toContain('second: begins')
  const before = await texts(run)
  await worker.kill()
  await openGate()
  await command.hears('output')
  const after = await texts(run)
  expect(after.slice(0, before.length)).toEqual(before)
  expect(after[before.length]).toMatch(/goes on in process \d+ \(its process died once\); 1 step is recorded/)
})

test('a command whose worker is killed does the rest itself', async () => {
  await closeGate()
  const worker = await readyWorker()
  const command = start('run', 'three_steps', { gate })
  const { run } = await worker.hears('step', 'second')
  await worker.kill()
  await openGate()
  await command.hears('output')
  expect((await done(run)).map((row) => row.pid)).toEqual([worker.child.pid, command.child.pid, command.child.pid])
})

test('a worker that is asked to stop ends its step, and the next worker goes on after it', async () => {
  await closeGate()
  const leaving = await readyWorker()
  const command = start('run', 'three_steps', { gate })
  const { run } = await leaving.hears('step', 'second')
  leaving.child.kill('SIGTERM')
  const next = await readyWorker()
  await openGate()
  await command.hears('output')
  expect(await done(run)).toEqual([
    { step: 'first', pid: leaving.child.pid },
    { step: 'second', pid: leaving.child.pid },
    { step: 'third', pid: next.child.pid },
  ])
})

test('many runs on two workers, one of them killed: every step is recorded once, no run is in two places at once', async () => {
  const [one, two] = [await readyWorker(), await readyWorker()]
  const commands = Array.from({ length: 6 }, (_, n) => start('run', 'three_steps', { gate: null, n }))
  await Promise.race([one.hears('step', 'third'), two.hears('step', 'third')])
  await one.kill()
  const outputs = await Promise.all(commands.map((command) => command.hears('output')))
  expect(outputs.every((said) => JSON.stringify(said.output) === '["first","second","third"]')).toBe(true)
  for (const command of commands) {
    const run = (await command.hears('submitted')).run
    const recorded = await database.db.query<{ name: string }>(
      'select name from flows.step where run_id = $1 order by number',
      [run],
    )
    expect(recorded.map((row) => row.name)).toEqual(['first', 'second', 'third'])
    // Where a step was done by two processes, the first of them is the one that was killed in it.
    const pids = await database.db.query<{ pid: number }>('select pid from toy.started where run = $1 order by at', [
      run,
    ])
    const turns = pids.filter((row, i) => row.pid !== pids[i - 1]?.pid).map((row) => row.pid)
    expect(turns.length).toBeLessThanOrEqual(2)
    if (turns.length === 2) expect(turns).toEqual([one.child.pid, two.child.pid])
  }
})

test('two who submit the same at the same time share one run', async () => {
  await closeGate()
  await readyWorker()
  const [a, b] = [start('run', 'three_steps', { gate }), start('run', 'three_steps', { gate })]
  const runs = [(await a.hears('submitted')).run, (await b.hears('submitted')).run]
  await openGate()
  expect(runs[0]).toBe(runs[1])
  await Promise.all([a.hears('output'), b.hears('output')])
  expect(await stepsDone(runs[0])).toEqual(['first', 'second', 'third'])
})

test('an error comes back from the worker as it was thrown, and a refusal is not tried again', async () => {
  await readyWorker()
  const command = start('run', 'refused', { gate })
  const error = await command.hears('error')
  expect(error).toMatchObject({
    platform: true,
    code: 'delivery_refused',
    message: 'users.csv is not as declared',
    details: { findings: [{ count: 3 }] },
  })
  expect(await stepsDone((await command.hears('submitted')).run)).toEqual(['first', 'refuse'])
})

async function readyWorker(): Promise<Toy> {
  const worker = start('work')
  await worker.hears('ready')
  return worker
}

function start(role: 'work'): Toy
function start(role: 'run', flow: string, input: unknown): Toy
function start(role: string, flow = '', input: unknown = null): Toy {
  const script = fileURLToPath(new URL('./toy-process.mjs', import.meta.url))
  const child = spawn(process.execPath, [script, database.url, role, flow, JSON.stringify(input)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const said: Said[] = []
  const waiting = new Set<() => void>()
  createInterface({ input: child.stdout! }).on('line', (line) => {
    said.push(JSON.parse(line) as Said)
    for (const look of waiting) look()
  })
  const toy: Toy = {
    child,
    said,
    hears: (event, name) =>
      new Promise((resolve) => {
        const look = () => {
          const hit = said.find((s) => s.event === event && (name === undefined || s.name === name))
          if (hit === undefined) return
          waiting.delete(look)
          resolve(hit)
        }
        waiting.add(look)
        look()
      }),
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const exit = once(child, 'exit')
      child.kill('SIGKILL')
      await exit
    },
  }
  toys.push(toy)
  return toy
}
