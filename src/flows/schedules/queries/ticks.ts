import type { Instant } from '../../../base/instant.ts'
import type { Sql } from '../../../db/sql.ts'

type Query = Pick<Sql, 'query'>

export type Origin = 'time' | 'trigger' | 'backfill' | 'person'

/** One wish of a schedule. */
export type Wish = {
  schedule: string
  origin: Origin
  /** The same wish has the same key. */
  key: string
  period: Instant
  dueAt: Instant
  subject: string | null
  about: string | null
  backfill: number | null
  by: string | null
}

/** Adds a tick that waits, or one that is over as it comes; false where the same wish is there. */
export async function insertTick(
  sql: Query,
  wish: Wish,
  { now, skipped = null, standsFor = 1 }: { now: Instant; skipped?: string | null; standsFor?: number },
): Promise<number | undefined> {
  const rows = await sql.query<{ id: number }>(
    `insert into flows.tick (schedule, origin, key, period, due_at, subject, about, backfill, wished_by, state, why, stands_for,
       not_before, ended_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9::json, case when $10::text is null then 'waiting' else 'skipped' end, $10, $11,
       $12, case when $10::text is not null then $12::timestamptz end)
     on conflict (schedule, key) do nothing returning id`,
    [
      ...[
        wish.schedule,
        wish.origin,
        wish.key,
        wish.period,
        wish.dueAt,
        wish.subject,
        wish.about,
        wish.backfill,
        wish.by,
      ],
      ...[skipped, standsFor, now],
    ],
  )
  return rows[0]?.id
}

export type OpenTick = {
  id: number
  schedule: string
  origin: Origin
  period: Instant
  dueAt: Instant
  subject: string | null
  about: string | null
  state: 'waiting' | 'running'
  why: string | null
  backfill: number | null
  parallel: number | null
  by: string | null
  attempts: number
  runId: string | null
  notBefore: Instant
}

const OPEN_MAX = 10_000

/** What waits or is under way, in the order in which it was due. */
export async function selectOpen(sql: Query, schedule?: string): Promise<OpenTick[]> {
  return sql.query<OpenTick>(
    `select tick.id, tick.schedule, origin, period, due_at as "dueAt", subject, about, state, tick.why, backfill, parallel,
       wished_by::text as by, attempts, run_id as "runId", not_before as "notBefore"
     from flows.tick left join flows.backfill on backfill.id = tick.backfill
     where state in ('waiting', 'running') and ($1::text is null or tick.schedule = $1)
     order by due_at, tick.id limit ${OPEN_MAX}`,
    [schedule ?? null],
  )
}

/** A tick that waits is begun as this run. */
export async function beginTick(sql: Query, id: number, runId: string): Promise<boolean> {
  const rows = await sql.query(
    `update flows.tick set state = 'running', run_id = $2, attempts = attempts + 1, why = null
     where id = $1 and state = 'waiting' returning id`,
    [id, runId],
  )
  return rows.length === 1
}

export type Ending = { state: 'succeeded' | 'failed' | 'cancelled' | 'skipped'; why: string | null; now: Instant }

export async function endTick(sql: Query, id: number, { state, why, now }: Ending): Promise<void> {
  await sql.query(
    `update flows.tick set state = $2, why = $3, ended_at = $4 where id = $1 and state in ('waiting', 'running')`,
    [id, state, why, now],
  )
}

/** It is begun again later. */
export async function putBackTick(sql: Query, id: number, notBefore: Instant, why: string): Promise<void> {
  await sql.query(`update flows.tick set state = 'waiting', not_before = $2, why = $3 where id = $1`, [
    id,
    notBefore,
    why,
  ])
}

/** An attempt that did not even become a run. */
export async function countAttempt(sql: Query, id: number): Promise<void> {
  await sql.query('update flows.tick set attempts = attempts + 1 where id = $1', [id])
}

export async function sayWhy(sql: Query, id: number, why: string | null): Promise<void> {
  await sql.query(`update flows.tick set why = $2 where id = $1 and state = 'waiting'`, [id, why])
}

export type Ended = {
  id: number
  schedule: string
  attempts: number
  /** Null where its run is not there any more. */
  state: 'succeeded' | 'failed' | 'cancelled' | null
  error: string | null
  by: string | null
  why: string | null
}

/** Ticks under way whose run is over. */
export async function selectEnded(sql: Query): Promise<Ended[]> {
  return sql.query<Ended>(
    `select tick.id, tick.schedule, attempts, run.state, run.error::text as error, run.cancel_by as by, run.cancel_why as why
     from flows.tick left join flows.run on run.id = tick.run_id
     where tick.state = 'running' and (run.id is null or run.finished_at is not null) order by tick.id`,
  )
}

/** What waits of one schedule, or of one backfill, will not be. */
export async function dropWaiting(
  sql: Query,
  of: { schedule: string; backfill?: number | undefined },
  why: string,
  now: Instant,
): Promise<number> {
  const rows = await sql.query(
    `update flows.tick set state = 'skipped', why = $3, ended_at = $4
     where schedule = $1 and state = 'waiting' and ($2::bigint is null or backfill = $2) returning id`,
    [of.schedule, of.backfill ?? null, why, now],
  )
  return rows.length
}

/** Removes what need not be kept any more of ticks that are over. */
export async function collectTicks(
  sql: Query,
  keep: { keepMs: number; keepRuns: number },
  now: Instant,
): Promise<void> {
  await sql.query(
    `delete from flows.tick using flows.schedule
     where tick.schedule = schedule.name and ended_at is not null and (
       ended_at < $3::timestamptz - $1::float8 * interval '1 millisecond'
       or ended_at <= (select ended_at from flows.tick newest where newest.schedule = schedule.name and ended_at is not null
         order by ended_at desc offset $2 limit 1))`,
    [keep.keepMs, keep.keepRuns, now],
  )
  await sql.query(`delete from flows.trigger where handled_at < now() - interval '400 days'`)
}
