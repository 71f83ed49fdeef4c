import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { silentLog } from '../../src/base/log.ts'
import { connectDatabase } from '../../src/db/db.ts'
import { type Embedded, openEmbedded } from '../../src/db/embedded/embedded.ts'
import { GRANTS } from '../../src/db/embedded/roles.ts'
import { migrate, migrationsDigest } from '../../src/db/migrate.ts'
import { openClient } from '../../src/db/session.ts'
import type { Database } from '../../src/db/sql.ts'

/**
 * Real PostgreSQL for tests: one embedded server, shared by everything that runs from this tree at the same time, and
 * a template database with all migrations, of which each call makes a clone. The template's name holds a digest of
 * the migrations, so an edit makes a new one. When the last test process ends, in whatever way, so does the server.
 */
export type TestDatabase = { db: Database; url: string; drop(): Promise<void> }

/** Beside the installed packages: the data may be deleted at any time. No fsync: nobody keeps anything here. */
const HOME = fileURLToPath(new URL('../../node_modules/.cache/weir-test', import.meta.url))
const SETTINGS = { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off', max_connections: 300 }
const TEMPLATE_LOCK = 7_311_094

/** Starts or joins the test server. Held once for the whole run by global-setup.ts, and once by each test process. */
export function testServer(): Promise<Embedded> {
  server ??= openEmbedded({ home: HOME, log: silentLog, settings: SETTINGS })
  return server
}
let server: Promise<Embedded> | undefined

/** A fresh database with all migrations. `drop` closes it; what is not dropped goes with the next run. */
export async function testDatabase(): Promise<TestDatabase> {
  const { url, drop } = await createDatabase(ensureTemplate)
  const db = await connectDatabase({ url, log: silentLog, poolSize: 5 })
  return {
    db,
    url,
    async drop() {
      await db.close()
      await drop()
    },
  }
}

export type EmptyDatabase = { url: string; drop(): Promise<void> }

/** A fresh database with nothing in it, for tests of the migrations. */
export function emptyDatabase(): Promise<EmptyDatabase> {
  return createDatabase(async () => 'template0')
}

/** An empty one of that name, to be kept under another when it is ready. */
export async function namedDatabase(name: string): Promise<{ url: string; rename(to: string): Promise<void> }> {
  await withAdmin(async (admin) => {
    await admin.query(`drop database if exists ${name} with (force)`)
    await admin.query(`create database ${name} owner weir`)
  })
  return {
    url: (await testServer()).url(name),
    rename: (to) => withAdmin(async (admin) => void (await admin.query(`alter database ${name} rename to ${to}`))),
  }
}

/** A copy of another one, to which nobody is connected, as it would be restored. */
export function copyDatabase(url: string): Promise<EmptyDatabase> {
  return createDatabase(async () => new URL(url).pathname.slice(1))
}

async function createDatabase(template: (admin: pg.Client) => Promise<string>): Promise<EmptyDatabase> {
  const name = `t_${process.pid}_${randomBytes(4).toString('hex')}`
  await withAdmin(async (admin) => {
    await admin.query(`create database ${name} template ${await template(admin)} owner weir`)
  })
  const drop = () =>
    withAdmin(async (admin) => void (await admin.query(`drop database if exists ${name} with (force)`)))
  return { url: (await testServer()).url(name), drop }
}

/** Drops the clones of test processes that are gone. */
export async function sweepTestDatabases(): Promise<void> {
  await withAdmin(async (admin) => {
    const found = await admin.query<{ datname: string }>("select datname from pg_database where datname ~ '^t_[0-9]+_'")
    for (const { datname } of found.rows) {
      if (!isRunning(Number(datname.split('_')[1])))
        await admin.query(`drop database if exists ${datname} with (force)`)
    }
  })
}

async function ensureTemplate(admin: pg.Client): Promise<string> {
  const name = `template_${migrationsDigest().slice(0, 16)}`
  await admin.query('select pg_advisory_lock($1)', [TEMPLATE_LOCK])
  const known = await admin.query<{ datname: string; owner: string }>(
    "select datname, pg_get_userbyid(datdba) as owner from pg_database where datname ~ '^template_[0-9a-f]'",
  )
  // One of a server from before `weir` was a role of its own belongs to the other role.
  if (known.rows.some((row) => row.datname === name && row.owner === 'weir')) return name
  for (const { datname } of known.rows) await admin.query(`drop database ${datname} with (force)`)
  await admin.query('drop database if exists template_new with (force)')
  await admin.query('create database template_new owner weir')
  const client = await openClient({ url: (await testServer()).url('template_new'), name: 'test', ms: 60_000 })
  try {
    await migrate(client, silentLog)
  } finally {
    await client.end()
  }
  // A function's rights are those of one database, and go with its clones.
  await withAdmin(async (there) => {
    for (const grant of GRANTS) await there.query(grant)
  }, 'template_new')
  await admin.query(`alter database template_new rename to ${name}`)
  return name
}

/** Locks that `body` takes end with its connection. */
async function withAdmin<T>(body: (admin: pg.Client) => Promise<T>, database = 'postgres'): Promise<T> {
  const admin = new pg.Client({ connectionString: (await testServer()).adminUrl(database) })
  admin.on('error', () => {})
  await admin.connect()
  try {
    return await body(admin)
  } finally {
    await admin.end()
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
