import { afterAll, beforeAll, expect, test } from 'vitest'
import { silentLog } from '../../src/base/log.ts'
import { createListening } from '../../src/db/listen.ts'
import { gate } from '../helpers/gate.ts'
import { type TestDatabase, testDatabase } from '../helpers/pg.ts'

let t: TestDatabase
beforeAll(async () => {
  t = await testDatabase()
})
afterAll(() => t.drop())

/** Promises for what a listener hears, in order. */
function mailbox() {
  const heard: string[] = []
  const waiting: ((text: string) => void)[] = []
  const put = (text: string) => {
    const next = waiting.shift()
    if (next) next(text)
    else heard.push(text)
  }
  const take = () =>
    new Promise<string>((resolve) => (heard.length > 0 ? resolve(heard.shift() ?? '') : waiting.push(resolve)))
  return { put, take, heard }
}

const notify = (channel: string, payload: string) => t.db.query('select pg_notify($1, $2)', [channel, payload])

test('a notification is heard on its channel only, when its transaction has committed, until the listener goes', async () => {
  const a = mailbox()
  const b = mailbox()
  const stop = await t.db.listen('a_changed', a.put)
  await t.db.listen('B "quoted"', b.put)
  const failed = t.db.tx(async (sql) => {
    await sql.query("notify a_changed, 'never'")
    throw new Error('rolled back')
  })
  await expect(failed).rejects.toThrow('rolled back')
  await notify('a_changed', 'one')
  await notify('B "quoted"', 'two')
  expect(await a.take()).toBe('one')
  expect(await b.take()).toBe('two')
  await stop()
  await notify('a_changed', 'three')
  await notify('B "quoted"', 'four')
  expect(await b.take()).toBe('four')
  expect(a.heard).toEqual([])
})

test('a lost connection is opened again, and the listeners are told', async () => {
  const box = mailbox()
  const stop = await t.db.listen('again', box.put, () => box.put('reconnected'))
  await t.db.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'weir listen' and datname = current_database()",
  )
  expect(await box.take()).toBe('reconnected')
  await notify('again', 'after')
  expect(await box.take()).toBe('after')
  await stop()
})

test('a listener that throws does not keep the others from hearing', async () => {
  const box = mailbox()
  await t.db.listen('loud', () => {
    throw new Error('in a listener')
  })
  await t.db.listen('loud', box.put)
  await notify('loud', 'heard')
  expect(await box.take()).toBe('heard')
})

test('listeners are told of a return when statements are answered again, not before', async () => {
  const box = mailbox()
  const there = gate()
  const listening = createListening({ url: t.db.url, log: silentLog, untilThere: () => there.opened })
  await listening.listen('back', box.put, () => box.put('told'))
  await t.db.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'weir listen' and datname = current_database()",
  )
  // What is sent over the new connection is heard before.
  const asked = async () => {
    await notify('back', 'heard')
    return box.heard.length > 0
  }
  while (!(await asked())) await new Promise(setImmediate)
  expect(box.heard).not.toContain('told')
  there.open()
  while ((await box.take()) !== 'told');
  await listening.close()
})
