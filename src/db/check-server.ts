import type pg from 'pg'
import { PlatformError } from '../base/errors.ts'

/** The oldest that the migrations and the flow engine run on. */
const VERSION_MIN = 14

type Found = {
  version: number
  encoding: string
  readOnly: boolean
  standby: boolean
  pid: number
  role: string
  mayCreate: boolean
}

/** What is asked of a server before anything is done with it; gives what else is known of it. */
export async function checkServer(client: pg.ClientBase, place: string): Promise<Found> {
  const { rows } = await client.query<Found>(
    `select current_setting('server_version_num')::int as version, pg_encoding_to_char(encoding) as encoding,
       current_setting('transaction_read_only') = 'on' as "readOnly", pg_is_in_recovery() as standby,
       pg_backend_pid() as pid, current_user as role,
       has_database_privilege(current_database(), 'create') as "mayCreate"
     from pg_database where datname = current_database()`,
  )
  const found = rows[0] as Found
  const major = Math.floor(found.version / 10_000)
  if (major < VERSION_MIN) {
    throw refused(`the database at ${place} is PostgreSQL ${major}; Weir needs ${VERSION_MIN} or newer`)
  }
  if (found.encoding !== 'UTF8') {
    throw refused(
      `the database at ${place} has the encoding ${found.encoding}, which cannot hold every text; create one with: create database NAME encoding 'UTF8' template template0`,
    )
  }
  if (found.standby) {
    throw refused(`the database at ${place} is a standby, which is read-only; point DATABASE_URL at the primary server`)
  }
  if (found.readOnly) {
    throw refused(
      `the database at ${place} is read-only (default_transaction_read_only is on for the server, the database or the user ${found.role}); turn that off, or use another user`,
    )
  }
  return found
}

/** Told when migrations are to be made, not before: afterwards less rights do. */
export function checkMayCreate({ role, mayCreate }: Found, place: string): void {
  if (mayCreate) return
  throw refused(
    `the user ${role} may not create schemas in the database at ${place}; grant it: grant create on database NAME to ${role}; or run one command as the owner`,
  )
}

/**
 * Sessions are needed: leases are advisory locks, hot statements are prepared, notifications are heard. A pooler that
 * gives a connection's server away after each transaction has none of this. It is told by its doings, whatever its
 * name: the backend that has just served one connection serves another one, while the first is still open.
 */
export async function checkSessions(
  first: pg.Client,
  place: string,
  openSecond: () => Promise<{ client: pg.ClientBase; end(): Promise<void> }>,
): Promise<void> {
  const pidOf = async (client: pg.ClientBase) =>
    (await client.query<{ pid: number }>('select pg_backend_pid() as pid')).rows[0]?.pid
  const said = (first as unknown as { processID?: number }).processID
  const pid = await pidOf(first)
  // Without a pooler the server itself tells a client the number of its backend.
  if (said === pid) return
  const second = await openSecond()
  try {
    await second.client.query('begin')
    const shared = (await pidOf(second.client)) === pid || (await pidOf(first)) !== pid
    await second.client.query('rollback')
    if (!shared) return
  } finally {
    await second.end()
  }
  throw refused(
    `between Weir and the database at ${place} is a pooler in transaction mode (pgbouncer or its kin), which has no sessions: locks and prepared statements would be lost; use its session mode, or the address of PostgreSQL itself`,
  )
}

function refused(message: string): PlatformError {
  return new PlatformError('config_invalid', message)
}
