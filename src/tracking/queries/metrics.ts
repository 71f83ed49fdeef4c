import { preparedShape } from '../../db/prepared-shapes.ts'
import type { Sql } from '../../db/sql.ts'
import type { MetricPoint } from './runs.ts'

export type RunPoint = MetricPoint & { run_id: string }

/**
 * History and latest value of the runs that are active, in one statement; gives the stage of each run that there is.
 * The latest is the greatest (step, timestamp, value); the history is keyed by the whole point, so the same one is kept
 * once. Keys are sorted, so that two batches cannot wait for each other.
 */
export async function insertMetrics(
  sql: Sql,
  points: readonly RunPoint[],
): Promise<{ run_id: string; lifecycle_stage: 'active' | 'deleted' }[]> {
  return sql.prepared('tracking_insert_metrics', insertStatement('on conflict do nothing'), parametersOf(points))
}

const UNIQUE_VIOLATION = '23505'

/**
 * The same for points that are hardly ever there already, outside of a transaction. Without a look for each one whether
 * it is there, which took a third of the time: when one is, nothing is written, and all are written the careful way.
 */
export async function insertFreshMetrics(sql: Sql, points: readonly RunPoint[]): ReturnType<typeof insertMetrics> {
  try {
    return await sql.prepared('tracking_insert_fresh_metrics', insertStatement(''), parametersOf(points))
  } catch (error) {
    if ((error as { code?: string }).code !== UNIQUE_VIOLATION) throw error
    return insertMetrics(sql, points)
  }
}

function insertStatement(whenThere: string): string {
  return `with runs as materialized (
       select run_id, experiment_id, lifecycle_stage from tracking.run where run_id = any($1::text[])
     ),
     given as (
       select runs.experiment_id, g.* from unnest($2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::double precision[])
         as g (run_id, key, timestamp_ms, step, value)
       join runs using (run_id) where runs.lifecycle_stage = 'active'
     ),
     latest as (
       insert into tracking.latest_metric as l (run_id, experiment_id, key, timestamp_ms, step, value)
       select distinct on (run_id, key) run_id, experiment_id, key, timestamp_ms, step, value from given
       order by run_id, key, step desc, timestamp_ms desc, value desc
       on conflict (run_id, key) do update
       set timestamp_ms = excluded.timestamp_ms, step = excluded.step, value = excluded.value
       where (excluded.step, excluded.timestamp_ms, excluded.value) > (l.step, l.timestamp_ms, l.value)
     ),
     history as (
       insert into tracking.metric (run_id, key, timestamp_ms, step, value)
       select distinct run_id, key, timestamp_ms, step, value from given
       order by run_id, key, timestamp_ms, step, value ${whenThere}
     ),
     counted as (
       insert into tracking.run_writes as w (run_id, slot, writes)
       select run_id, pg_backend_pid() % 16, 1 from runs where lifecycle_stage = 'active' order by run_id
       on conflict (run_id, slot) do update set writes = w.writes + 1
     )
     select run_id, lifecycle_stage from runs`
}

function parametersOf(points: readonly RunPoint[]): unknown[] {
  const runIds = points.map((p) => p.run_id)
  return [
    [...new Set(runIds)],
    runIds,
    points.map((p) => p.key),
    points.map((p) => p.timestamp_ms),
    points.map((p) => p.step),
    points.map((p) => p.value),
  ]
}

/** So many points behind one, in the same order. */
export function selectMetricHistoryAfter(
  sql: Sql,
  { runId, key, limit, after }: { runId: string; key: string; limit: number; after: MetricPoint | undefined },
): Promise<MetricPoint[]> {
  const behind =
    after === undefined ? 'true' : '(timestamp_ms, step, value) > ($4::bigint, $5::bigint, $6::double precision)'
  return preparedShape<MetricPoint>(
    sql,
    `select key, value, timestamp_ms, step from tracking.metric where run_id = $1 and key = $2 and ${behind}
     order by timestamp_ms, step, value limit $3::bigint`,
    [runId, key, limit, ...(after === undefined ? [] : [after.timestamp_ms, after.step, after.value])],
  )
}

export function selectMetricHistory(
  sql: Sql,
  runId: string,
  key: string,
  limit: number | null,
  offset: number,
): Promise<MetricPoint[]> {
  return sql.query<MetricPoint>(
    `select key, value, timestamp_ms, step from tracking.metric where run_id = $1 and key = $2
     order by timestamp_ms, step, value limit $3::bigint offset $4::bigint`,
    [runId, key, limit, offset],
  )
}
