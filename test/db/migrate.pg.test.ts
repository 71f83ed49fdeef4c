import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type pg from 'pg'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sha256Hex } from '../../src/base/hash.ts'
import { silentLog } from '../../src/base/log.ts'
import { type Migration, migrate, readMigrations } from '../../src/db/migrate.ts'
import { endClient, openClient } from '../../src/db/session.ts'
import { type EmptyDatabase, emptyDatabase } from '../helpers/pg.ts'

let empty: EmptyDatabase
let client: pg.Client
beforeEach(async () => {
  empty = await emptyDatabase()
  client = await openClient({ url: empty.url, name: 'test' })
})
afterEach(async () => {
  await endClient(client)
  await empty.drop()
})

const migration = (number: number, name: string, text: string): Migration => ({
  number,
  name: `${String(number).padStart(4, '0')}_${name}`,
  text,
  digest: sha256Hex(text),
})
const FIRST = migration(1, 'first', 'create schema a; create table a.t (n int);')
const SECOND = migration(2, 'second', 'insert into a.t select count(*) from a.t;')
const run = (...migrations: Migration[]) => migrate(client, silentLog, migrations)
const rows = async () => (await client.query('select n from a.t')).rows

test('each migration runs once, in order, later ones when they come', async () => {
  expect(await run(FIRST)).toBe(1)
  expect(await run(FIRST, SECOND)).toBe(1)
  expect(await run(FIRST, SECOND)).toBe(0)
  expect(await rows()).toEqual([{ n: 0 }])
})

test('two that start at the same time run each migration once', async () => {
  const other = await openClient({ url: empty.url, name: 'test' })
  const slow = migration(2, 'slow', 'insert into a.t select 1 from pg_sleep(0.1);')
  const counts = await Promise.all([run(FIRST, slow), migrate(other, silentLog, [FIRST, slow])])
  await endClient(other)
  expect(counts.sort()).toEqual([0, 2])
  expect(await rows()).toEqual([{ n: 1 }])
})

test('a migration that fails leaves nothing of itself, and says where', async () => {
  const broken = migration(2, 'broken', 'insert into a.t values (1);\ninsert into a.nowhere values (1);')
  await expect(run(FIRST, broken)).rejects.toThrow(/0002_broken line 2 failed.*a\.nowhere/)
  expect(await rows()).toEqual([])
  expect(await run(FIRST, SECOND)).toBe(1)
})

test('a migration that was edited after it ran is refused', async () => {
  await run(FIRST)
  const edited = migration(1, 'first', `${FIRST.text} -- better`)
  await expect(run(edited)).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('was edited') })
})

test('a database that a newer weir only expanded is used as it is', async () => {
  await run(FIRST, SECOND)
  expect(await run(FIRST)).toBe(0)
  expect(await rows()).toEqual([{ n: 0 }])
})

test('a database that a newer weir contracted is refused, and the refusal says which weir to use', async () => {
  const contracts = { ...migration(3, 'third', 'alter table a.t add column m int;'), oldestBuild: 2 }
  await run(FIRST, SECOND, contracts)
  expect(await run(FIRST, SECOND)).toBe(0)
  await expect(run(FIRST)).rejects.toMatchObject({
    code: 'unsupported',
    message: expect.stringMatching(
      /schema 0003_third, made by weir \d+\.\d+\.\d+.*know schema 0002.*knows up to 0001\. Use weir \d/,
    ),
  })
})

test('a database of before this weir brings any forward is refused, and the refusal says which weir to use', async () => {
  await run(FIRST)
  const oldest = { number: 2, weir: '0.3.0' }
  await expect(migrate(client, silentLog, [SECOND], undefined, oldest)).rejects.toMatchObject({
    code: 'unsupported',
    message: expect.stringMatching(/schema 0001_first.*only from 0002 on: start weir 0\.3\.0 on it once/),
  })
  await run(FIRST, SECOND)
  const third = migration(3, 'third', 'select 1;')
  expect(await migrate(client, silentLog, [SECOND, third], undefined, oldest)).toBe(1)
})

test('a migration of another line of development is refused', async () => {
  await run(FIRST, migration(2, 'other', 'select 2;'), migration(4, 'fourth', 'select 4;'))
  await expect(run(FIRST, migration(3, 'third', 'select 3;'))).rejects.toMatchObject({
    code: 'unsupported',
    message: expect.stringContaining('not 0002_other'),
  })
})

test('a database of before builds were recorded is brought forward', async () => {
  await run(FIRST)
  await client.query('alter table db.migration drop column oldest_build, drop column weir')
  expect(await run(FIRST)).toBe(0)
  expect(await run(FIRST, SECOND)).toBe(1)
})

test('a new migration with a number that is past is refused', async () => {
  await run(FIRST, migration(3, 'third', 'select 1;'))
  const late = [FIRST, SECOND, migration(3, 'third', 'select 1;')]
  await expect(run(...late)).rejects.toThrow(/0002_second.*next free number/)
})

test('files: their order is by number; equal numbers and other names are refused', () => {
  const folder = mkdtempSync(join(tmpdir(), 'weir-migrations-'))
  const write = (name: string) => writeFileSync(join(folder, name), 'select 1;')
  write('0002_b.sql')
  write('0001_a.sql')
  expect(readMigrations(folder).map((m) => m.name)).toEqual(['0001_a', '0002_b'])
  write('0002_c.sql')
  expect(() => readMigrations(folder)).toThrow('two migrations have number 2: 0002_b and 0002_c')
  rmSync(join(folder, '0002_c.sql'))
  writeFileSync(join(folder, '0004_d.sql'), '-- Drops what nobody uses.\n-- oldest build: 0002\nselect 1;')
  expect(readMigrations(folder).map((m) => m.oldestBuild)).toEqual([undefined, undefined, 2])
  writeFileSync(join(folder, '0004_d.sql'), '-- oldest build: 0005\nselect 1;')
  expect(() => readMigrations(folder)).toThrow(/0004_d.sql: "-- oldest build: 0005" must name/)
  rmSync(join(folder, '0004_d.sql'))
  write('3_c.sql')
  expect(() => readMigrations(folder)).toThrow("a migration's name is like")
  rmSync(folder, { recursive: true })
})
