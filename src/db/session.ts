import pg from 'pg'
import { withinMs } from '../base/within.ts'
import { typeParsers } from './types.ts'

/** The one way in which a connection of ours is made: its session, its time limits, its listener for errors. */

/**
 * What our statements mean must not depend on what a DBA has set for the server, the database or the user: how values
 * are written and read (float digits, dates, bytes, escapes, zones), which rows are seen, how transactions behave, and
 * which limits end them. Not set: what only the server may say (durability, memory, planning), and read_only, which is
 * respected (check-server.ts).
 */
const SESSION: Record<string, string> = {
  timezone: 'UTC',
  timezone_abbreviations: 'Default',
  datestyle: 'ISO, MDY',
  intervalstyle: 'postgres',
  extra_float_digits: '1',
  bytea_output: 'hex',
  standard_conforming_strings: 'on',
  backslash_quote: 'safe_encoding',
  array_nulls: 'on',
  transform_null_equals: 'off',
  quote_all_identifiers: 'off',
  gin_fuzzy_search_limit: '0',
  lc_numeric: 'C',
  lc_monetary: 'C',
  lc_time: 'C',
  search_path: 'public',
  row_security: 'off',
  default_transaction_isolation: 'read committed',
  default_transaction_deferrable: 'off',
  default_tablespace: '',
  temp_tablespaces: '',
  client_min_messages: 'warning',
  lock_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  idle_session_timeout: '0',
}

/** Those of them that say how values are written, for a database that is not ours: there the rest is its owner's. */
const OF_VALUES = [
  'timezone',
  'datestyle',
  'intervalstyle',
  'extra_float_digits',
  'bytea_output',
  'standard_conforming_strings',
  'lc_monetary',
]

export function valueSettings(): string {
  return OF_VALUES.map((name) => `set ${name} to ${quoted(name, SESSION[name] ?? '')}`).join('; ')
}

/** Settings that older servers do not know: only where they are. */
const LATER = ['transaction_timeout']

export type SessionLimits = {
  /** What one statement may take, by the server's clock; 0 for no limit. */
  statementMs: number
}

/** Connecting to a server that is there takes milliseconds, over TLS and the sea less than this. */
export const CONNECT_MS_MAX = 1_000

export function sessionText({ statementMs }: SessionLimits): string {
  const sets = Object.entries(SESSION).map(([name, value]) => `set ${name} to ${quoted(name, value)}`)
  const later = LATER.map(
    (name) => `select set_config(name, '0', false) from pg_settings where name = '${name}' and setting <> '0'`,
  )
  return [...sets, `set statement_timeout to ${statementMs}`, ...later, 'select pg_backend_pid() as pid'].join('; ')
}

function quoted(name: string, value: string): string {
  return name === 'datestyle' || name === 'search_path' ? value : `'${value}'`
}

const pids = new WeakMap<pg.ClientBase, number>()

/** The backend's own number; a pooler gives clients another one. */
export function backendPid(client: pg.ClientBase): number | undefined {
  return pids.get(client)
}

export async function beginSession(client: pg.ClientBase, limits: SessionLimits): Promise<void> {
  const results = (await client.query(sessionText(limits))) as unknown as pg.QueryResult<{ pid: number }>[]
  const pid = results.at(-1)?.rows[0]?.pid
  if (pid !== undefined) pids.set(client, pid)
}

/** A connection of its own, ready to use. Without a listener of errors one that breaks would end the process. */
export async function openClient(options: {
  url: string
  name: string
  limits?: SessionLimits
  /** What connecting and the session's settings may take together. */
  ms?: number
}): Promise<pg.Client> {
  const { url, name, limits = { statementMs: 0 }, ms = 2 * CONNECT_MS_MAX } = options
  const client = new pg.Client({
    connectionString: url,
    application_name: name,
    types: typeParsers,
    keepAlive: true,
    connectionTimeoutMillis: ms,
  })
  client.on('error', () => {})
  try {
    await withinMs('the database', ms, async () => {
      await client.connect()
      await beginSession(client, limits)
    })
    return client
  } catch (error) {
    destroy(client)
    throw error
  }
}

/** Cuts the connection: for one that does not answer, whose orderly end would wait for an answer too. */
export function destroy(client: pg.ClientBase): void {
  const { connection } = client as unknown as { connection?: { stream?: { destroy(): void } } }
  connection?.stream?.destroy()
}

/** An orderly end, or a cut. */
export async function endClient(client: pg.Client, ms = 500): Promise<void> {
  try {
    await withinMs('the database', ms, () => client.end())
  } catch {
    destroy(client)
  }
}
