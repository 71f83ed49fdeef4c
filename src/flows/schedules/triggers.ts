import type { Instant } from '../../base/instant.ts'
import type { Sql } from '../../db/sql.ts'

/** What the leader listens to: something is to be decided. */
export const SCHEDULES_CHANNEL = 'weir_flows_schedules'

export type TriggerKind = 'delivery' | 'drift' | 'labels' | 'withdrawn'

/** Something happened that a schedule may wait for. */
export type Trigger = {
  kind: TriggerKind
  /** What it happened to: a source, a label, a model. */
  subject: string
  /** Names what happened: the same one again changes nothing. */
  id: string
  /** `period`: the moment that it is about, for the terms of a schedule's input. No key of a person, and no value. */
  details: { period: Instant } & Record<string, unknown>
  /** From when on it counts; now, where left out. A label that matures later is told when it is delivered. */
  from?: Instant
}

/** Part of the caller's transaction: what is told there has happened, or neither is there. Idempotent by kind and id. */
export async function fireTrigger(sql: Pick<Sql, 'query'>, trigger: Trigger): Promise<void> {
  const { kind, id, subject, details, from = null } = trigger
  await sql.query(
    `with made as (
       insert into flows.trigger (kind, id, subject, details, due_at)
       values ($1, $2, $3, $4::json, $5)
       on conflict (kind, id) do nothing returning kind
     ) select pg_notify('${SCHEDULES_CHANNEL}', '') from made`,
    [kind, id, subject, JSON.stringify(details), from],
  )
}
