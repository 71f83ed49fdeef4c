import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { messageOf } from '../base/errors.ts'
import { endClient, openClient } from './session.ts'

/** A table that was written anew, so that no deleted row is left in its pages or indexes. */
export type Rewritten = { table: string; ms: number; fault: string | null }

/** Where PostgreSQL keeps the most frequent values of each column, which may be the only ones of somebody. */
const SAMPLES = 'pg_catalog.pg_statistic'

/** Readers behind us wait no longer than this for a lock that we do not get. */
const LOCK_WAIT = '500ms'
const TRIES_MAX = 60
const PAUSE_MS = 250

/**
 * Writes tables anew (VACUUM FULL). A plain VACUUM only lets the room of deleted rows be used again: their bytes stay in the
 * page. The samples of their values that PostgreSQL plans by are taken anew. While one is written nobody reads it: 0.9 s
 * for 100,000 rows of an online table, measured on two cores with a load of 20. One that stays locked by others is given up
 * after a while and says so in `fault`.
 */
export async function rewriteTables(url: string, tables: readonly string[]): Promise<Rewritten[]> {
  return withSession(url, async (client) => {
    await takeTurn(client)
    await client.query(`set lock_timeout = '${LOCK_WAIT}'; set statement_timeout = 0`)
    const done: Rewritten[] = []
    for (const table of [...tables, SAMPLES]) {
      const { rows } = await client.query('select to_regclass($1)::oid as oid', [table])
      if (rows[0].oid === null) continue
      const startedMs = performance.now()
      // Before each: the samples of one table are replaced while the next is still to come.
      const waiting = await waitForOlder(client)
      const fault = (await rewrite(client, table)) ?? waiting
      done.push({ table, ms: Math.round(performance.now() - startedMs), fault })
    }
    return done
  })
}

/** One after the other, where several ask at once. Asked again and again: a statement that waits holds deleted rows itself. */
async function takeTurn(client: pg.Client): Promise<void> {
  for (;;) {
    const { rows } = await client.query(`select pg_try_advisory_lock(hashtextextended('db pages', 0)) as ours`)
    if (rows[0].ours) return
    await sleep(PAUSE_MS)
  }
}

const OLDER_MS_MAX = 60_000

/**
 * A deleted row stays as long as somebody may still see it: waits until every transaction of this database that began before
 * now has ended, and says so when one does not. Those that write count in every database of the server, because our own
 * view of the rows is no younger than they are.
 */
async function waitForOlder(client: pg.Client): Promise<string | null> {
  const { rows } = await client.query('select pg_current_xact_id()::xid::text as mark')
  const until = performance.now() + OLDER_MS_MAX
  for (;;) {
    const older = await client.query(
      `select pid from pg_stat_activity where pid <> pg_backend_pid()
       and (age(backend_xid) >= age($1::xid) or (datname = current_database() and age(backend_xmin) >= age($1::xid)))`,
      [rows[0].mark],
    )
    if (older.rows.length === 0) return null
    if (performance.now() > until) return `the transaction of process ${older.rows[0].pid} may still see deleted rows`
    await sleep(PAUSE_MS)
  }
}

async function rewrite(client: pg.Client, table: string): Promise<string | null> {
  for (let attempt = 1; ; attempt++) {
    try {
      const told: string[] = []
      const hear = ({ message }: { message?: string }) => void told.push(message ?? '')
      client.on('notice', hear)
      await forgetSamplesOfEmpty(client, table)
      // Who may not is warned, and nothing is done.
      await client.query(`vacuum (full, analyze) ${table}`).finally(() => client.off('notice', hear))
      return told.find((message) => message.includes('skipping')) ?? null
    } catch (error) {
      const busy = ['55P03', '40P01'].includes((error as { code?: string }).code ?? '')
      if (!busy || attempt === TRIES_MAX) return messageOf(error)
      await sleep(PAUSE_MS)
    }
  }
}

/** ANALYZE keeps the samples of a table that has become empty. To set a column's type drops them, also to the one it has. One that a trigger looks at cannot be set: those of ours look at moments and numbers. */
async function forgetSamplesOfEmpty(client: pg.Client, table: string): Promise<void> {
  if (table === SAMPLES) return
  const { rows: held } = await client.query(`select 1 from ${table} limit 1`)
  if (held.length > 0) return
  const { rows } = await client.query(
    `select format('alter column %I type %s', attname, format_type(atttypid, atttypmod)) as change
     from pg_attribute a where attrelid = to_regclass($1) and attnum > 0 and not attisdropped
       and not exists (select 1 from pg_depend d where d.classid = 'pg_trigger'::regclass
         and d.refclassid = 'pg_class'::regclass and d.refobjid = a.attrelid and d.refobjsubid = a.attnum)`,
    [table],
  )
  await client.query(`alter table ${table} ${rows.map((row) => row.change as string).join(', ')}`)
}

/** What PostgreSQL's own log of writes still holds. */
export type WalLeft = {
  /** Files whose writes are from before this call, and how many bytes they are. */
  files: number
  bytes: number
  /** In words, and until when. */
  says: string
}

/**
 * Has PostgreSQL let go of its log of earlier writes. `ours`: the server is the one that Weir brings along, which keeps none
 * of it: after a checkpoint the older files are removed (`wal_recycle` is off). Of another server only what it says of
 * itself can be told.
 */
export async function letGoOfWal(url: string, ours: boolean): Promise<WalLeft> {
  return withSession(url, async (client) => {
    await client.query('set statement_timeout = 0')
    if (!ours) return { files: 0, bytes: 0, says: await othersWal(client) }
    const { rows: before } = await client.query('select pg_walfile_name(pg_current_wal_lsn()) as name')
    // Files that an earlier version of Weir made ready for use again hold old writes too: each is gone through to its end.
    const { rows: ahead } = await client.query('select count(*)::int as n from pg_ls_waldir() where name > $1', [
      before[0].name,
    ])
    for (let i = 0; i <= ahead[0].n; i++) {
      await client.query(`select pg_logical_emit_message(false, 'weir', 'erased')`)
      await client.query('select pg_switch_wal()')
    }
    await client.query('checkpoint')
    const { rows } = await client.query(
      'select count(*)::int as files, coalesce(sum(size), 0)::float8 as bytes from pg_ls_waldir() where name <= $1',
      [before[0].name],
    )
    const { files, bytes } = rows[0] as { files: number; bytes: number }
    const says =
      files === 0
        ? "nothing of it is left in PostgreSQL's write-ahead log; copies of the data folder that were made before hold it for as long as they are kept"
        : `${files} files of PostgreSQL's write-ahead log still hold it, until the checkpoint after the next`
    return { files, bytes, says }
  })
}

async function othersWal(client: pg.Client): Promise<string> {
  const names = ['checkpoint_timeout', 'wal_keep_size', 'archive_mode', 'max_wal_size']
  const { rows } = await client.query(
    'select name, setting, unit from pg_settings where name = any($1) order by name',
    [names],
  )
  const told = rows.map(({ name, setting, unit }) => `${name} ${setting}${unit ?? ''}`).join(', ')
  return `your PostgreSQL's write-ahead log holds it until its files are used again (${told}); its archive, standbys and backups for as long as you keep them`
}

async function withSession<T>(url: string, body: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = await openClient({ url, name: 'weir erasure' })
  try {
    return await body(client)
  } finally {
    await endClient(client)
  }
}
