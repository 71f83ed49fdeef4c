import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type pg from 'pg'
import { PlatformError } from '../base/errors.ts'
import { sha256Hex } from '../base/hash.ts'
import type { Log } from '../base/log.ts'
import { weirVersion } from '../base/version.ts'
import { type Applied, OLDEST_SCHEMA, oldestBuildOf, requireInRange } from './schema-range.ts'

export type Migration = {
  number: number
  name: string
  text: string
  digest: string
  /** The oldest build, by its newest migration, that may use the database from then on; see schema-range.ts. */
  oldestBuild?: number
}

/** Lies beside this file, in src/ and in dist/ (the build copies the folder). */
export const MIGRATIONS = fileURLToPath(new URL('./migrations', import.meta.url))

/** One lock for all of a database: two commands that start at once migrate one after the other. */
const LOCK = 7_311_093
const FILE = /^(\d{4})_([a-z0-9_]+)\.sql$/

/** The migrations of a folder in their order; refuses files whose names are no migration, and equal numbers. */
export function readMigrations(folder: string = MIGRATIONS): Migration[] {
  const files = readdirSync(folder).filter((file) => !file.startsWith('.'))
  const migrations = files.map((file) => readMigration(folder, file)).sort((a, b) => a.number - b.number)
  migrations.forEach((migration, i) => {
    const before = migrations[i - 1]
    if (before?.number !== migration.number) return
    throw new PlatformError(
      'config_invalid',
      `two migrations have number ${migration.number}: ${before.name} and ${migration.name}`,
    )
  })
  return migrations
}

/** One digest of all migrations: equal schemas have equal ones. */
export function migrationsDigest(migrations: readonly Migration[] = readMigrations()): string {
  return sha256Hex(migrations.map((m) => `${m.name} ${m.digest}\n`).join(''))
}

/**
 * Brings the database forward to `migrations`: each in a transaction of its own, recorded with the digest of its file.
 * There is no way back. A database that is newer is used as it is, as long as it says that this build may; one that is too
 * new or too old for this code is refused, and so is a migration that was edited after it ran.
 */
export async function migrate(
  client: pg.ClientBase,
  log: Log,
  migrations: readonly Migration[] = readMigrations(),
  /** Called before the first of those that are to be made. */
  before: () => void = () => {},
  oldest = OLDEST_SCHEMA,
): Promise<number> {
  const done = await findApplied(client)
  if (done && pendingOf(migrations, done, oldest).length === 0) return 0
  before()
  await client.query('select pg_advisory_lock($1)', [LOCK])
  try {
    return await migrateLocked(client, log, migrations, oldest)
  } finally {
    // Over a connection that is lost this fails, and the lock went with it.
    await client.query('select pg_advisory_unlock($1)', [LOCK]).catch(() => {})
  }
}

async function migrateLocked(
  client: pg.ClientBase,
  log: Log,
  migrations: readonly Migration[],
  oldest: typeof OLDEST_SCHEMA,
): Promise<number> {
  await client.query('create schema if not exists db')
  await client.query(`create table if not exists db.migration (
    number integer primary key, name text not null unique, digest text not null,
    applied_at timestamptz not null default now())`)
  // Since when a database says who may use it: a table of before has no such columns.
  await client.query('alter table db.migration add column if not exists oldest_build integer')
  await client.query('alter table db.migration add column if not exists weir text')
  const pending = pendingOf(migrations, (await findApplied(client)) ?? [], oldest)
  for (const migration of pending) {
    await apply(client, migration)
    log.debug({ migration: migration.name }, 'migrated')
  }
  return pending.length
}

async function apply(client: pg.ClientBase, migration: Migration): Promise<void> {
  await client.query('begin')
  try {
    await client.query(migration.text)
    await client.query(
      'insert into db.migration (number, name, digest, oldest_build, weir) values ($1, $2, $3, $4, $5)',
      [migration.number, migration.name, migration.digest, migration.oldestBuild ?? null, await weirVersion()],
    )
    await client.query('commit')
  } catch (error) {
    await client.query('rollback').catch(() => {})
    const where = lineOf(migration.text, (error as { position?: string }).position)
    const said = (error as Error).message
    throw new PlatformError(
      'unavailable',
      `migration ${migration.name}${where} failed, nothing of it was kept: ${said}`,
      {
        cause: error,
      },
    )
  }
}

async function findApplied(client: pg.ClientBase): Promise<Applied[] | undefined> {
  const table = await client.query("select to_regclass('db.migration') is not null as found")
  if (!table.rows[0].found) return undefined
  // A table of before has no columns for the range: `to_jsonb` gives what is there.
  const { rows } = await client.query(
    `select number, name, digest, (to_jsonb(m) ->> 'oldest_build')::int as "oldestBuild", to_jsonb(m) ->> 'weir' as weir
     from db.migration m order by number`,
  )
  return rows
}

function pendingOf(
  migrations: readonly Migration[],
  applied: readonly Applied[],
  oldest: typeof OLDEST_SCHEMA,
): Migration[] {
  requireInRange(migrations, applied, oldest)
  const known = new Map(migrations.map((m) => [m.number, m]))
  for (const row of applied) {
    const ours = known.get(row.number)
    if (ours && ours.digest !== row.digest) throw edited(row, ours)
  }
  const done = new Set(applied.map((row) => row.number))
  const last = Math.max(0, ...done)
  const pending = migrations.filter((m) => !done.has(m.number))
  const late = pending.find((m) => m.number < last)
  if (late) throw outOfOrder(late, last)
  return pending
}

function readMigration(folder: string, file: string): Migration {
  const m = FILE.exec(file)
  if (!m) throw new PlatformError('config_invalid', `${join(folder, file)}: a migration's name is like 0001_room.sql`)
  const text = readFileSync(join(folder, file), 'utf8')
  const number = Number(m[1])
  return { number, name: file.slice(0, -4), text, digest: sha256Hex(text), oldestBuild: oldestBuildOf(file, text) }
}

function lineOf(text: string, position: string | undefined): string {
  return position ? ` line ${text.slice(0, Number(position) - 1).split('\n').length}` : ''
}

function edited(row: Applied, ours: Migration): PlatformError {
  return new PlatformError(
    'conflict',
    `migration ${ours.name} was edited after it ran in this database (as ${row.name}); put the file back and write a new migration with the next number`,
  )
}

function outOfOrder(late: Migration, last: number): PlatformError {
  return new PlatformError(
    'conflict',
    `migration ${late.name} is new but its number is below ${last}, which already ran in this database; give it the next free number`,
  )
}
