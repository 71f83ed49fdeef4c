import { randomBytes } from 'node:crypto'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { silentLog } from '../../src/base/log.ts'
import { readAddress } from '../../src/db/address.ts'
import { checkServer } from '../../src/db/check-server.ts'
import { connectDatabase } from '../../src/db/db.ts'
import { endClient, openClient } from '../../src/db/session.ts'
import { testWith } from '../helpers/needs.ts'
import { type EmptyDatabase, emptyDatabase, testServer } from '../helpers/pg.ts'
import { missingPgbouncer, startPgbouncer } from '../helpers/pgbouncer.ts'
import { proxyTo, type TestProxy } from '../helpers/proxy.ts'

let empty: EmptyDatabase
let name: string
beforeAll(async () => {
  empty = await emptyDatabase()
  name = new URL(empty.url).pathname.slice(1)
})
afterAll(() => empty.drop())

async function admin(...statements: string[]): Promise<void> {
  const client = await openClient({ url: (await testServer()).adminUrl('postgres'), name: 'test', ms: 60_000 })
  try {
    for (const text of statements) await client.query(text)
  } finally {
    await endClient(client)
  }
}

const open = (url = empty.url) => connectDatabase({ url, log: silentLog, poolSize: 2 })

/** What a DBA may have set, and what a statement of ours gives all the same. */
const SET = {
  extra_float_digits: '0',
  standard_conforming_strings: 'off',
  bytea_output: 'escape',
  intervalstyle: 'sql_standard',
  datestyle: 'German',
  timezone: 'Asia/Tokyo',
  search_path: 'nowhere',
  default_transaction_isolation: 'serializable',
  transform_null_equals: 'on',
  array_nulls: 'off',
  statement_timeout: '5min',
  lock_timeout: '5min',
  idle_session_timeout: '5min',
  idle_in_transaction_session_timeout: '5min',
  transaction_timeout: '5min',
}

describe('the settings of a server', () => {
  it('X9: whatever a DBA has set for the database, a statement means and gives the same', async () => {
    for (const [setting, value] of Object.entries(SET))
      await admin(`alter database ${name} set ${setting} to '${value}'`)
    const db = await open()
    try {
      for (const sql of [db, db.serving]) {
        const [row] = await sql.query(
          `select 0.1::float8 + 0.2::float8 as f, 1::float4 / 3::float4 as r, '\\N' as escaped, '\\x01ff'::bytea::text as bytes,
             interval '1 day 2 hours'::text as span, date '2024-02-01'::text as day, now()::text like '%+00' as utc,
             null::int = null as nulls, '{null}'::text[] as array, current_schema() as schema,
             current_setting('transaction_isolation') as isolation, current_setting('idle_session_timeout') as idle,
             current_setting('transaction_timeout', true) as transaction, current_setting('lock_timeout') as lock`,
        )
        expect(row).toEqual({
          f: 0.30000000000000004,
          r: 0.33333334,
          escaped: '\\N',
          bytes: '\\x01ff',
          span: '1 day 02:00:00',
          day: '2024-02-01',
          utc: true,
          nulls: null,
          array: [null],
          schema: 'public',
          isolation: 'read committed',
          idle: '0',
          transaction: '0',
          lock: '0',
        })
      }
    } finally {
      await db.close()
      await admin(`alter database ${name} reset all`)
    }
  })

  for (const encoding of ['LATIN1', 'SQL_ASCII']) {
    it(`X9: a database of encoding ${encoding} is refused at the start, with what to do`, async () => {
      const other = `${name}_${encoding.toLowerCase()}`
      await admin(
        `create database ${other} encoding '${encoding}' locale_provider libc lc_collate 'C' lc_ctype 'C' template template0`,
      )
      const url = (await testServer()).url(other)
      await expect(open(url)).rejects.toMatchObject({
        code: 'config_invalid',
        message: expect.stringMatching(new RegExp(`encoding ${encoding}.*create one with`)),
      })
      await admin(`drop database ${other} with (force)`)
    })
  }

  it('X9: a read-only database is refused with a sentence', async () => {
    await admin(`alter database ${name} set default_transaction_read_only to on`)
    await expect(open()).rejects.toThrow(/read-only \(default_transaction_read_only/)
    await admin(`alter database ${name} reset all`)
  })

  it('X9: so are a standby and a server that is too old', async () => {
    const found = {
      version: 180_000,
      encoding: 'UTF8',
      read_only: false,
      standby: false,
      pid: 1,
      role: 'w',
      may_create: true,
    }
    const answering = (more: object) =>
      ({ query: async () => ({ rows: [{ ...found, ...more }] }) }) as unknown as pg.Client
    expect(await checkServer(answering({}), 'h:1/d')).toMatchObject({ version: 180_000 })
    await expect(checkServer(answering({ standby: true, read_only: true }), 'h:1/d')).rejects.toThrow(
      /is a standby.*primary/,
    )
    await expect(checkServer(answering({ version: 130_014 }), 'h:1/d')).rejects.toThrow(
      /is PostgreSQL 13; Weir needs 14/,
    )
  })

  it('X9: a user who may not create schemas is told so, and what to grant', async () => {
    const role = `r_${randomBytes(4).toString('hex')}`
    await admin(`create role ${role} login`)
    const url = new URL(empty.url)
    url.username = role
    const fresh = await emptyDatabase()
    url.pathname = new URL(fresh.url).pathname
    await expect(open(url.href)).rejects.toThrow(new RegExp(`the user ${role} may not create schemas.*grant create`))
    await fresh.drop()
    await admin(`drop role ${role}`)
  })

  testWith(
    'X15: a pooler in transaction mode is refused with a sentence, one in session mode is used',
    missingPgbouncer(),
    async () => {
      const transaction = await startPgbouncer(empty.url, 'transaction')
      await expect(open(transaction.url)).rejects.toMatchObject({
        code: 'config_invalid',
        message: expect.stringMatching(/pooler in transaction mode.*use its session mode/),
      })
      await transaction.stop()
      const session = await startPgbouncer(empty.url, 'session')
      const db = await open(session.url)
      let heard = () => {}
      const told = new Promise<void>((done) => {
        heard = done
      })
      await db.listen('changed', () => heard())
      expect(await db.query('select 1 as n from pg_sleep(1.5)')).toEqual([{ n: 1 }])
      await db.query("notify changed, 'x'")
      await told
      await db.close()
      await session.stop()
    },
  )
})

describe('the address of a database', () => {
  let proxy: TestProxy
  beforeAll(async () => {
    proxy = await proxyTo(empty.url)
  })
  afterAll(() => proxy.stop())

  const url = (mode: string) => `${proxy.through(empty.url).replace(/\?.*/, '')}?sslmode=${mode}`

  for (const mode of ['prefer', 'allow', 'disable']) {
    it(`case 13: sslmode=${mode} connects to a server without SSL, and Node warns of nothing`, async () => {
      const warnings: unknown[] = []
      const onWarning = (warning: unknown) => void warnings.push(warning)
      process.on('warning', onWarning)
      const db = await open(url(mode))
      expect(await db.query('select 1 as n')).toEqual([{ n: 1 }])
      await db.listen('changed', () => {})
      await db.close()
      await new Promise((done) => setImmediate(done))
      process.removeListener('warning', onWarning)
      expect(warnings).toEqual([])
    })
  }

  it('case 13: sslmode=require does not go on without', async () => {
    await expect(open(url('require'))).rejects.toThrow(/SSL/)
  })

  it('case 13: an address that cannot be read is refused without its password', () => {
    const wrong = [
      'host=h user=u password=secret',
      'mysql://u:secret@h/d',
      'postgresql://u:secret#1@h/d',
      'postgresql://u:secret@h:port/d',
      'postgresql://u:secret@h/d?sslmode=sometimes',
      'postgresql://u:secret@h/d?sslmode=verify-ca',
      'postgresql://u:secret@h/d?sslmode=verify-full&sslrootcert=/none.crt',
      'u:secret@h',
    ]
    for (const text of wrong) {
      let error: unknown
      try {
        readAddress(text)
      } catch (thrown) {
        error = thrown
      }
      expect(error, text).toMatchObject({ code: 'config_invalid', message: expect.stringMatching(/^DATABASE_URL /) })
      expect(String(error)).not.toContain('secret')
    }
  })
})
