import type { Instant } from '../../base/instant.ts'
import type { AlertRule } from '../../config/alerts.ts'
import type { Sql } from '../../db/sql.ts'
import type { MeasuredOn } from '../measures.ts'

type Query = Pick<Sql, 'query'>

export type AlertState = 'pending' | 'open' | 'over'

export type AlertRow = {
  id: number
  rule: string
  series: string
  severity: AlertRule['severity']
  metric: string
  onKind: MeasuredOn['kind']
  onName: string
  part: string | null
  arm: string | null
  version: number | null
  state: AlertState
  wrongSince: Instant
  openedAt: Instant | null
  overAt: Instant | null
  toldAt: Instant | null
  value: number
  threshold: number
  says: string
  next: string
  acknowledgedAt: Instant | null
  acknowledgedBy: string | null
  acknowledgedWhy: string | null
}

/** One figure of a message. */
export type Told = { id: number; says: string; value: number; threshold: number }

const COLUMNS = `id, rule, series, severity, metric, on_kind as "onKind", on_name as "onName", part, arm, version, state,
  wrong_since as "wrongSince", opened_at as "openedAt", over_at as "overAt", told_at as "toldAt", value, threshold, says, next,
  acknowledged_at as "acknowledgedAt", acknowledged_by as "acknowledgedBy", acknowledged_why as "acknowledgedWhy"`

/** Whether nobody else has looked since `before`; from now on somebody has. */
export async function takeTurn(sql: Query, now: Instant, before: Instant): Promise<boolean> {
  const taken = await sql.query('update monitoring.alert_turn set looked_at = $1 where looked_at <= $2 returning one', [
    now,
    before,
  ])
  return taken.length > 0
}

/** Those of a rule that are not over; nobody else changes them meanwhile. */
export function selectUnder(sql: Query, rule: string): Promise<AlertRow[]> {
  return sql.query(
    `select ${COLUMNS} from monitoring.alert where rule = $1 and state <> 'over' order by id for update`,
    [rule],
  )
}

export async function insertAlert(
  sql: Query,
  rule: AlertRule,
  wrong: {
    on: MeasuredOn
    part: string | null
    arm: string | null
    version: number | null
    series: string
    state: AlertState
    value: number
    threshold: number
    says: string
  },
  now: Instant,
): Promise<number> {
  const [row] = await sql.query<{ id: number }>(
    `insert into monitoring.alert
       (rule, series, severity, metric, on_kind, on_name, part, arm, version, state, wrong_since, opened_at, value, threshold, says, next)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, case when $10 = 'open' then $11::timestamptz end, $12, $13, $14, $15)
     returning id`,
    [
      ...[rule.name, wrong.series, rule.severity, rule.metric, wrong.on.kind, wrong.on.name, wrong.part, wrong.arm],
      ...[wrong.version, wrong.state, now, wrong.value, wrong.threshold, wrong.says, rule.next],
    ],
  )
  return row!.id
}

export async function updateAlert(
  sql: Query,
  id: number,
  { value, threshold, says, version }: { value: number; threshold: number; says: string; version: number | null },
): Promise<void> {
  await sql.query('update monitoring.alert set value = $2, threshold = $3, says = $4, version = $5 where id = $1', [
    ...[id, value, threshold, says, version],
  ])
}

export async function openAlert(sql: Query, id: number, now: Instant): Promise<void> {
  await sql.query(`update monitoring.alert set state = 'open', opened_at = $2 where id = $1`, [id, now])
}

export async function tellAlert(sql: Query, id: number, now: Instant): Promise<void> {
  await sql.query('update monitoring.alert set told_at = $2 where id = $1', [id, now])
}

export async function endAlert(sql: Query, ids: readonly number[], now: Instant): Promise<void> {
  await sql.query(`update monitoring.alert set state = 'over', over_at = $2 where id = any ($1::bigint[])`, [ids, now])
}

export async function removePending(sql: Query, id: number): Promise<void> {
  await sql.query(`delete from monitoring.alert where id = $1 and state = 'pending'`, [id])
}

/** When somebody was last told of this series of the rule. */
export async function selectLastTold(sql: Query, rule: string, series: string): Promise<Instant | null> {
  const [row] = await sql.query<{ at: Instant | null }>(
    'select max(told_at) as at from monitoring.alert where rule = $1 and series = $2',
    [rule, series],
  )
  return row?.at ?? null
}

export async function insertMessage(sql: Query, channel: string, body: object, now: Instant): Promise<void> {
  await sql.query(
    'insert into monitoring.alert_message (channel, body, made_at, next_at) values ($1, $2::json, $3, $3)',
    [...[channel, JSON.stringify(body), now]],
  )
}

export type AlertsQuery = { state: 'open' | 'all'; rule: string | null; before: number | null; limit: number }

/** The newest first. */
export function selectAlerts(sql: Query, { state, rule, before, limit }: AlertsQuery): Promise<AlertRow[]> {
  return sql.query(
    `select ${COLUMNS} from monitoring.alert
     where state <> 'pending' and ($1 = 'all' or state = 'open') and ($2::text is null or rule = $2)
       and ($3::bigint is null or id < $3)
     order by id desc limit $4`,
    [state, rule, before, limit],
  )
}

export async function selectAlert(sql: Query, id: number): Promise<AlertRow | undefined> {
  const rows = await sql.query<AlertRow>(`select ${COLUMNS} from monitoring.alert where id = $1 for update`, [id])
  return rows[0]
}

export async function acknowledgeAlert(
  sql: Query,
  id: number,
  by: string,
  why: string | null,
  now: Instant,
): Promise<void> {
  await sql.query(
    'update monitoring.alert set acknowledged_at = $2, acknowledged_by = $3, acknowledged_why = $4 where id = $1',
    [id, now, by, why],
  )
}

export type SilenceRow = {
  id: number
  rule: string | null
  until: Instant
  why: string | null
  madeBy: string
  madeAt: Instant
}

const SILENCE = 'id, rule, until, why, made_by as "madeBy", made_at as "madeAt"'

/** Those that hold now. */
export function selectSilences(sql: Query, now: Instant): Promise<SilenceRow[]> {
  return sql.query(`select ${SILENCE} from monitoring.silence where ended_at is null and until > $1 order by id`, [now])
}

export async function insertSilence(
  sql: Query,
  silence: { rule: string | null; until: Instant; why: string | null; by: string; now: Instant },
): Promise<SilenceRow> {
  const { rule, until, why, by, now } = silence
  const [row] = await sql.query<SilenceRow>(
    `insert into monitoring.silence (rule, until, why, made_by, made_at) values ($1, $2, $3, $4, $5) returning ${SILENCE}`,
    [rule, until, why, by, now],
  )
  return row!
}

export async function endSilence(sql: Query, id: number, now: Instant): Promise<SilenceRow | undefined> {
  const rows = await sql.query<SilenceRow>(
    `update monitoring.silence set ended_at = $2 where id = $1 and ended_at is null and until > $2 returning ${SILENCE}`,
    [id, now],
  )
  return rows[0]
}

/** What was over before this moment. */
export async function removeOld(sql: Query, before: Instant): Promise<void> {
  await sql.query(`delete from monitoring.alert where state = 'over' and over_at < $1`, [before])
  await sql.query(`delete from monitoring.alert_message where state <> 'waiting' and made_at < $1`, [before])
  await sql.query('delete from monitoring.silence where until < $1', [before])
}
