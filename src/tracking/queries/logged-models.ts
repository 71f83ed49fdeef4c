import type { Sql } from '../../db/sql.ts'
import type { KeyValue } from './runs.ts'

export type ModelStatus = 'PENDING' | 'READY' | 'FAILED'

export type LoggedModelRow = {
  modelId: string
  experimentId: string
  name: string
  modelType: string | null
  sourceRunId: string | null
  status: ModelStatus
  artifactUri: string
  lifecycleStage: 'active' | 'deleted'
  creationMs: number
  lastUpdateMs: number
  params: KeyValue[]
  tags: KeyValue[]
  /** The latest of each metric on each dataset; values as text, since JSON has no NaN. */
  metrics: ModelMetricRow[]
}

export type ModelMetricRow = {
  key: string
  value: string
  timestampMs: number
  /** As text too: it may be beyond 2^53. */
  step: string
  runId: string
  datasetName: string | null
  datasetDigest: string | null
}

const COLUMNS = `
  l.model_id as "modelId", l.experiment_id::text as "experimentId", l.name, l.model_type as "modelType",
  l.source_run_id as "sourceRunId", l.status, l.artifact_uri as "artifactUri", l.lifecycle_stage as "lifecycleStage",
  l.creation_ms as "creationMs", l.last_update_ms as "lastUpdateMs",
  coalesce((select json_agg(json_build_object('key', p.key, 'value', p.value) order by p.key)
            from tracking.logged_model_param p where p.model_id = l.model_id), '[]') as params,
  coalesce((select json_agg(json_build_object('key', t.key, 'value', t.value) order by t.key)
            from tracking.logged_model_tag t where t.model_id = l.model_id), '[]') as tags,
  coalesce((select json_agg(m order by m.key) from (
              select distinct on (m.key, m.dataset_name, m.dataset_digest)
                m.key, m.value::text, m.timestamp_ms as "timestampMs", m.step::text, m.run_id as "runId",
                m.dataset_name as "datasetName", m.dataset_digest as "datasetDigest"
              from tracking.logged_model_metric m where m.model_id = l.model_id
              order by m.key, m.dataset_name, m.dataset_digest, m.step desc, m.timestamp_ms desc, m.value desc
            ) m), '[]') as metrics`

export type NewLoggedModelRow = Pick<
  LoggedModelRow,
  'modelId' | 'experimentId' | 'name' | 'modelType' | 'sourceRunId' | 'artifactUri'
> & { nowMs: number }

export async function insertLoggedModel(sql: Sql, model: NewLoggedModelRow): Promise<void> {
  await sql.query(
    `insert into tracking.logged_model (model_id, experiment_id, name, model_type, source_run_id, status, artifact_uri,
       creation_ms, last_update_ms)
     values ($1, $2::bigint, $3, $4, $5, 'PENDING', $6, $7, $7)`,
    [model.modelId, model.experimentId, model.name, model.modelType, model.sourceRunId, model.artifactUri, model.nowMs],
  )
}

export async function selectLoggedModel(sql: Sql, modelId: string): Promise<LoggedModelRow | undefined> {
  const rows = await sql.query<LoggedModelRow>(`select ${COLUMNS} from tracking.logged_model l where l.model_id = $1`, [
    modelId,
  ])
  return rows[0]
}

/** Holds off other changes until the transaction ends; false when there is no such model. */
export async function lockLoggedModel(sql: Sql, modelId: string): Promise<boolean> {
  const text = 'select 1 from tracking.logged_model where model_id = $1 for update'
  return (await sql.query(text, [modelId])).length > 0
}

/** Those of the ids that name a model that is not deleted. */
export async function selectKnownModels(sql: Sql, modelIds: string[]): Promise<string[]> {
  const rows = await sql.query<{ modelId: string }>(
    `select model_id as "modelId" from tracking.logged_model where model_id = any($1) and lifecycle_stage = 'active'`,
    [modelIds],
  )
  return rows.map((row) => row.modelId)
}

/** In the order of the ids. */
export function selectLoggedModels(sql: Sql, modelIds: readonly string[]): Promise<LoggedModelRow[]> {
  return sql.query<LoggedModelRow>(
    `select ${COLUMNS} from unnest($1::text[]) with ordinality as g (model_id, place)
     join tracking.logged_model l using (model_id) order by g.place`,
    [modelIds],
  )
}

/** `where` and `orderBy` come from the search translator, with their values from $4 on. */
export function searchLoggedModels(
  sql: Sql,
  search: {
    experimentIds: string[]
    /** [{dataset_name, dataset_digest?}]: only models that were measured on one of them; null for all. */
    datasets: object[] | null
    limit: number
    offset: number
    where: string
    orderBy: string
    values: unknown[]
  },
): Promise<{ modelId: string }[]> {
  return sql.query<{ modelId: string }>(
    `select l.model_id as "modelId" from tracking.logged_model l
     where l.experiment_id = any($1::bigint[]) and l.lifecycle_stage = 'active'
       and ($2::json is null or exists (
         select 1 from tracking.logged_model_metric m
         join json_to_recordset($2::json) as d (dataset_name text, dataset_digest text)
           on d.dataset_name = m.dataset_name and (d.dataset_digest is null or d.dataset_digest = m.dataset_digest)
         where m.model_id = l.model_id))
       and ${search.where}
     order by ${search.orderBy} limit $3::integer offset ${Number(search.offset)}`,
    [
      search.experimentIds,
      search.datasets === null ? null : JSON.stringify(search.datasets),
      search.limit,
      ...search.values,
    ],
  )
}

export async function updateLoggedModel(
  sql: Sql,
  modelId: string,
  change: { status?: ModelStatus; stage?: 'deleted'; nowMs: number },
): Promise<void> {
  await sql.query(
    `update tracking.logged_model
     set status = coalesce($2, status), lifecycle_stage = coalesce($3, lifecycle_stage), last_update_ms = $4
     where model_id = $1`,
    [modelId, change.status ?? null, change.stage ?? null, change.nowMs],
  )
}

export async function upsertModelTags(sql: Sql, modelId: string, tags: KeyValue[]): Promise<void> {
  await sql.query(
    `insert into tracking.logged_model_tag (model_id, key, value)
     select $1, key, value from unnest($2::text[], $3::text[]) as g (key, value) order by key
     on conflict (model_id, key) do update set value = excluded.value`,
    [modelId, tags.map((t) => t.key), tags.map((t) => t.value)],
  )
}

export async function deleteModelTag(sql: Sql, modelId: string, key: string): Promise<boolean> {
  const rows = await sql.query('delete from tracking.logged_model_tag where model_id = $1 and key = $2 returning key', [
    modelId,
    key,
  ])
  return rows.length > 0
}

/** Writes those whose keys are new, and gives their keys. */
export async function insertModelParams(sql: Sql, modelId: string, params: KeyValue[]): Promise<string[]> {
  const rows = await sql.query<{ key: string }>(
    `insert into tracking.logged_model_param (model_id, key, value)
     select $1, key, value from unnest($2::text[], $3::text[]) as g (key, value) order by key
     on conflict (model_id, key) do nothing returning key`,
    [modelId, params.map((p) => p.key), params.map((p) => p.value)],
  )
  return rows.map((row) => row.key)
}

export type ModelMetric = {
  modelId: string
  key: string
  value: number
  timestampMs: number
  step: number | bigint
  datasetName: string | null
  datasetDigest: string | null
}

export async function insertModelMetrics(sql: Sql, runId: string, metrics: ModelMetric[]): Promise<void> {
  await sql.query(
    `insert into tracking.logged_model_metric
       (model_id, run_id, key, timestamp_ms, step, value, dataset_name, dataset_digest)
     select model_id, $1, key, timestamp_ms, step, value, dataset_name, dataset_digest
     from unnest($2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::double precision[], $7::text[], $8::text[])
       as g (model_id, key, timestamp_ms, step, value, dataset_name, dataset_digest)
     order by model_id, key, timestamp_ms, step
     on conflict do nothing`,
    [
      runId,
      metrics.map((m) => m.modelId),
      metrics.map((m) => m.key),
      metrics.map((m) => m.timestampMs),
      metrics.map((m) => m.step),
      metrics.map((m) => m.value),
      metrics.map((m) => m.datasetName),
      metrics.map((m) => m.datasetDigest),
    ],
  )
}
