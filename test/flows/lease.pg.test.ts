import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { silentLog } from '../../src/base/log.ts'
import { createFlows } from '../../src/flows/flows.ts'
import { takeLease } from '../../src/flows/lease.ts'
import { enterExecutor, LEASE_CLASS } from '../../src/flows/queries/executors.ts'
import { type TestDatabase, testDatabase } from '../helpers/pg.ts'
import { proxyTo, type TestProxy } from '../helpers/proxy.ts'

let database: TestDatabase
let proxy: TestProxy
beforeEach(async () => {
  database = await testDatabase()
  proxy = await proxyTo(database.url)
})
afterEach(async () => {
  await proxy.stop()
  await database.drop()
})

const take = (signal?: AbortSignal, executorId: string = randomUUID()) =>
  takeLease({
    ...{ url: proxy.through(database.url), executorId, serves: 'any', build: Promise.resolve(null), log: silentLog },
    ...(signal ? { signal } : {}),
  })

test('F2: a lease is given back in any case: the connection goes though the database is silent', async () => {
  const lease = await take()
  await proxy.silence()
  await lease.release()
  await expect.poll(proxy.open).toBe(0)
})

test('F2: who waits for a lease that another session holds can be told to leave, and leaves no connection', async () => {
  const executorId = randomUUID()
  const { lease } = await enterExecutor(database.db, { executorId, serves: 'any', place: 'elsewhere', pid: 1 })
  const leaving = new AbortController()
  await database.db.tx(async (sql) => {
    await sql.query('select pg_advisory_xact_lock($1, $2)', [LEASE_CLASS, lease])
    const taking = take(leaving.signal, executorId)
    const waits = `select 1 from pg_locks where locktype = 'advisory' and not granted and objid = $1::integer::oid
      and database = (select oid from pg_database where datname = current_database())`
    await expect.poll(() => database.db.query(waits, [lease])).toHaveLength(1)
    leaving.abort(new Error('the process is ending'))
    await expect(taking).rejects.toThrow('the process is ending')
  })
  await expect.poll(proxy.open).toBe(0)
})

test('flows that were stopped take no wish any more', async () => {
  const flows = createFlows({ db: database.db, log: silentLog })
  flows.define('any', async () => 1)
  await flows.list()
  await flows.stop()
  await expect(flows.submit('any', null)).rejects.toThrow('this process is ending')
  expect(await database.db.query('select 1 from flows.run')).toEqual([])
})
