/**
 * What was measured over time: table `monitoring.measure`. What a timeline draws, a threshold learns from and an alert reads.
 *
 * Append only: a figure that is measured again has a later row, and what was known before stays readable (`knownAt`).
 */
import type { Instant } from '../base/instant.ts'
import type { Sql } from '../db/sql.ts'

export type MeasuredOn = { kind: 'model' | 'source' | 'view' | 'project'; name: string }

export type Measure = {
  /** `drift.share`, `quality.auc`, `estimate.auc`; all of them stand in docs/guide/alerts.md. */
  metric: string
  on: MeasuredOn
  version: number | null
  arm: string | null
  /** A column or a segment. */
  part: string | null
  /** The window that it describes, up to `at`; null where it is that moment alone. */
  from: Instant | null
  at: Instant
  /** Null where there was nothing to measure; `details` say why. */
  value: number | null
  /** The ends of its interval, where it has one. */
  low: number | null
  high: number | null
  details: Record<string, unknown>
}

export type RecordedMeasure = Measure & { id: number; recordedAt: Instant }

export type MeasuresQuery = {
  on: MeasuredOn
  metrics?: readonly string[] | undefined
  version?: number | undefined
  /** What describes moments from here on, and up to here. */
  from?: Instant | undefined
  to?: Instant | undefined
  /** Only what was recorded up to this moment. */
  knownAt?: Instant | undefined
  limit: number
}

/** Rows of one statement. */
const ROWS = 1_000

export async function recordMeasures(sql: Sql, measures: readonly Measure[]): Promise<void> {
  for (let at = 0; at < measures.length; at += ROWS) await insertMeasures(sql, measures.slice(at, at + ROWS))
}

async function insertMeasures(sql: Sql, rows: readonly Measure[]): Promise<void> {
  const of = <T>(pick: (row: Measure) => T): T[] => rows.map(pick)
  await sql.query(
    `insert into monitoring.measure
       (metric, on_kind, on_name, version, arm, part, valid_from, at, value, low, high, details)
     select metric, on_kind, on_name, version, arm, part, valid_from, at, value, low, high, details::json
     from unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::text[], $6::text[], $7::timestamptz[], $8::timestamptz[],
       $9::float8[], $10::float8[], $11::float8[], $12::text[]) with ordinality
       as t (metric, on_kind, on_name, version, arm, part, valid_from, at, value, low, high, details, nth)
     order by nth`,
    [
      of((m) => m.metric),
      of((m) => m.on.kind),
      of((m) => m.on.name),
      of((m) => m.version),
      of((m) => m.arm),
      of((m) => m.part),
      of((m) => m.from),
      of((m) => m.at),
      of((m) => finite(m.value)),
      of((m) => finite(m.low)),
      of((m) => finite(m.high)),
      of((m) => JSON.stringify(m.details)),
    ],
  )
}

/** The newest moment first; of one moment what was recorded last first. */
export async function measuresOf(sql: Pick<Sql, 'query'>, query: MeasuresQuery): Promise<RecordedMeasure[]> {
  const { on, metrics = null, version = null, from = null, to = null, knownAt = null, limit } = query
  const rows = await sql.query<Omit<RecordedMeasure, 'on'> & { onKind: MeasuredOn['kind']; onName: string }>(
    `select id, metric, on_kind as "onKind", on_name as "onName", version, arm, part, valid_from as "from", at, value, low, high,
       details, recorded_at as "recordedAt"
     from monitoring.measure
     where on_kind = $1 and on_name = $2 and ($3::text[] is null or metric = any ($3)) and ($4::int is null or version = $4)
       and ($5::timestamptz is null or at >= $5) and ($6::timestamptz is null or at <= $6)
       and ($7::timestamptz is null or recorded_at <= $7)
     order by at desc, id desc limit $8`,
    [on.kind, on.name, metrics, version, from, to, knownAt, limit],
  )
  return rows.map(({ onKind, onName, ...row }) => ({ ...row, on: { kind: onKind, name: onName } }))
}

function finite(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? value : null
}
