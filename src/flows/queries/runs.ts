import type { Sql } from '../../db/sql.ts'
import { LEFT, LIVE, standing } from './executors.ts'

type Query = Pick<Sql, 'query'>

/** What a worker listens to: that a run waits. */
export const RUNS_CHANNEL = 'weir_flows_runs'

export async function notifyWaiting(sql: Query): Promise<void> {
  await sql.query(`select pg_notify('${RUNS_CHANNEL}', '')`)
}

/** How long an answer that nobody was told is kept for whoever submits the same again. */
const UNHEARD_KEPT = `interval '1 hour'`

export type Submission = {
  runId: string
  flow: string
  key: string
  build: string | null
  input: string | null
  by: string | null
  /** Of a run that a schedule begins. */
  tick?: number
  timeoutMs?: number | null
  stepTimeoutMs?: number | null
}

/**
 * Records the wish and gives its run: the unfinished one of the same key, or the one whose end nobody was told, else a
 * new one. Undefined where somebody submits the same at this moment: then ask again.
 */
export async function submitRun(
  sql: Query,
  submission: Submission,
): Promise<{ id: string; made: boolean } | undefined> {
  const { runId, flow, key, build, input, by, tick = null, timeoutMs = null, stepTimeoutMs = null } = submission
  const rows = await sql.query<{ id: string; made: boolean }>(
    `with known as (
       select id, 1 as rank, submitted_at from flows.run where key = $3 and state in ('waiting', 'running')
       union all
       select id, 2, submitted_at from flows.run
       where key = $3 and state = 'succeeded' and not told and finished_at > now() - ${UNHEARD_KEPT}
       union all
       select id, 0, submitted_at from flows.run where id = $1
     ), made as (
       insert into flows.run (id, flow, key, build, state, input, submitted_by, tick, timeout_ms, step_timeout_ms)
       select $1, $2, $3, $4, 'waiting', $5::json, $6::json, $7::bigint, $8::bigint, $9::bigint where not exists (select from known)
       on conflict do nothing
       returning id
     ), told as (select pg_notify('${RUNS_CHANNEL}', '') from made)
     (select id, true as made from made, told)
     union all
     (select id, false from known order by rank, submitted_at desc limit 1)`,
    [runId, flow, key, build, input, by, tick, timeoutMs, stepTimeoutMs],
  )
  return rows[0]
}

export type Taken = {
  id: string
  flow: string
  input: string | null
  turn: number
  build: string | null
  deaths: number
  submittedBy: string | null
  /** How long it may still take, and how long each of its steps. */
  leftMs: number | null
  timeoutMs: number | null
  stepTimeoutMs: number | null
}

/** A run of another build is left to its own for that long, where no process of that build is to be seen. */
const OTHER_BUILD_AFTER = `interval '60 seconds'`

/**
 * Takes the run that waits longest, of the flows that this process knows and of its own build. A run of a build that
 * nobody alive has is taken in the end too: so that it is refused, and does not lie for ever.
 */
export async function takeRun(
  sql: Query,
  by: { executorId: string; serves: 'any' | 'own'; build: string | null; flows: readonly string[] },
): Promise<Taken | undefined> {
  const rows = await sql.query<Taken>(
    `with ${standing(1)}
     update flows.run r
     set state = 'running', holder = $1, reserved_for = null, turn = turn + 1, started_at = coalesce(started_at, now())
     from (
       select id from flows.run w
       where exists (select from me) and state = 'waiting' and flow = any($4)
         and case when reserved_for is null then $2 = 'any' and (
             build is null or build = $3 or (waiting_since < now() - ${OTHER_BUILD_AFTER}
               and not exists (select from ${LIVE} live where live.build = w.build)))
           else reserved_for = $1 end
       order by submitted_at limit 1
       for update of w skip locked
     ) waiting
     where r.id = waiting.id
     returning r.id, r.flow, r.input::text as input, r.turn, r.build, r.deaths, r.submitted_by::text as "submittedBy",
       (r.timeout_ms - extract(epoch from clock_timestamp() - r.started_at) * 1000)::float8 as "leftMs",
       r.timeout_ms as "timeoutMs", r.step_timeout_ms as "stepTimeoutMs"`,
    [by.executorId, by.serves, by.build, by.flows],
  )
  return rows[0]
}

/** Reserves a run that nobody has taken yet for one process. */
export async function reserveRun(sql: Query, runId: string, executorId: string): Promise<boolean> {
  const rows = await sql.query(
    `with ${standing(2)}
     update flows.run set reserved_for = $2
     where exists (select from me) and id = $1 and state = 'waiting' and reserved_for is null returning id`,
    [runId, executorId],
  )
  return rows.length === 1
}

/** The same for a run of another process, unless somebody wants it cancelled. The caller holds that one's lease. */
export async function takeAway(sql: Query, runId: string, from: string, to: string): Promise<boolean> {
  const rows = await sql.query(
    `with ${standing(3)}
     update flows.run set ${LEFT}, reserved_for = case when cancel_asked_at is null then $3::uuid end,
       deaths = deaths + case when holder is not null then 1 else 0 end
     where exists (select from me) and id = $1 and (holder = $2 or reserved_for = $2) returning id`,
    [runId, from, to],
  )
  return rows.length === 1
}

/** One turn of one run: nothing is recorded for it any more when somebody else has the next. */
export type Turn = { runId: string; executorId: string; turn: number }

const MINE = `select id from flows.run where id = $1 and holder = $2 and turn = $3`

export type StepRecord = { number: number; name: string; output: string | null; error: string | null; ms: number }

/** Records a step; false when the run is no longer this turn's. Recorded twice is recorded once. */
export async function insertStep(sql: Query, { runId, executorId, turn }: Turn, step: StepRecord): Promise<boolean> {
  const rows = await sql.query(
    // The lock keeps the run from being given away before this is committed.
    `with mine as (${MINE} for share), made as (
       insert into flows.step (run_id, number, name, output, error, started_at, finished_at)
       select id, $4, $5, $6::json, $7::json, now() - $8 * interval '1 millisecond', now() from mine
       on conflict (run_id, number) do nothing
     ), tried as (
       update flows.attempt a set finished_at = now(), error = $7::json from mine
       where a.run_id = mine.id and a.number = $4 and a.turn = $3 and a.finished_at is null
     ) select 1 from mine`,
    [runId, executorId, turn, step.number, step.name, step.output, step.error, step.ms],
  )
  return rows.length === 1
}

export type End =
  | { state: 'succeeded'; output: string | null }
  | { state: 'failed'; error: string }
  | { state: 'cancelled'; by: string; why: string | null }

/**
 * Records how a run ended, where it is still this turn's; gives what it ended as, undefined where it is somebody else's or
 * was recorded before.
 */
export async function finishRun(
  sql: Query,
  { runId, executorId, turn }: Turn,
  end: End,
): Promise<End['state'] | undefined> {
  const rows = await sql.query<{ state: End['state'] }>(
    `update flows.run set state = $4, output = $5::json, error = $6::json, holder = null, finished_at = now()
     where id = $1 and holder = $2 and turn = $3 returning state`,
    [
      runId,
      executorId,
      turn,
      end.state,
      end.state === 'succeeded' ? end.output : null,
      end.state === 'failed' ? end.error : null,
    ],
  )
  return rows[0]?.state
}

export type RunState = {
  state: string
  build: string | null
  steps: number
  holder: string | null
  askedBy: string | null
  askedWhy: string | null
}

/** How far a run is. The holder is the process that works on it, or that took it for itself. */
export async function findRunState(sql: Query, runId: string): Promise<RunState | undefined> {
  const rows = await sql.query<RunState>(
    `select state, build, (select count(*) from flows.step where run_id = run.id)::int as steps,
       coalesce(holder, reserved_for)::text as holder, cancel_by as "askedBy", cancel_why as "askedWhy"
     from flows.run where id = $1`,
    [runId],
  )
  return rows[0]
}

/** How a run ended; from now on its submitter has been told. */
export async function tellEnd(sql: Query, runId: string): Promise<{ output: string | null; error: string | null }> {
  const rows = await sql.query<{ output: string | null; error: string | null }>(
    `update flows.run set told = true where id = $1 returning output::text as output, error::text as error`,
    [runId],
  )
  return rows[0] ?? { output: null, error: null }
}
