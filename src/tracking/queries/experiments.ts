import type { Sql } from '../../db/sql.ts'

export type ExperimentRow = {
  experimentId: string
  name: string
  artifactLocation: string
  lifecycleStage: 'active' | 'deleted'
  creationMs: number
  lastUpdateMs: number
  tags: { key: string; value: string }[]
}

const UNIQUE_VIOLATION = '23505'

const COLUMNS = `
  e.experiment_id::text as "experimentId", e.name, e.artifact_location as "artifactLocation",
  e.lifecycle_stage as "lifecycleStage", e.creation_ms as "creationMs", e.last_update_ms as "lastUpdateMs",
  coalesce((select json_agg(json_build_object('key', t.key, 'value', t.value) order by t.key)
            from tracking.experiment_tag t where t.experiment_id = e.experiment_id), '[]') as tags`

/** No row when the name is taken. */
export async function insertExperiment(
  sql: Sql,
  row: { name: string; artifactLocation: string | null; nowMs: number },
): Promise<{ experimentId: string } | undefined> {
  const rows = await sql.query<{ experimentId: string }>(
    `with fresh as (select nextval(pg_get_serial_sequence('tracking.experiment', 'experiment_id')) as id)
     insert into tracking.experiment (experiment_id, name, artifact_location, creation_ms, last_update_ms)
     select id, $1, coalesce($2, 'mlflow-artifacts:/' || id), $3, $3 from fresh
     on conflict (name) do nothing
     returning experiment_id::text as "experimentId"`,
    [row.name, row.artifactLocation, row.nowMs],
  )
  return rows[0]
}

export async function selectExperiment(sql: Sql, id: string): Promise<ExperimentRow | undefined> {
  const rows = await sql.query<ExperimentRow>(
    `select ${COLUMNS} from tracking.experiment e where e.experiment_id = $1::bigint`,
    [id],
  )
  return rows[0]
}

export async function selectExperimentByName(sql: Sql, name: string): Promise<ExperimentRow | undefined> {
  const rows = await sql.query<ExperimentRow>(`select ${COLUMNS} from tracking.experiment e where e.name = $1`, [name])
  return rows[0]
}

/** In the order of the ids. */
export function selectExperiments(sql: Sql, ids: readonly string[]): Promise<ExperimentRow[]> {
  return sql.query<ExperimentRow>(
    `select ${COLUMNS} from unnest($1::bigint[]) with ordinality as g (experiment_id, place)
     join tracking.experiment e using (experiment_id) order by g.place`,
    [ids],
  )
}

/** `where` and `orderBy` come from the search translator, with their values from $3 on. */
export function searchExperiments(
  sql: Sql,
  search: { stages: string[]; limit: number; offset: number; where: string; orderBy: string; values: unknown[] },
): Promise<{ experimentId: string }[]> {
  return sql.query<{ experimentId: string }>(
    `select e.experiment_id::text as "experimentId" from tracking.experiment e
     where e.lifecycle_stage = any($1) and ${search.where}
     order by ${search.orderBy} limit $2::integer offset ${Number(search.offset)}`,
    [search.stages, search.limit, ...search.values],
  )
}

/** False when another experiment has the name. */
export async function updateExperimentName(sql: Sql, id: string, name: string, nowMs: number): Promise<boolean> {
  try {
    await sql.query('update tracking.experiment set name = $2, last_update_ms = $3 where experiment_id = $1::bigint', [
      id,
      name,
      nowMs,
    ])
    return true
  } catch (error) {
    if ((error as { code?: string }).code === UNIQUE_VIOLATION) return false
    throw error
  }
}

/** Marks an experiment, and its runs with it. */
export async function updateExperimentStage(sql: Sql, id: string, stage: string, nowMs: number): Promise<void> {
  await sql.query(
    `with stage as (select $2::text as name, case when $2::text = 'deleted' then $3::bigint end as deleted_ms),
     runs as (
       update tracking.run r set lifecycle_stage = stage.name, deleted_ms = stage.deleted_ms, revision = revision + 1 from stage
       where r.experiment_id = $1::bigint
     )
     update tracking.experiment e set lifecycle_stage = stage.name, deleted_ms = stage.deleted_ms, last_update_ms = $3
     from stage where e.experiment_id = $1::bigint`,
    [id, stage, nowMs],
  )
}

/** Each key once. */
export async function upsertExperimentTags(sql: Sql, id: string, tags: ReadonlyMap<string, string>): Promise<void> {
  await sql.query(
    `insert into tracking.experiment_tag (experiment_id, key, value)
     select $1::bigint, key, value from unnest($2::text[], $3::text[]) as g (key, value) order by key
     on conflict (experiment_id, key) do update set value = excluded.value`,
    [id, [...tags.keys()], [...tags.values()]],
  )
}

export async function deleteExperimentTag(sql: Sql, id: string, key: string): Promise<boolean> {
  const rows = await sql.query(
    'delete from tracking.experiment_tag where experiment_id = $1::bigint and key = $2 returning key',
    [id, key],
  )
  return rows.length > 0
}
