/** What was decided on what was measured, by a flow or a gate: table `monitoring.decision`. Append only. */
import type { Instant } from '../base/instant.ts'
import type { Sql } from '../db/sql.ts'

export type Decision = {
  model: string
  kind: 'monitor' | 'compare' | 'canary' | 'retrain' | 'alert'
  /** In the word of its kind: `NO_ACTION`, `RETRAINING_TRIGGERED`, `promoted`, `rolled_back`, `skipped`. */
  verdict: string
  /** In a sentence, with the figures. */
  says: string
  /** The moment that it speaks of. */
  at: Instant
  /** The run that decided; a step that runs again records it once. */
  flowRun: string | null
  details: Record<string, unknown>
}

export type RecordedDecision = Decision & { id: number; recordedAt: Instant }

export async function recordDecision(sql: Pick<Sql, 'query'>, decision: Decision): Promise<void> {
  const { model, kind, verdict, says, at, flowRun, details } = decision
  await sql.query(
    `insert into monitoring.decision (model, kind, verdict, says, at, flow_run, details)
     values ($1, $2, $3, $4, $5, $6, $7::json) on conflict (flow_run, kind, model) where flow_run is not null do nothing`,
    [model, kind, verdict, says, at, flowRun, JSON.stringify(details)],
  )
}

/** The newest first. */
export async function decisionsOf(
  sql: Pick<Sql, 'query'>,
  query: { model: string; kind?: Decision['kind']; from?: Instant; to?: Instant; limit: number },
): Promise<RecordedDecision[]> {
  const { model, kind = null, from = null, to = null, limit } = query
  return sql.query<RecordedDecision>(
    `select id, model, kind, verdict, says, at, flow_run as "flowRun", details, recorded_at as "recordedAt"
     from monitoring.decision
     where model = $1 and ($2::text is null or kind = $2) and ($3::timestamptz is null or at >= $3)
       and ($4::timestamptz is null or at <= $4)
     order by at desc, id desc limit $5`,
    [model, kind, from, to, limit],
  )
}
