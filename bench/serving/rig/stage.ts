/**
 * What the rows work on: the reference project with its forest, and boosting of 300 trees with 31 leaves beside it, both in
 * Production and materialized (the real months where they are); the database's address and keys to ask for.
 */
import { execFileSync, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { silentLog } from '../../../src/base/log.ts'
import { openDatabase } from '../../../src/db/db.ts'
import type { Database } from '../../../src/db/sql.ts'
import { realMonths } from '../../../test/helpers/real-data.ts'
import { type Started, startWeir, stop, WEIR } from '../../processes.ts'

const PROJECT = fileURLToPath(new URL('./project', import.meta.url))
const PEER = fileURLToPath(new URL('./peer-server.ts', import.meta.url))

export const FOREST = 'streamflow_churn'
export const BOOSTED = 'boosted_churn'
const KEYS = 2_000

export type Stage = {
  home: string
  db: Database
  /** Online table of the view with the most features. */
  table: string
  keys: readonly string[]
  /** `weir serve`, or another command, with more arguments; ends with the stage. */
  weir(more?: readonly string[], command?: 'serve' | 'up'): Promise<Started>
  /** Fastify as it comes: `echo` answers the body, `select` the row that one prepared select by key finds. */
  peer(name: 'echo' | 'select'): Promise<Started>
  /** Ends a process of the stage before its end. */
  stop(started: Started): Promise<void>
  close(): Promise<void>
}

export async function openStage(): Promise<Stage> {
  const home = await mkdtemp(join(tmpdir(), 'weir-bench-serving-'))
  const weir = (...args: string[]) =>
    execFileSync(process.execPath, [WEIR, ...args, '--json', '--project', PROJECT, '--home', home], {
      stdio: ['ignore', 'pipe', 'inherit'],
      encoding: 'utf8',
    })
  const months = realMonths()
  weir('demo', '--no-serve', ...(months ? ['--data', months] : []))
  const db = await openDatabase({ home, log: silentLog })
  const [moment] = await db.query<{ as_of: string }>('select min(valid_at)::date::text as as_of from lake.snapshot')
  weir('train', BOOSTED, '--as-of', moment!.as_of)
  weir('promote', BOOSTED, '1', '--stage', 'Production')
  const { table, keys } = await onlineKeys(db, KEYS)
  const started = new Set<Started>()
  const kept = (one: Started) => {
    started.add(one)
    return one
  }
  return {
    home,
    db,
    table,
    keys,
    weir: async (more, command) => kept(await startWeir(home, more, command, PROJECT)),
    async peer(name) {
      const env = { ...process.env, DATABASE_URL: db.url, TABLE: table }
      const child = fork(PEER, [name], { env, execArgv: ['--import', 'tsx'] })
      const [url] = (await once(child, 'message')) as [string]
      return kept({ url, child })
    },
    async stop(one) {
      started.delete(one)
      await stop(one.child)
    },
    async close() {
      for (const { child } of started) await stop(child)
      await db.close()
      // The embedded server may still be ending.
      await rm(home, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
    },
  }
}

/** The table of the view with the most features, and keys to ask for, in no order. */
export async function onlineKeys(db: Database, count = 500): Promise<{ table: string; keys: string[] }> {
  const [row] = await db.query<{ table_name: string }>(
    "select table_name from features.online_table where view = 'subs_profile_fv'",
  )
  const table = `online."${row?.table_name}"`
  const found = await db.query<{ user_id: string }>(`select user_id from ${table} order by md5(user_id) limit ${count}`)
  return { table, keys: found.map((r) => r.user_id) }
}

/** The bodies of single predictions. */
export function bodiesOf(keys: readonly string[]): string[] {
  return keys.map((key) => JSON.stringify({ user_id: key }))
}
