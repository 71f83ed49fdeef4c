import type { Instant } from '../../../base/instant.ts'
import type { Sql } from '../../../db/sql.ts'
import type { Trigger } from '../triggers.ts'

type Query = Pick<Sql, 'query'>

export type ScheduleRow = {
  name: string
  rule: unknown
  decidedTo: Instant
  removedAt: Instant | null
  pausedAt: Instant | null
  pausedBy: string | null
  pausedWhy: string | null
}

const COLUMNS = `name, rule, decided_to as "decidedTo", removed_at as "removedAt", paused_at as "pausedAt",
  paused_by as "pausedBy", paused_why as "pausedWhy"`

export async function selectSchedules(sql: Query): Promise<ScheduleRow[]> {
  return sql.query<ScheduleRow>(`select ${COLUMNS} from flows.schedule order by name`)
}

/** One, kept as it is until the end of the transaction. */
export async function lockSchedule(sql: Query, name: string): Promise<ScheduleRow | undefined> {
  const rows = await sql.query<ScheduleRow>(`select ${COLUMNS} from flows.schedule where name = $1 for update`, [name])
  return rows[0]
}

/** What the project says of it; counted from `from`, where that is given. */
export async function saveSchedule(
  sql: Query,
  name: string,
  rule: object,
  from: Instant,
  anew: boolean,
): Promise<void> {
  await sql.query(
    `insert into flows.schedule (name, rule, decided_to) values ($1, $2::json, $3)
     on conflict (name) do update set rule = excluded.rule, removed_at = null,
       decided_to = case when $4 then excluded.decided_to else schedule.decided_to end`,
    [name, JSON.stringify(rule), from, anew],
  )
}

export async function removeSchedule(sql: Query, name: string, now: Instant): Promise<void> {
  await sql.query('update flows.schedule set removed_at = $2 where name = $1', [name, now])
}

/** Never back: what was decided on stays decided when a clock is set back. */
export async function decidedTo(sql: Query, name: string, to: Instant): Promise<void> {
  await sql.query('update flows.schedule set decided_to = greatest(decided_to, $2) where name = $1', [name, to])
}

export async function setPaused(
  sql: Query,
  name: string,
  paused: { at: Instant; by: string; why: string | null } | null,
): Promise<void> {
  await sql.query('update flows.schedule set paused_at = $2, paused_by = $3, paused_why = $4 where name = $1', [
    ...[name, paused?.at ?? null, paused?.by ?? null, paused?.why ?? null],
  ])
}

export type TriggerRow = Trigger & { firedAt: Instant }

export const TRIGGERS_AT_ONCE = 1_000

/** Those that nobody has looked at, and that count by now. */
export async function selectTriggers(sql: Query, now: Instant): Promise<TriggerRow[]> {
  return sql.query<TriggerRow>(
    `select kind, id, subject, details, due_at as "from", fired_at as "firedAt" from flows.trigger
     where handled_at is null and (due_at is null or due_at <= $1)
     order by coalesce(due_at, fired_at), kind, id limit ${TRIGGERS_AT_ONCE}`,
    [now],
  )
}

export async function handledTrigger(sql: Query, { kind, id }: Pick<Trigger, 'kind' | 'id'>): Promise<boolean> {
  const rows = await sql.query(
    'update flows.trigger set handled_at = now() where kind = $1 and id = $2 and handled_at is null returning id',
    [kind, id],
  )
  return rows.length === 1
}

/** The next moment at which something that is known counts: a trigger, or the end of a pause before a retry. */
export async function nextKnown(sql: Query, now: Instant): Promise<Instant | null> {
  const rows = await sql.query<{ next: Instant | null }>(
    `select least(
       (select min(due_at) from flows.trigger where handled_at is null and due_at > $1),
       (select min(not_before) from flows.tick where state = 'waiting' and not_before > $1)) as next`,
    [now],
  )
  return rows[0]?.next ?? null
}
