import type { Sql } from '../../db/sql.ts'

export type DeletedRun = { runId: string; name: string; experimentId: string; artifactUri: string; deletedMs: number }
/** `modelUris` is where the files of its logged models lie, which are not below its runs. */
export type DeletedExperiment = { experimentId: string; name: string; deletedMs: number; modelUris: string[] }

/** Deleted at or before a moment, oldest first; of all experiments when none is named. */
export function selectDeletedRuns(sql: Sql, beforeMs: number, experimentIds: string[] | null): Promise<DeletedRun[]> {
  return sql.query<DeletedRun>(
    `select run_id as "runId", name, experiment_id::text as "experimentId", artifact_uri as "artifactUri", deleted_ms as "deletedMs"
     from tracking.run where deleted_ms <= $1 and ($2::bigint[] is null or experiment_id = any($2))
     order by deleted_ms, run_id`,
    [beforeMs, experimentIds],
  )
}

export function selectDeletedExperiments(
  sql: Sql,
  beforeMs: number,
  experimentIds: string[] | null,
): Promise<DeletedExperiment[]> {
  return sql.query<DeletedExperiment>(
    `select experiment_id::text as "experimentId", name, deleted_ms as "deletedMs",
       array(select m.artifact_uri from tracking.logged_model m where m.experiment_id = e.experiment_id) as "modelUris"
     from tracking.experiment e where deleted_ms <= $1 and ($2::bigint[] is null or experiment_id = any($2))
     order by deleted_ms, experiment_id`,
    [beforeMs, experimentIds],
  )
}

/** Holds off a restore until the transaction ends; false when the run is not deleted any more. */
export async function lockDeletedRun(sql: Sql, runId: string): Promise<boolean> {
  const rows = await sql.query('select 1 from tracking.run where run_id = $1 and deleted_ms is not null for update', [
    runId,
  ])
  return rows.length > 0
}

/** The same for an experiment, which may have no runs left. */
export async function lockEmptyExperiment(sql: Sql, experimentId: string): Promise<boolean> {
  const rows = await sql.query(
    `select 1 from tracking.experiment e where experiment_id = $1::bigint and deleted_ms is not null
       and not exists (select 1 from tracking.run r where r.experiment_id = e.experiment_id) for update`,
    [experimentId],
  )
  return rows.length > 0
}

/** All that it logged goes with it; its history by the trigger of tracking.series. */
export async function deleteRun(sql: Sql, runId: string): Promise<void> {
  await sql.query('delete from tracking.run where run_id = $1', [runId])
}

/** Where the files of an experiment's logged models lie, which are not below its runs. */
export async function selectModelUris(sql: Sql, experimentId: string): Promise<string[]> {
  const rows = await sql.query<{ artifactUri: string }>(
    'select artifact_uri as "artifactUri" from tracking.logged_model where experiment_id = $1::bigint',
    [experimentId],
  )
  return rows.map((row) => row.artifactUri)
}

/** Where the spans of an experiment's traces lie. */
export async function selectSpanUris(sql: Sql, experimentId: string): Promise<string[]> {
  const rows = await sql.query<{ value: string }>(
    `select k.value from tracking.trace t join tracking.trace_tag k using (trace_id)
     where t.experiment_id = $1::bigint and k.key = 'mlflow.artifactLocation'`,
    [experimentId],
  )
  return rows.map((row) => row.value)
}

/** With its logged models, which runs of other experiments may have used. */
export async function deleteExperiment(sql: Sql, experimentId: string): Promise<void> {
  await sql.query(
    `update tracking.run set revision = revision + 1 where run_id in (
       select run_id from (table tracking.model_input union all select run_id, model_id from tracking.model_output) used
       join tracking.logged_model m using (model_id) where m.experiment_id = $1::bigint)`,
    [experimentId],
  )
  await sql.query('delete from tracking.experiment where experiment_id = $1::bigint', [experimentId])
}
