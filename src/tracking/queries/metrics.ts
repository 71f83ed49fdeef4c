import { preparedShape } from '../../db/prepared-shapes.ts'
import type { Sql } from '../../db/sql.ts'
import { type RunPoint, seriesOf } from '../series.ts'
import type { MetricPoint } from './runs.ts'

/**
 * History and latest value of the runs that are active, in one statement; gives the stage of each run that there is.
 * The latest is the greatest (step, timestamp, value); the history is keyed by the whole point, so the same one is kept
 * once. Keys are sorted, so that two batches cannot wait for each other.
 */
export async function insertMetrics(
  sql: Sql,
  points: readonly RunPoint[],
): Promise<{ runId: string; lifecycleStage: 'active' | 'deleted' }[]> {
  return sql.prepared('tracking_insert_metrics', insertStatement('on conflict do nothing'), parametersOf(points))
}

const IS_LATER = '(excluded.step, excluded.timestamp_ms, excluded.value) > (l.step, l.timestamp_ms, l.value)'

/** To PostgreSQL a NaN is greater than every number, so it is always made less and never greater. */
const IS_GREATER = `(excluded.greatest <> 'NaN' and (excluded.greatest > l.greatest or l.greatest = 'NaN'))`

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

/**
 * What is of a series comes once ($1 to $5 with its latest point, $10 and $11), and of a point only numbers ($6 to $9, the place of
 * its series first). A series that is made by two at once is made once: the other waits, and gets the same number.
 */
function insertStatement(whenThere: string): string {
  return `with asked as materialized (
       select g.*, r.experiment_id, r.lifecycle_stage
       from unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::double precision[], $10::double precision[],
         $11::double precision[]) with ordinality
         as g (run_id, key, timestamp_ms, step, value, least, greatest, place)
       join tracking.run r using (run_id)
     ),
     given as materialized (
       select asked.*, (select s.series_id from tracking.series s where s.run_id = asked.run_id and s.key = asked.key)
       from asked where lifecycle_stage = 'active'
     ),
     made as (
       insert into tracking.series (run_id, key)
       select run_id, key from given where series_id is null order by run_id, key
       on conflict (run_id, key) do update set key = excluded.key returning series_id, run_id, key
     ),
     numbered as (
       select place, series_id from given where series_id is not null
       union all select given.place, made.series_id from made join given using (run_id, key)
     ),
     latest as (
       insert into tracking.latest_metric as l (run_id, experiment_id, key, timestamp_ms, step, value, least, greatest)
       select run_id, experiment_id, key, timestamp_ms, step, value, least, greatest from given order by run_id, key
       on conflict (run_id, key) do update
       set timestamp_ms = case when ${IS_LATER} then excluded.timestamp_ms else l.timestamp_ms end,
         step = case when ${IS_LATER} then excluded.step else l.step end,
         value = case when ${IS_LATER} then excluded.value else l.value end,
         least = case when excluded.least < l.least then excluded.least else l.least end,
         greatest = case when ${IS_GREATER} then excluded.greatest else l.greatest end,
         toggle = not l.toggle
       where ${IS_LATER} or excluded.least < l.least or ${IS_GREATER}
     ),
     history as (
       insert into tracking.point (series_id, timestamp_ms, step, value)
       select n.series_id, p.timestamp_ms, p.step, p.value
       from unnest($6::integer[], $7::bigint[], $8::bigint[], $9::double precision[]) as p (place, timestamp_ms, step, value)
       join numbered n using (place) order by 1, 2, 3, 4 ${whenThere}
     ),
     counted as (
       insert into tracking.run_writes as w (run_id, slot, writes)
       select distinct run_id, pg_backend_pid() % 16, 1 from given order by run_id
       on conflict (run_id, slot) do update set writes = w.writes + 1
     )
     select distinct run_id as "runId", lifecycle_stage as "lifecycleStage" from asked`
}

function parametersOf(points: readonly RunPoint[]): unknown[] {
  const { series, places } = seriesOf(points)
  const latest = series.map((s) => s.latest)
  return [
    series.map((s) => s.runId),
    series.map((s) => s.key),
    numbers(latest.map((p) => p.timestampMs)),
    numbers(latest.map((p) => p.step)),
    numbers(latest.map((p) => p.value)),
    numbers(places),
    numbers(points.map((p) => p.timestampMs)),
    numbers(points.map((p) => p.step)),
    numbers(points.map((p) => p.value)),
    numbers(series.map((s) => s.least)),
    numbers(series.map((s) => s.greatest)),
  ]
}

/** As PostgreSQL reads an array. The driver quotes and escapes each element: 1.2 ms for a batch of 1,000, this is 0.2. */
function numbers(values: readonly (number | bigint)[]): string {
  return `{${values.join(',')}}`
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
    `select $2::text as key, value, timestamp_ms as "timestampMs", step from tracking.point where ${OF_SERIES} and ${behind}
     order by timestamp_ms, step, value limit $3::bigint`,
    [runId, key, limit, ...(after === undefined ? [] : [after.timestampMs, after.step, after.value])],
  )
}

/** Equal to one number, so that the index gives the points in their order, also where the plan is made for any series. */
const OF_SERIES = 'series_id = (select s.series_id from tracking.series s where s.run_id = $1 and s.key = $2)'

export function selectMetricHistory(
  sql: Sql,
  runId: string,
  key: string,
  limit: number | null,
  offset: number,
): Promise<MetricPoint[]> {
  return sql.query<MetricPoint>(
    `select $2::text as key, value, timestamp_ms as "timestampMs", step from tracking.point where ${OF_SERIES}
     order by timestamp_ms, step, value limit $3::bigint offset $4::bigint`,
    [runId, key, limit, offset],
  )
}
