import type { Sql } from '../../db/sql.ts'
import type { MetricPoint } from './runs.ts'

/**
 * History and latest value in one statement. The latest is the greatest (step, timestamp, value); the history is keyed
 * by the whole point, so the same one is kept once. Keys are sorted, so that two batches cannot wait for each other.
 */
export async function insertMetrics(sql: Sql, runId: string, points: MetricPoint[]): Promise<void> {
  await sql.query(
    `with given as (
       select distinct * from unnest($2::text[], $3::bigint[], $4::bigint[], $5::double precision[])
         as g (key, timestamp_ms, step, value)
     ),
     latest as (
       insert into tracking.latest_metric as l (run_id, key, timestamp_ms, step, value)
       select distinct on (key) $1, key, timestamp_ms, step, value from given
       order by key, step desc, timestamp_ms desc, value desc
       on conflict (run_id, key) do update
       set timestamp_ms = excluded.timestamp_ms, step = excluded.step, value = excluded.value
       where (excluded.step, excluded.timestamp_ms, excluded.value) > (l.step, l.timestamp_ms, l.value)
     )
     insert into tracking.metric (run_id, key, timestamp_ms, step, value)
     select $1, key, timestamp_ms, step, value from given order by key, timestamp_ms, step
     on conflict do nothing`,
    [
      runId,
      points.map((p) => p.key),
      points.map((p) => p.timestamp_ms),
      points.map((p) => p.step),
      points.map((p) => p.value),
    ],
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
