import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sha256Hex } from '../../src/base/hash.ts'
import { silentLog } from '../../src/base/log.ts'
import { connectDatabase } from '../../src/db/db.ts'
import { type Migration, migrate, readMigrations } from '../../src/db/migrate.ts'
import { endClient, openClient } from '../../src/db/session.ts'
import { MODEL, openServerRig } from '../serving/rig.ts'

let rig: Awaited<ReturnType<typeof openServerRig>>
beforeAll(async () => {
  rig = await openServerRig({ trees: 5 })
}, 120_000)
afterAll(() => rig.close())

/** What the next version may do while this one serves: a column more in every table, filled, and a table more. */
const EXPANDS = `do $$
declare t regclass;
begin
  for t in select c.oid from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p') and not c.relispartition and n.nspname !~ '^(pg_|information_schema|online)' and n.nspname <> 'db'
  loop
    execute format('alter table %s add column of_next_version text not null default ''new''', t);
  end loop;
end $$;
create schema next_version; create table next_version.thing (id int primary key);`

const next = (number: number, text: string, more: Partial<Migration> = {}): Migration => {
  const name = `${String(number).padStart(4, '0')}_next`
  return { number, name, text, digest: sha256Hex(text), ...more }
}

async function migrateTo(list: readonly Migration[]): Promise<number> {
  const client = await openClient({ url: rig.app.db.url, name: 'test' })
  try {
    return await migrate(client, silentLog, list)
  } finally {
    await endClient(client)
  }
}

test('a running server goes on predicting, logging and working on flows when the next version has migrated', async () => {
  const { app } = rig
  await app.flows.start()
  await app.ingestMonth({ dir: join(rig.months, 'month_000'), asOf: '2024-01-31' })
  await app.materialize({})
  const trained = await rig.train()
  await rig.promote(trained.version)
  const before = await rig.until(({ status }) => status === 200)

  const list = [...readMigrations(), next(9001, EXPANDS)]
  expect(await migrateTo(list)).toBe(1)

  expect(await rig.predict({ user_id: '7590-VHVEG' })).toEqual(before)
  const created = await rig.post('/api/2.0/mlflow/experiments/create', { name: 'after' })
  const run = await rig.post('/api/2.0/mlflow/runs/create', { experiment_id: created.body.experiment_id })
  const run_id = (run.body.run as { info: { run_id: string } }).info.run_id
  const metric = { run_id, key: 'm', value: 1, timestamp: 1, step: 0 }
  expect((await rig.post('/api/2.0/mlflow/runs/log-metric', metric)).status).toBe(200)
  expect(
    (await rig.post('/api/2.0/mlflow/runs/search', { experiment_ids: [created.body.experiment_id] })).text,
  ).toContain(run_id)
  await app.ingestMonth({ dir: join(rig.months, 'month_001'), asOf: '2024-02-29' })
  expect((await app.materialize({})).map(({ outcome }) => outcome)).toContain('materialized')
  const again = await app.trainBaseline({ model: MODEL, asOf: '2024-02-29' })
  await rig.promote(again.version)
  await rig.until(({ text }) => text.includes(again.runId))

  // One more process of this version starts beside it.
  const other = await connectDatabase({ url: app.db.url, log: silentLog, poolSize: 1 })
  await other.close()
}, 180_000)

test('when a later version drops what this one uses, this one is refused at its start, and told which weir to use', async () => {
  const list = [
    ...readMigrations(),
    next(9001, EXPANDS),
    next(9002, 'drop table next_version.thing', { oldestBuild: 9001 }),
  ]
  expect(await migrateTo(list)).toBe(1)
  await expect(connectDatabase({ url: rig.app.db.url, log: silentLog, poolSize: 1 })).rejects.toMatchObject({
    code: 'unsupported',
    message: expect.stringMatching(/schema 9002_next.*only builds that know schema 9001.*Use weir/),
  })
})
