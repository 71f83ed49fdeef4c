import { afterEach, beforeEach, expect, it } from 'vitest'
import { type Change, recordChange } from '../../src/identity/audit.ts'
import { verifyTrail } from '../../src/identity/audit-verify.ts'
import { withActor } from '../../src/identity/principal.ts'
import { type TestDatabase, testDatabase } from '../helpers/pg.ts'

let test: TestDatabase
beforeEach(async () => {
  test = await testDatabase()
})
afterEach(() => test.drop())

const ANNA = { name: 'anna', kind: 'token', token: 'tk_1', from: '10.0.0.7' } as const

function change(number: number, more: Partial<Change> = {}): Change {
  const on = { kind: 'version', name: `churn/${number}` }
  return { action: 'model.stage', on, model: 'churn', from: { stage: 'None' }, to: { stage: 'Production' }, ...more }
}

async function write(count: number, more: Partial<Change> = {}): Promise<void> {
  for (let i = 1; i <= count; i++) await test.db.tx((tx) => recordChange(tx, change(i, more)))
}

/** As somebody would who owns the tables. */
async function past(text: string): Promise<void> {
  await test.db.query('alter table identity.audit disable trigger user')
  await test.db.query(text)
  await test.db.query('alter table identity.audit enable trigger user')
}

const faults = async (seen: { seq: number; hash: string }[] = []) =>
  (await verifyTrail(test.db, seen)).faults.map(({ what }) => what)

it('a row says who, what, on what, from what to what, when, from where and why, and holds the hash of the one before', async () => {
  await withActor(ANNA, () => write(2, { why: 'better by 0.02, très bien' }))
  const rows = await test.db.query('select * from identity.audit order by seq')
  expect(rows[0]).toMatchObject({
    seq: 1,
    actor: 'anna',
    actor_kind: 'token',
    token: 'tk_1',
    origin: '10.0.0.7',
    action: 'model.stage',
    on_name: 'churn/1',
    from_value: { stage: 'None' },
    why: 'better by 0.02, très bien',
  })
  expect(rows[1]?.previous).toBe(rows[0]?.hash)
  expect((await verifyTrail(test.db)).faults).toEqual([])
})

it('a change that is rolled back leaves no row and no gap', async () => {
  await write(1)
  const failed = test.db.tx(async (tx) => {
    await recordChange(tx, change(9))
    throw new Error('no')
  })
  await expect(failed).rejects.toThrow('no')
  await write(1)
  expect(await verifyTrail(test.db)).toMatchObject({ rows: 2, faults: [], head: { seq: 2 } })
})

it('changes at once stand one behind the other, also those of transactions that wait for each other elsewhere', async () => {
  await test.db.query('create table public.thing (id int primary key, n int)')
  await test.db.query('insert into public.thing values (1, 0), (2, 0)')
  const touch = (id: number) => (n: number) =>
    test.db.tx(async (tx) => {
      await recordChange(tx, change(n))
      await tx.query('update public.thing set n = n + 1 where id = $1', [id])
      await recordChange(tx, change(n))
    })
  await Promise.all(Array.from({ length: 20 }, (_, n) => touch(1 + (n % 2))(n)))
  expect(await verifyTrail(test.db)).toMatchObject({ rows: 40, faults: [] })
})

it('an open transaction with a row holds nobody else off', async () => {
  await test.db.tx(async (tx) => {
    await recordChange(tx, change(1))
    await write(3)
  })
  expect(await verifyTrail(test.db)).toMatchObject({ rows: 4, faults: [] })
})

it('the trail is append-only: no row is changed, deleted or put into the chain by hand', async () => {
  await write(2)
  for (const text of [
    "update identity.audit set actor = 'nobody' where seq = 1",
    'update identity.audit set hash = null where seq = 1',
    'delete from identity.audit where seq = 2',
    'truncate identity.audit',
    "update identity.audit set why = 'another' where seq = 1",
  ]) {
    await expect(test.db.query(text), text).rejects.toThrow('append-only')
  }
  await test.db.query(
    `insert into identity.audit (seq, hash, at, actor, actor_kind, action, on_kind, on_name) values (77, 'x', '2001-01-01', 'me', 'local', 'model.stage', 'version', 'm/1')`,
  )
  const [row] = await test.db.query("select seq, at > '2020-01-01' as now from identity.audit where actor = 'me'")
  expect(row).toEqual({ seq: 3, now: true })
  expect(await faults()).toEqual([])
})

it('a changed, missing, inserted or cut-off row is found', async () => {
  await write(6, { why: 'because' })
  await past("update identity.audit set actor = 'somebody' where seq = 2")
  expect(await faults()).toEqual(['row 2 was changed: its hash is another'])
  await past('update identity.audit set to_value = \'{"stage": "Production"}\' where seq = 4')
  expect(await faults()).toContain('row 4 was changed: its hash is another')
  await past("update identity.audit set why = 'other' where seq = 5")
  expect(await faults()).toContain('the reason of row 5 was changed')
  await past('delete from identity.audit where seq = 3')
  expect(await faults()).toContain('row 3 is missing')
  await past('delete from identity.audit where seq > 5')
  expect(await faults()).toContain('row 6 is missing')
  await past(
    "insert into identity.audit (actor, actor_kind, action, on_kind, on_name) values ('m', 'local', 'x', 'y', 'z')",
  )
  expect(await faults()).toContain('1 rows are no part of the chain: they were written past it')
})

it('a row put in between is found, and so is a trail that was written anew behind a point that was noted elsewhere', async () => {
  await write(3)
  const { head } = await verifyTrail(test.db)
  expect(await faults([head])).toEqual([])
  await past('update identity.audit set seq = seq + 10 where seq = 3')
  await past('update identity.audit set seq = 4 where seq = 13')
  await past(
    `insert into identity.audit (seq, at, previous, hash, actor, actor_kind, action, on_kind, on_name)
     select 3, at, previous, hash, 'm', 'local', action, on_kind, on_name from identity.audit where seq = 2`,
  )
  expect((await faults()).length).toBeGreaterThan(0)
  await past('delete from identity.audit')
  await test.db.query("update identity.audit_head set seq = 0, hash = repeat('0', 64)")
  await write(2)
  expect(await faults()).toEqual([])
  expect(await faults([head])).toEqual([
    'the trail ends with row 2, and row 3 was noted elsewhere: what came after was cut off, or an older copy of the database was restored',
  ])
  await write(1)
  expect(await faults([head])).toEqual(['row 3 is not the one that was noted elsewhere: the trail was written anew'])
})

it('a row with a number behind the end of the trail, which a reader sees first, is found', async () => {
  await write(2)
  await past(
    `insert into identity.audit (seq, at, actor, actor_kind, action, on_kind, on_name, previous, hash)
     values (1000, now(), 'nobody', 'local', 'model.deleted', 'model', 'churn', 'x', 'y')`,
  )
  expect(await faults()).toEqual(['1 rows are no part of the chain: they were written past it'])
})

it('a reason can be taken out, and the chain stays whole', async () => {
  await write(2, { why: 'customer 7590-VHVEG asked' })
  await test.db.query('update identity.audit set why = null, why_salt = null where seq = 1')
  expect(await verifyTrail(test.db)).toMatchObject({ faults: [], reasonsErased: 1 })
  const [row] = await test.db.query('select * from identity.audit where seq = 1')
  expect(JSON.stringify(row)).not.toContain('7590')
})
