import { preparedShape } from '../../db/prepared-shapes.ts'
import type { Sql } from '../../db/sql.ts'
import type { KeyValue } from './runs.ts'

export type DatasetRow = {
  name: string
  digest: string
  sourceType: string
  source: string
  schema: string | null
  profile: string | null
}

export type InputRow = { dataset: DatasetRow; tags: KeyValue[] }

/** Of a dataset, and of a tag of one, that is given twice the last counts. In order of name, so that no two wait for each other. */
export async function upsertInputs(sql: Sql, runId: string, inputs: readonly InputRow[]): Promise<void> {
  const datasets = new Map(inputs.map(({ dataset }) => [JSON.stringify([dataset.name, dataset.digest]), dataset]))
  const tags = new Map<string, { name: string; digest: string } & KeyValue>()
  for (const { dataset, tags: own } of inputs) {
    const { name, digest } = dataset
    for (const { key, value } of own) tags.set(JSON.stringify([name, digest, key]), { name, digest, key, value })
  }
  const columns = ['name', 'digest', 'sourceType', 'source', 'schema', 'profile'] as const
  const ofTags = ['name', 'digest', 'key', 'value'] as const
  await preparedShape(
    sql,
    `with made as (
       insert into tracking.dataset (experiment_id, name, digest, source_type, source, schema, profile)
       select r.experiment_id, g.* from tracking.run r,
         unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])
           as g (name, digest, source_type, source, schema, profile)
       where r.run_id = $1 order by g.name, g.digest
       on conflict (experiment_id, name, digest) do update set source = tracking.dataset.source
       returning dataset_id, name, digest
     ),
     used as (
       insert into tracking.input (run_id, dataset_id) select $1, dataset_id from made
       on conflict do nothing
     )
     insert into tracking.input_tag (run_id, dataset_id, key, value)
     select $1, made.dataset_id, g.key, g.value
     from unnest($8::text[], $9::text[], $10::text[], $11::text[]) as g (name, digest, key, value)
     join made using (name, digest)
     on conflict (run_id, dataset_id, key) do update set value = excluded.value`,
    [
      runId,
      ...columns.map((column) => [...datasets.values()].map((dataset) => dataset[column])),
      ...ofTags.map((column) => [...tags.values()].map((tag) => tag[column])),
    ],
  )
}

/** Which uses of datasets are known of a run: the first of each, by its context, empty where it has none. */
export async function selectContexts(
  sql: Sql,
  runId: string,
  names: readonly string[],
): Promise<{ name: string; digest: string; context: string }[]> {
  return preparedShape(
    sql,
    `select d.name, d.digest, coalesce(t.value, '') as context
     from tracking.input i join tracking.dataset d using (dataset_id)
     left join tracking.input_tag t on t.run_id = i.run_id and t.dataset_id = i.dataset_id and t.key = '${CONTEXT_TAG}'
     where i.run_id = $1 and d.name = any($2)`,
    [runId, names],
  )
}

/** Uses of datasets that the run used before for something else. */
export async function upsertInputsAgain(
  sql: Sql,
  runId: string,
  again: readonly { name: string; digest: string; context: string; tags: Record<string, string> }[],
): Promise<void> {
  await preparedShape(
    sql,
    `insert into tracking.input_again as a (run_id, dataset_id, context, tags)
     select $1, d.dataset_id, g.context, g.tags
     from jsonb_to_recordset($2::jsonb) as g (name text, digest text, context text, tags jsonb)
     join tracking.run r on r.run_id = $1
     join tracking.dataset d on d.experiment_id = r.experiment_id and d.name = g.name and d.digest = g.digest
     on conflict (run_id, dataset_id, context) do update set tags = a.tags || excluded.tags`,
    [runId, JSON.stringify(again)],
  )
}

export const CONTEXT_TAG = 'mlflow.data.context'

export type DatasetSummary = { experimentId: string; name: string; digest: string; context: string | null }

export function selectDatasetSummaries(sql: Sql, experimentIds: string[], limit: number): Promise<DatasetSummary[]> {
  return preparedShape<DatasetSummary>(
    sql,
    `select distinct d.experiment_id::text as "experimentId", d.name, d.digest, u.context
     from tracking.dataset d left join (
       select i.dataset_id, t.value as context from tracking.input i
       left join tracking.input_tag t on t.run_id = i.run_id and t.dataset_id = i.dataset_id and t.key = '${CONTEXT_TAG}'
       union all select dataset_id, nullif(context, '') from tracking.input_again
     ) u using (dataset_id)
     where d.experiment_id = any($1::bigint[]) order by 1, 2, 3, 4 limit $2`,
    [experimentIds, limit],
  )
}

/** How much the datasets of a run are, by lengths that PostgreSQL knows without reading the texts. */
export async function selectInputSize(sql: Sql, runId: string): Promise<{ count: number; bytes: number }> {
  const [row] = await preparedShape<{ count: number; bytes: number }>(
    sql,
    `select count(*) + (select count(*) from tracking.input_again a where a.run_id = $1) as count, coalesce(sum(
       octet_length(d.source) + coalesce(octet_length(d.schema), 0) + coalesce(octet_length(d.profile), 0)), 0)::bigint as bytes
     from tracking.input i join tracking.dataset d using (dataset_id) where i.run_id = $1`,
    [runId],
  )
  return row!
}

export async function selectInputs(sql: Sql, runIds: string[]): Promise<Map<string, InputRow[]>> {
  const rows = await preparedShape<DatasetRow & { runId: string; tags: KeyValue[] }>(
    sql,
    `select i.run_id as "runId", d.name, d.digest, d.source_type as "sourceType", d.source, d.schema, d.profile,
       coalesce((select json_agg(json_build_object('key', t.key, 'value', t.value) order by t.key)
                 from tracking.input_tag t where t.run_id = i.run_id and t.dataset_id = i.dataset_id), '[]') as tags
     from tracking.input i join tracking.dataset d using (dataset_id)
     where i.run_id = any($1)
     union all
     select a.run_id, d.name, d.digest, d.source_type, d.source, d.schema, d.profile,
       (select json_agg(json_build_object('key', t.key, 'value', t.value) order by t.key) from jsonb_each_text(a.tags) t)
     from tracking.input_again a join tracking.dataset d using (dataset_id)
     where a.run_id = any($1)`,
    [runIds],
  )
  const byRun = new Map<string, InputRow[]>()
  for (const { runId, tags, ...dataset } of rows) {
    const inputs = byRun.get(runId) ?? []
    inputs.push({ dataset, tags: tags ?? [] })
    byRun.set(runId, inputs)
  }
  return byRun
}
