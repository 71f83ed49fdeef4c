import { preparedShape } from '../../db/prepared-shapes.ts'
import type { Sql } from '../../db/sql.ts'

export type RunStatus = 'RUNNING' | 'SCHEDULED' | 'FINISHED' | 'FAILED' | 'KILLED'

export type KeyValue = { key: string; value: string }
/** A step is an int64: a bigint beyond 2^53. */
export type MetricPoint = { key: string; value: number; timestamp_ms: number; step: number | bigint }

export type RunRow = {
  run_id: string
  experiment_id: string
  name: string
  user_id: string
  status: RunStatus
  start_ms: number
  end_ms: number | null
  artifact_uri: string
  lifecycle_stage: 'active' | 'deleted'
  params: KeyValue[]
  tags: KeyValue[]
  metrics: MetricPoint[]
}

const COLUMNS = `
  r.run_id, r.experiment_id::text, r.name, r.user_id, r.status, r.start_ms, r.end_ms, r.artifact_uri, r.lifecycle_stage`

/** False when there is a run of that id. */
export async function insertRun(
  sql: Sql,
  run: Omit<RunRow, 'params' | 'tags' | 'metrics' | 'end_ms' | 'lifecycle_stage'>,
): Promise<boolean> {
  const rows = await preparedShape(
    sql,
    `insert into tracking.run (run_id, experiment_id, name, user_id, status, start_ms, artifact_uri)
     values ($1, $2::bigint, $3, $4, $5, $6, $7)
     on conflict (run_id) do nothing returning run_id`,
    [run.run_id, run.experiment_id, run.name, run.user_id, run.status, run.start_ms, run.artifact_uri],
  )
  return rows.length > 0
}

export async function selectRun(sql: Sql, runId: string): Promise<RunRow | undefined> {
  return (await selectRuns(sql, [runId]))[0]
}

type OfRun<T> = T & { run_id: string }

/**
 * The runs with what they logged, in the order of the ids; those that are not there are left out. One statement a
 * table, side by side: gathering lists as JSON inside PostgreSQL took twice as long.
 */
export async function selectRuns(sql: Sql, ids: readonly string[]): Promise<RunRow[]> {
  const of = <T>(text: string) =>
    preparedShape<OfRun<T>>(sql, `${text} where run_id = any($1::text[]) order by key`, [ids])
  const [runs, params, tags, metrics] = await Promise.all([
    preparedShape<RunRow>(sql, `select ${COLUMNS} from tracking.run r where r.run_id = any($1::text[])`, [ids]),
    of<KeyValue>('select run_id, key, value from tracking.param'),
    of<KeyValue>('select run_id, key, value from tracking.tag'),
    of<MetricPoint>('select run_id, key, value, timestamp_ms, step from tracking.latest_metric'),
  ])
  const found = new Map(runs.map((run) => [run.run_id, { ...run, params: [], tags: [], metrics: [] } as RunRow]))
  for (const { run_id, ...param } of params) found.get(run_id)?.params.push(param)
  for (const { run_id, ...tag } of tags) found.get(run_id)?.tags.push(tag)
  for (const { run_id, ...metric } of metrics) found.get(run_id)?.metrics.push(metric)
  return ids.flatMap((id) => found.get(id) ?? [])
}

export async function selectRunStage(
  sql: Sql,
  runId: string,
): Promise<{ lifecycle_stage: 'active' | 'deleted'; artifact_uri: string } | undefined> {
  const rows = await preparedShape<{ lifecycle_stage: 'active' | 'deleted'; artifact_uri: string }>(
    sql,
    'select lifecycle_stage, artifact_uri from tracking.run where run_id = $1',
    [runId],
  )
  return rows[0]
}

/** Counts a change of what a run logged: the last statement of whoever makes one, but for metrics, which count their own. */
export async function countWrite(sql: Sql, runId: string): Promise<void> {
  await sql.prepared(
    'tracking_count_write',
    `insert into tracking.run_writes as w (run_id, slot, writes) values ($1, pg_backend_pid() % 16, 1)
     on conflict (run_id, slot) do update set writes = w.writes + 1`,
    [runId],
  )
}

/** Lets one after the other read and change the models that a run logged. */
export async function lockModelHistory(sql: Sql, runId: string): Promise<void> {
  await preparedShape(sql, "select pg_advisory_xact_lock(hashtextextended('model history of ' || $1, 0))", [runId])
}

/** Lets one after the other look which datasets a run used and add to them. */
export async function lockInputs(sql: Sql, runId: string): Promise<void> {
  await preparedShape(sql, "select pg_advisory_xact_lock(hashtextextended('inputs of ' || $1, 0))", [runId])
}

export async function updateRun(
  sql: Sql,
  runId: string,
  change: { status: RunStatus | null; endMs: number | null; name: string | null },
): Promise<void> {
  await preparedShape(
    sql,
    `update tracking.run set status = coalesce($2, status), end_ms = coalesce($3, end_ms), name = coalesce($4, name), revision = revision + 1
     where run_id = $1`,
    [runId, change.status, change.endMs, change.name],
  )
}

/** `deletedMs` is null for an active run. */
export async function updateRunStage(sql: Sql, runId: string, deletedMs: number | null): Promise<void> {
  await preparedShape(
    sql,
    `update tracking.run set lifecycle_stage = case when $2::bigint is null then 'active' else 'deleted' end, deleted_ms = $2,
       revision = revision + 1
     where run_id = $1`,
    [runId, deletedMs],
  )
}

export async function selectTag(sql: Sql, runId: string, key: string): Promise<string | undefined> {
  const rows = await preparedShape<{ value: string }>(
    sql,
    'select value from tracking.tag where run_id = $1 and key = $2',
    [runId, key],
  )
  return rows[0]?.value
}

/** Writes those whose keys are new, and gives their keys. */
export function insertParams(sql: Sql, runId: string, params: KeyValue[]): Promise<{ key: string }[]> {
  return preparedShape<{ key: string }>(
    sql,
    `insert into tracking.param (run_id, key, value)
     select $1, key, value from unnest($2::text[], $3::text[]) as g (key, value) order by key
     on conflict (run_id, key) do nothing returning key`,
    [runId, params.map((p) => p.key), params.map((p) => p.value)],
  )
}

export function selectParams(sql: Sql, runId: string, keys: string[]): Promise<KeyValue[]> {
  return preparedShape<KeyValue>(sql, 'select key, value from tracking.param where run_id = $1 and key = any($2)', [
    runId,
    keys,
  ])
}

export async function upsertTags(sql: Sql, runId: string, tags: KeyValue[]): Promise<void> {
  await preparedShape(
    sql,
    `insert into tracking.tag (run_id, key, value)
     select $1, key, value from unnest($2::text[], $3::text[]) as g (key, value) order by key
     on conflict (run_id, key) do update set value = excluded.value`,
    [runId, tags.map((t) => t.key), tags.map((t) => t.value)],
  )
}

export async function deleteTag(sql: Sql, runId: string, key: string): Promise<boolean> {
  const rows = await preparedShape(sql, 'delete from tracking.tag where run_id = $1 and key = $2 returning key', [
    runId,
    key,
  ])
  return rows.length > 0
}
