import type { Sql } from '../../db/sql.ts'
import type { RunRow } from './history.ts'
import { notifyWaiting } from './runs.ts'

type Query = Pick<Sql, 'query'>

/** What a worker listens to: that somebody wants a run cancelled. */
export const CANCEL_CHANNEL = 'weir_flows_cancel'

export type Locked = {
  id: string
  flow: string
  state: RunRow['state']
  build: string | null
  askedBy: string | null
}

/** A run, kept as it is until the end of the transaction. */
export async function lockRun(sql: Query, runId: string): Promise<Locked | undefined> {
  const rows = await sql.query<Locked>(
    `select id, flow, state, build, cancel_by as "askedBy" from flows.run where id = $1 for update`,
    [runId],
  )
  return rows[0]
}

/** One that nobody works on is over at once; its worker hears it of one that is under way. */
export async function askCancel(sql: Query, runId: string, by: string, why: string | null): Promise<void> {
  await sql.query(
    `with asked as (
       update flows.run set cancel_asked_at = now(), cancel_by = $2, cancel_why = $3, reserved_for = null,
         state = case when state = 'waiting' then 'cancelled' else state end,
         finished_at = case when state = 'waiting' then now() end
       where id = $1 returning id
     ) select pg_notify('${CANCEL_CHANNEL}', id) from asked`,
    [runId, by, why],
  )
}

/** Those runs of a process of which somebody wants the end. */
export async function selectAsked(
  sql: Query,
  executorId: string,
): Promise<{ runId: string; by: string; why: string | null }[]> {
  return sql.query(
    `select id as "runId", cancel_by as by, cancel_why as why from flows.run
     where holder = $1 and cancel_asked_at is not null`,
    [executorId],
  )
}

/** A new run of the same wish that has the first `from` steps of `of`; false while one of the same key is unfinished. */
export async function insertRetry(
  sql: Query,
  { runId, of, from, by }: { runId: string; of: string; from: number; by: string },
): Promise<boolean> {
  const made = await sql.query(
    `insert into flows.run (id, flow, key, build, state, input, submitted_by, retry_of, retry_from, timeout_ms, step_timeout_ms)
     select $1, flow, key, build, 'waiting', input, $4::json, id, $3, timeout_ms, step_timeout_ms from flows.run where id = $2
     on conflict do nothing returning id`,
    [runId, of, from, by],
  )
  if (made.length === 0) return false
  await sql.query(
    `insert into flows.step (run_id, number, name, output, error, started_at, finished_at, taken_from)
     select $1, number, name, output, error, started_at, finished_at, coalesce(taken_from, run_id)
     from flows.step where run_id = $2 and number < $3`,
    [runId, of, from],
  )
  await notifyWaiting(sql)
  return true
}

/** The unfinished run of the same wish as this one. */
export async function findUnfinishedLike(sql: Query, runId: string): Promise<string | undefined> {
  const rows = await sql.query<{ id: string }>(
    `select other.id from flows.run join flows.run other on other.key = run.key and other.state in ('waiting', 'running')
     where run.id = $1`,
    [runId],
  )
  return rows[0]?.id
}
