import { afterAll, beforeAll, expect, test } from 'vitest'
import { endClient, openClient } from '../../src/db/session.ts'
import { openPlace } from '../e2e/weir.ts'
import { type EmptyDatabase, emptyDatabase } from '../helpers/pg.ts'
import { proxyTo, type TestProxy } from '../helpers/proxy.ts'

let empty: EmptyDatabase
let proxy: TestProxy
let place: Awaited<ReturnType<typeof openPlace>>
let project: string
beforeAll(async () => {
  empty = await emptyDatabase()
  proxy = await proxyTo(empty.url)
  place = await openPlace({ DATABASE_URL: proxy.through(empty.url) })
  project = await place.project()
  await place.run('snapshots', '--project', project)
})
afterAll(async () => {
  await place.end()
  await proxy.stop()
  await empty.drop()
})

/** That the database does not answer may be said; nothing else is. */
const FAULT = /fault of Weir itself|assertion|\n {4}at |\{"level"(?!:40,"time":\d+,"msg":"the database does not answer)/

test('F2: SIGTERM ends a worker whose database is silent, without a stack', async () => {
  const worker = place.start('worker', '--project', project)
  await worker.says(/waiting for flows/)
  await proxy.silence()
  worker.child.kill('SIGTERM')
  const ended = await worker.ended
  await proxy.pass()
  expect(ended.exit).toBe(0)
  expect(ended.stderr).not.toMatch(FAULT)
})

test('F1 Blocked 4: a command says that it waits for the database; Ctrl-C ends it with one sentence and 130', async () => {
  const other = await openClient({ url: empty.url, name: 'test', ms: 60_000 })
  await other.query('begin; lock table flows.run in access exclusive mode')
  const command = place.start('train', 'streamflow_churn', '--as-of', '2024-01-31', '--project', project)
  // It is about to submit its run.
  const waits = `select 1 from pg_locks where not granted and database = (select oid from pg_database where datname = current_database())`
  while ((await other.query(waits)).rows.length === 0) await new Promise((done) => setTimeout(done, 50))
  await proxy.refuse()
  await command.says(/the database does not answer/)
  command.child.kill('SIGINT')
  const ended = await command.ended
  await proxy.pass()
  await endClient(other)
  expect(ended.exit).toBe(130)
  expect(ended.stderr).toMatch(/weir train: interrupted/)
  expect(ended.stderr).not.toMatch(FAULT)
})
