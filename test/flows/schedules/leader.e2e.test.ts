import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { SCHEDULES_CHANNEL } from '../../../src/flows/schedules/triggers.ts'
import { gate } from '../../helpers/gate.ts'
import { type TestDatabase, testDatabase } from '../../helpers/pg.ts'

const TOY = fileURLToPath(new URL('toy-scheduler.mjs', import.meta.url))
const EVERY_MS = 200

let database: TestDatabase
let toys: ChildProcess[] = []
beforeAll(async () => {
  database = await testDatabase()
  await database.db.query('create schema toy')
  await database.db.query('create table toy.done (at timestamptz, pid int)')
})
afterEach(async () => {
  for (const toy of toys) await kill(toy, 'SIGTERM')
  toys = []
})
afterAll(() => database.drop())

test('the leader is killed with -9: the other takes over, and no due time is lost or begun twice', async () => {
  const [first, second] = [await start(), await start()]
  await until(`select count(*) >= 3 as yes from flows.tick where state = 'succeeded'`)
  const [leader] = await database.db.query<{ pid: number }>(LEADER)
  const [dying, other] = leader?.pid === first.pid ? [first, second] : [second, first]
  await kill(dying, 'SIGKILL')
  await until(`select exists (${LEADER} where pid = ${other.pid}) as yes`)
  await until(`select count(*) >= 3 as yes from toy.done where pid = ${other.pid}`)
  await kill(other, 'SIGTERM')
  const ticks = await database.db.query<{ at: string }>('select period as at from flows.tick order by period')
  const times = ticks.map(({ at }) => Date.parse(at))
  expect(times).toEqual(times.map((_, i) => times[0]! + i * EVERY_MS))
  expect(await database.db.query('select tick from flows.run group by tick having count(*) > 1')).toEqual([])
  const left = `select state from flows.tick where state not in ('succeeded', 'running', 'waiting')`
  expect(await database.db.query(left)).toEqual([])
})

const LEADER = 'select pid from flows.leader join flows.executor on executor.id = leader.holder'

/** Asks again each time that the leader is told of something. */
async function until(question: string): Promise<void> {
  let heard = gate()
  const unlisten = await database.db.listen(SCHEDULES_CHANNEL, () => heard.open())
  for (;;) {
    const [answer] = await database.db.query<{ yes: boolean }>(question)
    if (answer?.yes) break
    await heard.opened
    heard = gate()
  }
  await unlisten()
}

async function start(): Promise<ChildProcess> {
  const child = spawn(process.execPath, [TOY, database.url], { stdio: ['ignore', 'pipe', 'inherit'] })
  toys.push(child)
  await once(createInterface(child.stdout!), 'line')
  return child
}

async function kill(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill(signal)
  await exited
}
