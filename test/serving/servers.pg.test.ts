import { afterEach, beforeEach, expect, it } from 'vitest'
import { silentLog } from '../../src/base/log.ts'
import { createServers, GONE_AFTER_S } from '../../src/serving/servers.ts'
import { type TestDatabase, testDatabase } from '../helpers/pg.ts'

let test: TestDatabase
beforeEach(async () => {
  test = await testDatabase()
})
afterEach(() => test.drop())

const server = (n: number) =>
  createServers({ db: test.db, id: `00000000-0000-0000-0000-00000000000${n}`, version: '1', log: silentLog })
const answering = (version: number | null, problem: string | null = null) =>
  new Map([['churn', { version, source: `files/${version}`, problem }]])

it('each server says which version it answers with, and since when', async () => {
  const [one, two] = [server(1), server(2)]
  await one.say(answering(1))
  await two.say(answering(1, 'version 2 cannot be loaded'))
  const before = await one.of('churn')
  expect(before).toMatchObject([
    { version: 1, problem: null },
    { version: 1, problem: 'version 2 cannot be loaded' },
  ])
  await one.say(answering(1))
  expect((await two.of('churn'))[0]?.since).toBe(before[0]?.since)
  await one.say(answering(2))
  const after = await two.of('churn')
  expect(after.map(({ version }) => version)).toEqual([2, 1])
  expect(after[0]!.since > before[0]!.since).toBe(true)
  expect(await one.of('another')).toEqual([])
})

it('what is no beat is told where it is new alone', async () => {
  const one = server(1)
  const heard = async () => (await one.of('churn')).map(({ version, seenAt }) => [version, seenAt])
  await one.say(answering(1), { isBeat: false })
  const first = await heard()
  await one.say(answering(1), { isBeat: false })
  expect(await heard()).toEqual(first)
  await one.say(answering(2), { isBeat: false })
  expect((await heard())[0]?.[0]).toBe(2)
})

it('one that leaves is gone at once, and one that died when it was not heard of for a while', async () => {
  const [one, two] = [server(1), server(2)]
  await one.say(answering(1))
  await two.say(answering(1))
  await two.leave()
  expect(await one.of('churn')).toHaveLength(1)
  await test.db.query(`update serving.server set seen_at = now() - interval '${GONE_AFTER_S + 1} seconds'`)
  expect(await two.of('churn')).toEqual([])
  // It was only slow: it is there again with its next beat, also where its rows were taken away meanwhile.
  await one.say(answering(1))
  expect(await two.of('churn')).toHaveLength(1)
  await test.db.query('delete from serving.server')
  await one.say(answering(1))
  expect(await two.of('churn')).toHaveLength(1)
})
