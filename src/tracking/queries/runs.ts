import type { Sql } from '../../db/sql.ts'

export type RunStatus = 'RUNNING' | 'SCHEDULED' | 'FINISHED' | 'FAILED' | 'KILLED'

export type KeyValue = { key: string; value: string }
export type MetricPoint = { key: string; value: number; timestamp_ms: number; step: number }

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
  /** Values as text, since JSON has no NaN. */
  metrics: { key: string; value: string; timestamp_ms: number; step: number }[]
}

const COLUMNS = `
  r.run_id, r.experiment_id::text, r.name, r.user_id, r.status, r.start_ms, r.end_ms, r.artifact_uri, r.lifecycle_stage,
  coalesce((select json_agg(json_build_object('key', p.key, 'value', p.value) order by p.key)
            from tracking.param p where p.run_id = r.run_id), '[]') as params,
  coalesce((select json_agg(json_build_object('key', t.key, 'value', t.value) order by t.key)
            from tracking.tag t where t.run_id = r.run_id), '[]') as tags,
  coalesce((select json_agg(json_build_object('key', m.key, 'value', m.value::text, 'timestamp_ms', m.timestamp_ms, 'step', m.step) order by m.key)
            from tracking.latest_metric m where m.run_id = r.run_id), '[]') as metrics`

export async function insertRun(
  sql: Sql,
  run: Omit<RunRow, 'params' | 'tags' | 'metrics' | 'end_ms' | 'lifecycle_stage'>,
): Promise<void> {
  await sql.query(
    `insert into tracking.run (run_id, experiment_id, name, user_id, status, start_ms, artifact_uri)
     values ($1, $2::bigint, $3, $4, $5, $6, $7)
     on conflict (run_id) do nothing`,
    [run.run_id, run.experiment_id, run.name, run.user_id, run.status, run.start_ms, run.artifact_uri],
  )
}

export async function selectRun(sql: Sql, runId: string): Promise<RunRow | undefined> {
  const rows = await sql.query<RunRow>(`select ${COLUMNS} from tracking.run r where r.run_id = $1`, [runId])
  return rows[0]
}

/** Takes no lock: what is logged while a run is being deleted was logged just before that. */
export async function selectRunStage(
  sql: Sql,
  runId: string,
): Promise<{ lifecycle_stage: 'active' | 'deleted'; artifact_uri: string } | undefined> {
  const rows = await sql.query<{ lifecycle_stage: 'active' | 'deleted'; artifact_uri: string }>(
    'select lifecycle_stage, artifact_uri from tracking.run where run_id = $1',
    [runId],
  )
  return rows[0]
}

/** `where` and `orderBy` come from the search translator, with their values from $4 on. */
export function searchRuns(
  sql: Sql,
  search: {
    experimentIds: string[]
    stages: string[]
    limit: number
    offset: number
    where: string
    orderBy: string
    values: unknown[]
  },
): Promise<RunRow[]> {
  return sql.query<RunRow>(
    `with page as materialized (
       select found.run_id, row_number() over () as position from (
         select r.run_id from tracking.run r
         where r.experiment_id = any($1::bigint[]) and r.lifecycle_stage = any($2) and ${search.where}
         order by ${search.orderBy} limit $3::integer offset ${Number(search.offset)}
       ) found
     )
     select ${COLUMNS} from page join tracking.run r using (run_id) order by page.position`,
    [search.experimentIds, search.stages, search.limit, ...search.values],
  )
}

export async function updateRun(
  sql: Sql,
  runId: string,
  change: { status: RunStatus | null; endMs: number | null; name: string | null },
): Promise<void> {
  await sql.query(
    `update tracking.run set status = coalesce($2, status), end_ms = coalesce($3, end_ms), name = coalesce($4, name)
     where run_id = $1`,
    [runId, change.status, change.endMs, change.name],
  )
}

export async function updateRunStage(sql: Sql, runId: string, stage: 'active' | 'deleted'): Promise<void> {
  await sql.query('update tracking.run set lifecycle_stage = $2 where run_id = $1', [runId, stage])
}

/** Waits for others that change the run, until the transaction ends. */
export async function lockRun(sql: Sql, runId: string): Promise<void> {
  await sql.query('select 1 from tracking.run where run_id = $1 for no key update', [runId])
}

export async function selectTag(sql: Sql, runId: string, key: string): Promise<string | undefined> {
  const rows = await sql.query<{ value: string }>('select value from tracking.tag where run_id = $1 and key = $2', [
    runId,
    key,
  ])
  return rows[0]?.value
}

/** Writes those whose keys are new, and gives their keys. */
export function insertParams(sql: Sql, runId: string, params: KeyValue[]): Promise<{ key: string }[]> {
  return sql.query<{ key: string }>(
    `insert into tracking.param (run_id, key, value)
     select $1, key, value from unnest($2::text[], $3::text[]) as g (key, value) order by key
     on conflict (run_id, key) do nothing returning key`,
    [runId, params.map((p) => p.key), params.map((p) => p.value)],
  )
}

export function selectParams(sql: Sql, runId: string, keys: string[]): Promise<KeyValue[]> {
  return sql.query<KeyValue>('select key, value from tracking.param where run_id = $1 and key = any($2)', [runId, keys])
}

export async function upsertTags(sql: Sql, runId: string, tags: KeyValue[]): Promise<void> {
  await sql.query(
    `insert into tracking.tag (run_id, key, value)
     select $1, key, value from unnest($2::text[], $3::text[]) as g (key, value) order by key
     on conflict (run_id, key) do update set value = excluded.value`,
    [runId, tags.map((t) => t.key), tags.map((t) => t.value)],
  )
}

export async function deleteTag(sql: Sql, runId: string, key: string): Promise<boolean> {
  const rows = await sql.query('delete from tracking.tag where run_id = $1 and key = $2 returning key', [runId, key])
  return rows.length > 0
}
