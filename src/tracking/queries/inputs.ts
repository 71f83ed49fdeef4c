import { preparedShape } from '../../db/prepared-shapes.ts'
import type { Sql } from '../../db/sql.ts'
import type { KeyValue } from './runs.ts'

export type DatasetRow = {
  name: string
  digest: string
  source_type: string
  source: string
  schema: string | null
  profile: string | null
}

export type InputRow = { dataset: DatasetRow; tags: KeyValue[] }

export async function upsertInput(sql: Sql, runId: string, { dataset, tags }: InputRow): Promise<void> {
  await preparedShape(
    sql,
    `with made as (
       insert into tracking.dataset (experiment_id, name, digest, source_type, source, schema, profile)
       select experiment_id, $2, $3, $4, $5, $6, $7 from tracking.run where run_id = $1
       on conflict (experiment_id, name, digest) do update set source = tracking.dataset.source
       returning dataset_id
     ),
     used as (
       insert into tracking.input (run_id, dataset_id) select $1, dataset_id from made
       on conflict do nothing
     )
     insert into tracking.input_tag (run_id, dataset_id, key, value)
     select $1, dataset_id, g.key, g.value from made, unnest($8::text[], $9::text[]) as g (key, value)
     on conflict (run_id, dataset_id, key) do update set value = excluded.value`,
    [
      runId,
      dataset.name,
      dataset.digest,
      dataset.source_type,
      dataset.source,
      dataset.schema,
      dataset.profile,
      tags.map((t) => t.key),
      tags.map((t) => t.value),
    ],
  )
}

export async function selectInputs(sql: Sql, runIds: string[]): Promise<Map<string, InputRow[]>> {
  const rows = await preparedShape<DatasetRow & { run_id: string; tags: KeyValue[] }>(
    sql,
    `select i.run_id, d.name, d.digest, d.source_type, d.source, d.schema, d.profile,
       coalesce((select json_agg(json_build_object('key', t.key, 'value', t.value) order by t.key)
                 from tracking.input_tag t where t.run_id = i.run_id and t.dataset_id = i.dataset_id), '[]') as tags
     from tracking.input i join tracking.dataset d using (dataset_id)
     where i.run_id = any($1) order by i.run_id, d.dataset_id`,
    [runIds],
  )
  const byRun = new Map<string, InputRow[]>()
  for (const { run_id, tags, ...dataset } of rows) {
    byRun.set(run_id, [...(byRun.get(run_id) ?? []), { dataset, tags }])
  }
  return byRun
}
