import type { Instant } from '../../../base/instant.ts'
import type { Sql } from '../../../db/sql.ts'
import type { Origin } from './ticks.ts'

type Query = Pick<Sql, 'query'>

/** A tick for a reader. */
export type TickRow = {
  id: number
  schedule: string
  origin: Origin
  period: Instant
  dueAt: Instant
  subject: string | null
  about: string | null
  state: 'waiting' | 'running' | 'succeeded' | 'failed' | 'cancelled' | 'skipped'
  why: string | null
  standsFor: number
  backfill: number | null
  attempts: number
  runId: string | null
  notBefore: Instant
  endedAt: Instant | null
}

const TICK = `id, schedule, origin, period, due_at as "dueAt", subject, about, state, why, stands_for as "standsFor", backfill,
  attempts, run_id as "runId", not_before as "notBefore", ended_at as "endedAt"`

/** The newest of each of these schedules. */
export async function selectNewest(sql: Query, names: readonly string[], each: number): Promise<TickRow[]> {
  return sql.query<TickRow>(
    `select newest.* from unnest($1::text[]) named(name)
     cross join lateral (
       select ${TICK} from flows.tick where schedule = named.name order by due_at desc, id desc limit $2) newest`,
    [names, each],
  )
}

export type TicksQuery = {
  schedule: string
  backfill?: number | undefined
  before?: { dueAt: Instant; id: number } | undefined
  limit: number
}

/** Newest first. */
export async function selectTicks(sql: Query, { schedule, backfill, before, limit }: TicksQuery): Promise<TickRow[]> {
  const values: unknown[] = [schedule, limit]
  const bound = (value: unknown) => `$${values.push(value)}`
  const where = [
    ...(backfill === undefined ? [] : [`backfill = ${bound(backfill)}`]),
    ...(before === undefined
      ? []
      : [`(due_at, id) < (${bound(before.dueAt)}::timestamptz, ${bound(before.id)}::bigint)`]),
  ]
  return sql.query<TickRow>(
    `select ${TICK} from flows.tick where ${['schedule = $1', ...where].join(' and ')}
     order by due_at desc, id desc limit $2`,
    values,
  )
}

export type Counts = { schedule: string; waiting: number; running: number }

export async function countOpen(sql: Query): Promise<Counts[]> {
  return sql.query<Counts>(
    `select schedule, count(*) filter (where state = 'waiting')::int as waiting,
       count(*) filter (where state = 'running')::int as running
     from flows.tick where state in ('waiting', 'running') group by 1`,
  )
}

export type BackfillRow = {
  id: number
  schedule: string
  from: Instant
  to: Instant
  parallel: number
  by: { name: string }
  why: string | null
  askedAt: Instant
  periods: number
  waiting: number
  running: number
  succeeded: number
  failed: number
}

const BACKFILLS = `
  select backfill.id, backfill.schedule, from_at as "from", to_at as "to", parallel, asked_by as by, backfill.why,
    asked_at as "askedAt", counts.* from flows.backfill
  cross join lateral (
    select count(*)::int as periods, count(*) filter (where state = 'waiting')::int as waiting,
      count(*) filter (where state = 'running')::int as running, count(*) filter (where state = 'succeeded')::int as succeeded,
      count(*) filter (where state not in ('waiting', 'running', 'succeeded'))::int as failed
    from flows.tick where tick.backfill = backfill.id) counts`

export async function selectBackfills(sql: Query, schedule: string, limit: number): Promise<BackfillRow[]> {
  return sql.query<BackfillRow>(`${BACKFILLS} where backfill.schedule = $1 order by id desc limit $2`, [
    schedule,
    limit,
  ])
}

export async function findBackfill(sql: Query, schedule: string, id: number): Promise<BackfillRow | undefined> {
  const rows = await sql.query<BackfillRow>(`${BACKFILLS} where backfill.schedule = $1 and backfill.id = $2`, [
    schedule,
    id,
  ])
  return rows[0]
}

export type NewBackfill = {
  schedule: string
  from: Instant
  to: Instant
  parallel: number
  by: string
  why: string | null
}

export async function insertBackfill(
  sql: Query,
  { schedule, from, to, parallel, by, why }: NewBackfill,
): Promise<number> {
  const rows = await sql.query<{ id: number }>(
    `insert into flows.backfill (schedule, from_at, to_at, parallel, asked_by, why)
     values ($1, $2, $3, $4, $5::json, $6) returning id`,
    [schedule, from, to, parallel, by, why],
  )
  return rows[0]!.id
}

/** Of these periods, those that a schedule has done well. */
export async function selectDone(sql: Query, schedule: string, periods: readonly Instant[]): Promise<Instant[]> {
  const rows = await sql.query<{ period: Instant }>(
    `select distinct period from flows.tick where schedule = $1 and state = 'succeeded' and period = any($2::timestamptz[])`,
    [schedule, periods],
  )
  return rows.map((row) => row.period)
}

export async function notifyScheduler(sql: Query, channel: string): Promise<void> {
  await sql.query('select pg_notify($1, $2)', [channel, ''])
}
