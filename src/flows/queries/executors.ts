import type { Sql } from '../../db/sql.ts'

/** The advisory-lock class of leases: 'wfl2' in ASCII. Processes of an older weir have one of their own. */
export const LEASE_CLASS = 0x77666c32

type Query = Pick<Sql, 'query'>

export type ExecutorEntry = {
  executorId: string
  serves: 'any' | 'own'
  build?: string | null
  place: string
  pid: number
}

/** Enters the process, or finds its entry again; `fresh` when it was not there. */
export async function enterExecutor(sql: Query, entry: ExecutorEntry): Promise<{ lease: number; fresh: boolean }> {
  const rows = await sql.query<{ lease: number; fresh: boolean }>(
    `insert into flows.executor (id, serves, build, place, pid) values ($1, $2, $3, $4, $5)
     on conflict (id) do update set silent_since = null
     returning lease, xmax = 0 as fresh`,
    [entry.executorId, entry.serves, entry.build ?? null, entry.place, entry.pid],
  )
  return rows[0]!
}

/** Takes the lease for as long as this session lives, and tells whether the process's entry still stands. */
export async function holdLease(sql: Query, executorId: string, lease: number): Promise<boolean> {
  await sql.query('select pg_advisory_lock($1, $2)', [LEASE_CLASS, lease])
  const rows = await sql.query('select 1 from flows.executor where id = $1 and lease = $2', [executorId, lease])
  return rows.length === 1
}

/** Ends the session that holds this process's lease from before its connection was lost. */
export async function endOwnLease(sql: Query, lease: number): Promise<void> {
  await sql.query(
    `select pg_terminate_backend(l.pid)
     from pg_locks l join pg_stat_activity a on a.pid = l.pid
     where l.locktype = 'advisory' and l.granted and l.objsubid = 2 and l.classid = ${LEASE_CLASS}
       and l.objid = $1::integer::oid and l.database = (select oid from pg_database where datname = current_database())
       and a.application_name = 'weir lease' and l.pid <> pg_backend_pid()`,
    [lease],
  )
}

/** Takes a lease for this transaction when nobody holds it: its process is dead or cut off, and stays so until commit. */
export async function tryLease(sql: Query, lease: number): Promise<boolean> {
  const rows = await sql.query<{ free: boolean }>('select pg_try_advisory_xact_lock($1, $2) as free', [
    LEASE_CLASS,
    lease,
  ])
  return rows[0]!.free
}

export async function markSilent(sql: Query, executorId: string): Promise<void> {
  await sql.query('update flows.executor set silent_since = coalesce(silent_since, now()) where id = $1', [executorId])
}

/** The processes whose lease somebody holds. */
export const LIVE = `(
  select e.id, e.serves, e.build
  from flows.executor e
  join pg_locks l on l.locktype = 'advisory' and l.granted and l.objsubid = 2
    and l.classid = ${LEASE_CLASS} and l.objid = e.lease::oid
    and l.database = (select oid from pg_database where datname = current_database())
)`

/** Whether a process of this build that takes whatever is submitted is alive. */
export async function anyWorkerLives(sql: Query, build: string | null): Promise<boolean> {
  const rows = await sql.query(
    `select 1 from ${LIVE} live where serves = 'any' and build is not distinct from $1 limit 1`,
    [build],
  )
  return rows.length > 0
}

export type Absent = { executorId: string; lease: number; place: string; pid: number; silentMs: number | null }

/** The processes with an entry whose lease nobody holds. */
export async function absentExecutors(sql: Query): Promise<Absent[]> {
  return sql.query<Absent>(
    `select id::text as "executorId", lease, place, pid,
       (extract(epoch from now() - silent_since) * 1000)::float8 as "silentMs"
     from flows.executor
     where not exists (select from ${LIVE} live where live.id = executor.id)`,
  )
}

/**
 * The table `me`: the process that the parameter names, kept from being taken out until the end of the statement's
 * transaction; no row when it was taken out. One that is taken out at this moment is waited for.
 */
export function standing(parameter: number): string {
  return `me as (select id from flows.executor where id = $${parameter} for key share)`
}

/** What becomes of a run that its process has left: it waits for another, or is over where somebody wants it cancelled. */
export const LEFT = `holder = null, waiting_since = now(),
  state = case when cancel_asked_at is null then 'waiting' else 'cancelled' end,
  finished_at = case when cancel_asked_at is null then null else now() end`

/**
 * Takes a process out, and puts what it had not finished back for all; gives the number of these runs. In one
 * transaction, with the lease or on the process's own connection. The process may still live: what it takes meanwhile
 * (`standing`) is put back too, or not taken.
 */
export async function removeExecutor(sql: Query, executorId: string, options: { died: boolean }): Promise<number> {
  await sql.query('select from flows.executor where id = $1 for update', [executorId])
  const rows = await sql.query<{ state: string }>(
    `update flows.run set ${LEFT}, reserved_for = null,
       deaths = deaths + case when $2 and holder is not null then 1 else 0 end
     where holder = $1 or reserved_for = $1 returning state`,
    [executorId, options.died],
  )
  await sql.query('delete from flows.executor where id = $1', [executorId])
  return rows.filter(({ state }) => state === 'waiting').length
}
