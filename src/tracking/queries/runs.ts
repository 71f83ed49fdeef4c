import { preparedShape } from '../../db/prepared-shapes.ts'
import type { Sql } from '../../db/sql.ts'

export type RunStatus = 'RUNNING' | 'SCHEDULED' | 'FINISHED' | 'FAILED' | 'KILLED'

export type KeyValue = { key: string; value: string }
/** A step is an int64: a bigint beyond 2^53. */
export type MetricPoint = { key: string; value: number; timestampMs: number; step: number | bigint }

export type RunRow = {
  runId: string
  experimentId: string
  name: string
  userId: string
  status: RunStatus
  startMs: number
  endMs: number | null
  artifactUri: string
  lifecycleStage: 'active' | 'deleted'
  params: KeyValue[]
  tags: KeyValue[]
  metrics: MetricPoint[]
}

const COLUMNS = `
  r.run_id as "runId", r.experiment_id::text as "experimentId", r.name, r.user_id as "userId", r.status,
  r.start_ms as "startMs", r.end_ms as "endMs", r.artifact_uri as "artifactUri", r.lifecycle_stage as "lifecycleStage"`

/** False when there is a run of that id. */
export async function insertRun(
  sql: Sql,
  run: Omit<RunRow, 'params' | 'tags' | 'metrics' | 'endMs' | 'lifecycleStage'>,
): Promise<boolean> {
  const rows = await preparedShape(
    sql,
    `insert into tracking.run (run_id, experiment_id, name, user_id, status, start_ms, artifact_uri)
     values ($1, $2::bigint, $3, $4, $5, $6, $7)
     on conflict (run_id) do nothing returning run_id`,
    [run.runId, run.experimentId, run.name, run.userId, run.status, run.startMs, run.artifactUri],
  )
  return rows.length > 0
}

export async function selectRun(sql: Sql, runId: string): Promise<RunRow | undefined> {
  return (await selectRuns(sql, [runId]))[0]
}

type OfRun<T> = T & { runId: string }

/**
 * The runs with what they logged, in the order of the ids; those that are not there are left out. One statement a
 * table, side by side: gathering lists as JSON inside PostgreSQL took twice as long.
 */
export async function selectRuns(sql: Sql, ids: readonly string[]): Promise<RunRow[]> {
  const of = <T>(text: string) =>
    preparedShape<OfRun<T>>(sql, `${text} where run_id = any($1::text[]) order by key`, [ids])
  const [runs, params, tags, metrics] = await Promise.all([
    preparedShape<RunRow>(sql, `select ${COLUMNS} from tracking.run r where r.run_id = any($1::text[])`, [ids]),
    of<KeyValue>('select run_id as "runId", key, value from tracking.param'),
    of<KeyValue>('select run_id as "runId", key, value from tracking.tag'),
    of<MetricPoint>(
      'select run_id as "runId", key, value, timestamp_ms as "timestampMs", step from tracking.latest_metric',
    ),
  ])
  const found = new Map(runs.map((run) => [run.runId, { ...run, params: [], tags: [], metrics: [] } as RunRow]))
  for (const { runId, ...param } of params) found.get(runId)?.params.push(param)
  for (const { runId, ...tag } of tags) found.get(runId)?.tags.push(tag)
  for (const { runId, ...metric } of metrics) found.get(runId)?.metrics.push(metric)
  return ids.flatMap((id) => found.get(id) ?? [])
}

export async function selectRunStage(
  sql: Sql,
  runId: string,
): Promise<{ lifecycleStage: 'active' | 'deleted'; artifactUri: string } | undefined> {
  const rows = await preparedShape<{ lifecycleStage: 'active' | 'deleted'; artifactUri: string }>(
    sql,
    'select lifecycle_stage as "lifecycleStage", artifact_uri as "artifactUri" from tracking.run where run_id = $1',
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
