import type { Sql } from '../db/sql.ts'

/** The advisory-lock class of leases: 'wflw' in ASCII. */
const LEASE_CLASS = 0x77666c77

/** The queue that every worker listens to. */
export const SHARED_QUEUE = 'weir'

/** The queue of one process, which no other listens to. */
export const ownQueueOf = (executorId: string): string => `${OWN_QUEUE_PREFIX}${executorId}`
const OWN_QUEUE_PREFIX = 'own:'

type Query = Pick<Sql, 'query'>

export type WorkerEntry = { executorId: string; serves: 'any' | 'own'; place: string; pid: number }

/** Enters the worker, or finds its entry again; `fresh` when it was not there. */
export async function enterWorker(sql: Query, worker: WorkerEntry): Promise<{ lease: number; fresh: boolean }> {
  const rows = await sql.query<{ lease: number; fresh: boolean }>(
    `insert into flows.worker (executor_id, serves, place, pid) values ($1, $2, $3, $4)
     on conflict (executor_id) do update set silent_since = null
     returning lease, xmax = 0 as fresh`,
    [worker.executorId, worker.serves, worker.place, worker.pid],
  )
  return rows[0]!
}

/** Takes the lease for as long as this session lives, and tells whether the worker's entry still stands. */
export async function holdLease(sql: Query, executorId: string, lease: number): Promise<boolean> {
  await sql.query('select pg_advisory_lock($1, $2)', [LEASE_CLASS, lease])
  const rows = await sql.query('select 1 from flows.worker where executor_id = $1 and lease = $2', [executorId, lease])
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

/** Takes a lease for this transaction when nobody holds it: its worker is dead or cut off, and stays so until commit. */
export async function tryLease(sql: Query, lease: number): Promise<boolean> {
  const rows = await sql.query<{ free: boolean }>('select pg_try_advisory_xact_lock($1, $2) as free', [
    LEASE_CLASS,
    lease,
  ])
  return rows[0]!.free
}

export async function removeWorker(sql: Query, executorId: string): Promise<void> {
  await sql.query('delete from flows.worker where executor_id = $1', [executorId])
}

export async function markSilent(sql: Query, executorId: string): Promise<void> {
  await sql.query('update flows.worker set silent_since = coalesce(silent_since, now()) where executor_id = $1', [
    executorId,
  ])
}

const LIVE = `live as (
  select w.executor_id, w.serves
  from flows.worker w
  join pg_locks l on l.locktype = 'advisory' and l.granted and l.objsubid = 2
    and l.classid = ${LEASE_CLASS} and l.objid = w.lease::oid
    and l.database = (select oid from pg_database where datname = current_database())
)`

/** Whether a process that takes whatever is submitted is alive. */
export async function anyWorkerLives(sql: Query): Promise<boolean> {
  const rows = await sql.query(`with ${LIVE} select 1 from live where serves = 'any' limit 1`)
  return rows.length > 0
}

export type Absent = {
  executorId: string
  /** Null when the worker has no entry any more: it left, or was adopted from. */
  lease: number | null
  place: string | null
  pid: number | null
  silentMs: number | null
}

/** The workers whose lease nobody holds, with an entry or with runs that are still theirs. */
export async function absentWorkers(sql: Query): Promise<Absent[]> {
  return sql.query<Absent>(
    `with ${LIVE}, owners as (
       select executor_id::text as id from flows.worker
       union
       select executor_id from dbos.workflow_status where status = 'PENDING'
       union
       select substr(queue_name, ${OWN_QUEUE_PREFIX.length + 1}) from dbos.workflow_status
       where status = 'ENQUEUED' and starts_with(queue_name, '${OWN_QUEUE_PREFIX}')
     )
     select o.id as "executorId", w.lease, w.place, w.pid,
       (extract(epoch from now() - w.silent_since) * 1000)::float8 as "silentMs"
     from owners o
     left join flows.worker w on w.executor_id::text = o.id
     where not exists (select from live where live.executor_id::text = o.id)`,
  )
}

/**
 * Puts the unfinished runs of an absent worker (or one of them) back into a queue and gives their number. The caller
 * holds the worker's lease, or the worker has no entry; an entry made meanwhile stops it.
 */
export async function requeueRuns(
  sql: Query,
  from: { executorId: string; lease: number | null },
  to: { queue: string; runId?: string },
): Promise<number> {
  const rows = await sql.query(
    `update dbos.workflow_status
     set status = 'ENQUEUED', queue_name = $2, owner_xid = null, started_at_epoch_ms = null,
       updated_at = (extract(epoch from now()) * 1000)::bigint
     where ((status = 'PENDING' and executor_id = $1) or (status = 'ENQUEUED' and queue_name = $3))
       and ($4::text is null or workflow_uuid = $4)
       and ($5::boolean or not exists (select from flows.worker where executor_id::text = $1))
     returning workflow_uuid`,
    [from.executorId, to.queue, ownQueueOf(from.executorId), to.runId ?? null, from.lease !== null],
  )
  return rows.length
}

/** Moves a submitted run that nobody has taken yet from the shared queue to one process's own. */
export async function claimSubmitted(sql: Query, runId: string, queue: string): Promise<boolean> {
  const rows = await sql.query(
    `update dbos.workflow_status set queue_name = $2
     where workflow_uuid = $1 and status = 'ENQUEUED' and queue_name = $3
     returning workflow_uuid`,
    [runId, queue, SHARED_QUEUE],
  )
  return rows.length === 1
}

/** The unfinished run that was submitted under this key. */
export async function findUnfinished(sql: Query, key: string): Promise<string | undefined> {
  const rows = await sql.query<{ id: string }>(
    `select workflow_uuid as id from dbos.workflow_status
     where status in ('ENQUEUED', 'PENDING') and attributes @> jsonb_build_object('key', $1::text)
     order by created_at limit 1`,
    [key],
  )
  return rows[0]?.id
}

/** How long an answer that nobody was told is kept for whoever submits the same again. */
const UNHEARD_KEPT = `interval '1 hour'`

/** The run that was submitted under this key, came to its end, and whose submitter was never told. */
export async function findUnheard(sql: Query, key: string): Promise<string | undefined> {
  const rows = await sql.query<{ id: string }>(
    `select s.run_id as id from flows.submission s
     join dbos.workflow_status w on w.workflow_uuid = s.run_id
     where s.key = $1 and w.status = 'SUCCESS'
       and to_timestamp(w.updated_at / 1000.0) > now() - ${UNHEARD_KEPT}
     order by s.submitted_at desc limit 1`,
    [key],
  )
  return rows[0]?.id
}

export async function insertSubmission(sql: Query, runId: string, key: string): Promise<void> {
  await sql.query('insert into flows.submission (run_id, key) values ($1, $2) on conflict (run_id) do nothing', [
    runId,
    key,
  ])
  await sql.query(`delete from flows.submission where submitted_at < now() - interval '30 days'`)
}

/** The submitter was told how the run ended. */
export async function removeSubmission(sql: Query, runId: string): Promise<void> {
  await sql.query('delete from flows.submission where run_id = $1', [runId])
}

export type RunState = { status: string; steps: number; holder: string | null }

/** How far a run is. The holder is the process that works on it, or that took it into its own queue. */
export async function findRunState(sql: Query, runId: string): Promise<RunState | undefined> {
  const rows = await sql.query<RunState>(
    `select s.status, (select count(*) from dbos.operation_outputs o where o.workflow_uuid = s.workflow_uuid)::int as steps,
       case when s.status = 'PENDING' then s.executor_id
            when starts_with(s.queue_name, '${OWN_QUEUE_PREFIX}') then substr(s.queue_name, ${OWN_QUEUE_PREFIX.length + 1})
       end as holder
     from dbos.workflow_status s where s.workflow_uuid = $1`,
    [runId],
  )
  return rows[0]
}
