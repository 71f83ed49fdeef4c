import type { Instant } from '../../base/instant.ts'
import type { Sql } from '../../db/sql.ts'
import type { Turn } from './runs.ts'

type Query = Pick<Sql, 'query'>

export type AttemptKey = { number: number; attempt: number }

/** Who asked for the end of a run, and why. */
export type Asked = { by: string; why: string | null }

/**
 * Records that a step begins, the next of its attempts, where the run is still this turn's and nobody wants it cancelled
 * (`always`: also then). Sent twice it is recorded once. Undefined when the run is no longer this turn's.
 */
export async function beginAttempt(
  sql: Query,
  { runId, executorId, turn }: Turn,
  { number, attempt, name, always }: AttemptKey & { name: string; always: boolean },
): Promise<{ asked: Asked | null } | undefined> {
  const rows = await sql.query<{ by: string | null; why: string | null }>(
    // The lock: whoever asks for the end of the run is heard by this statement, or waits until it is done.
    `with mine as (
       select id, cancel_by, cancel_why from flows.run where id = $1 and holder = $2 and turn = $3 for share
     ), made as (
       insert into flows.attempt (run_id, number, turn, attempt, name)
       select id, $4, $3, $5, $6 from mine where cancel_by is null or $7
       on conflict (run_id, number, turn, attempt) do nothing
     ) select cancel_by as by, cancel_why as why from mine`,
    [runId, executorId, turn, number, attempt, name, always],
  )
  const [mine] = rows
  if (!mine) return undefined
  return { asked: mine.by === null ? null : { by: mine.by, why: mine.why } }
}

/** An attempt that came to nothing. */
export async function failAttempt(
  sql: Query,
  { runId, turn }: Turn,
  { number, attempt }: AttemptKey,
  error: string,
): Promise<void> {
  await sql.query(
    `update flows.attempt set finished_at = now(), error = $5::json
     where run_id = $1 and number = $2 and turn = $3 and attempt = $4 and finished_at is null`,
    [runId, number, turn, attempt, error],
  )
}

export type AttemptRow = {
  number: number
  name: string
  turn: number
  startedAt: Instant
  finishedAt: Instant | null
  ms: number | null
  error: string | null
}

const ATTEMPTS_MAX = 10_000

export async function selectAttempts(sql: Query, runId: string): Promise<AttemptRow[]> {
  return sql.query<AttemptRow>(
    `select number, name, turn, started_at as "startedAt", finished_at as "finishedAt",
       (extract(epoch from finished_at - started_at) * 1000)::float8 as ms, error::text as error
     from flows.attempt where run_id = $1 order by number, turn, attempt limit ${ATTEMPTS_MAX}`,
    [runId],
  )
}
