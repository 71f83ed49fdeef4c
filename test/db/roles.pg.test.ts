import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, expect, test } from 'vitest'
import { silentLog } from '../../src/base/log.ts'
import { findBinaries } from '../../src/db/embedded/binaries.ts'
import { serverEnv } from '../../src/db/embedded/cluster.ts'
import { openEmbedded } from '../../src/db/embedded/embedded.ts'
import { giveTo, placesOf } from '../../src/db/embedded/places.ts'
import { endAll, newHome, query } from './homes.ts'

afterAll(endAll)

test('a home from before weir was no superuser is changed when it starts: role, owners, access rules; its data stay', async () => {
  const home = newHome()
  makeOldHome(home)
  const server = await openEmbedded({ home, log: silentLog })
  try {
    const url = server.url()
    expect(await query(url, 'select current_user as me, rolsuper from pg_roles where rolname = current_user')).toEqual([
      { me: 'weir', rolsuper: false },
    ])
    expect(await query(url, 'select label from kept.row')).toEqual([{ label: 'old' }])
    const owners = `
      select 'schema ' || nspname as what, pg_get_userbyid(nspowner) as owner from pg_namespace where nspname = 'kept'
      union all select 'class ' || relname, pg_get_userbyid(relowner) from pg_class where relnamespace = 'kept'::regnamespace
      union all select 'type ' || typname, pg_get_userbyid(typowner) from pg_type where typname = 'mood'
      union all select 'function ' || proname, pg_get_userbyid(proowner) from pg_proc where proname = 'answer'
      union all select 'database', pg_get_userbyid(datdba) from pg_database where datname = 'weir'`
    const found = await query<{ what: string; owner: string }>(url, owners)
    expect(found.length).toBeGreaterThan(6)
    expect(found.filter(({ owner }) => owner !== 'weir')).toEqual([])
    // What Weir does with its database it still can.
    await query(
      url,
      `insert into kept.row (label, mood) values ('new', 'fine'); alter table kept.row add more text;
      create schema fresh; drop view kept.seen; alter sequence kept.numbers restart; checkpoint`,
    )
    await query(url, 'select pg_switch_wal(), (select count(*) from pg_ls_waldir())')
    await expect(query(url, "copy kept.row to program 'true'")).rejects.toThrow(/permission|privilege/)
    await expect(query(url, "select * from pg_read_file('/etc/passwd')")).rejects.toThrow(/permission/)
    await expect(query(url, 'create role other')).rejects.toThrow(/permission/)
    const rules = await query<{ type: string }>(server.adminUrl('weir'), 'select type from pg_hba_file_rules')
    expect(rules).toEqual([{ type: 'local' }])
  } finally {
    server.release()
  }
})

test('the log of the server has neither statements nor values', async () => {
  const home = newHome()
  const server = await openEmbedded({ home, log: silentLog })
  try {
    const client = new pg.Client({ connectionString: server.url() })
    await client.connect()
    await client.query('create table t (id text unique)')
    await client.query("insert into t values ('secret-value')")
    await client.query({ text: 'insert into t values ($1)', values: ['secret-value'] }).catch(() => {})
    await client.query("select 'secret-value'::integer").catch(() => {})
    await client.query("selec 'secret-text'").catch(() => {})
    await client.end()
    const { log } = placesOf(home)
    expect(readFileSync(log, 'utf8')).not.toMatch(/insert into|secret/)
    expect(statSync(log).mode & 0o077).toBe(0)
  } finally {
    server.release()
  }
})

/** As initdb and an older Weir made it: one role, a superuser named weir, that owns all. */
function makeOldHome(home: string): void {
  mkdirSync(join(home, 'pg'))
  const places = placesOf(home)
  const binaries = findBinaries(places)
  mkdirSync(places.data, { mode: 0o700 })
  giveTo(places, places.data)
  const options = { cwd: places.data, env: serverEnv(), ...places.as }
  const args = ['-D', places.dataArgument, '-U', 'weir', '--auth=trust', '--encoding=UTF8', '--no-locale', '--no-sync']
  execFileSync(binaries.initdb, args, options)
  const single = (database: string, input: string) => {
    execFileSync(binaries.postgres, ['--single', '-j', '-D', places.dataArgument, database], { ...options, input })
  }
  single('postgres', 'create database weir')
  single(
    'weir',
    `create schema kept;\n\ncreate type kept.mood as enum ('fine', 'bad');\n
create table kept.row (id bigint generated always as identity, n serial, label text, mood kept.mood);\n
create view kept.seen as select label from kept.row;\n\ncreate sequence kept.numbers;\n
create function kept.answer() returns integer language sql as 'select 42';\n\ninsert into kept.row (label) values ('old');\n`,
  )
}
