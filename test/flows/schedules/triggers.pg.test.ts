import { afterAll, beforeAll, expect, test } from 'vitest'
import { fireTrigger, SCHEDULES_CHANNEL, type Trigger } from '../../../src/flows/schedules/triggers.ts'
import { gate } from '../../helpers/gate.ts'
import { type TestDatabase, testDatabase } from '../../helpers/pg.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.drop())

const trigger = (id: string): Trigger => ({
  ...{ kind: 'delivery', subject: 'users', id },
  details: { period: '2026-01-01T00:00:00.000000Z' },
})
const kept = (id: string) => database.db.query('select id from flows.trigger where id = $1', [id])

test('the same thing told twice has happened once, and the leader hears it', async () => {
  const heard = gate()
  const unlisten = await database.db.listen(SCHEDULES_CHANNEL, () => heard.open())
  await fireTrigger(database.db, trigger('a'))
  await fireTrigger(database.db, trigger('a'))
  await heard.opened
  await unlisten()
  expect(await kept('a')).toHaveLength(1)
})

test('what is told in a transaction that came to nothing has not happened', async () => {
  const failed = database.db.tx(async (tx) => {
    await fireTrigger(tx, trigger('b'))
    throw new Error('no')
  })
  await expect(failed).rejects.toThrow('no')
  expect(await kept('b')).toHaveLength(0)
})
