import { preparedShape } from '../../db/prepared-shapes.ts'
import type { Sql } from '../../db/sql.ts'

/** Which logged models a run used and made. */
export type RunModels = { inputs: { modelId: string }[]; outputs: { modelId: string; step: number | bigint }[] }

export async function insertModelInputs(sql: Sql, runId: string, modelIds: string[]): Promise<void> {
  await preparedShape(
    sql,
    `insert into tracking.model_input (run_id, model_id)
     select $1, model_id from unnest($2::text[]) as g (model_id) order by model_id
     on conflict do nothing`,
    [runId, modelIds],
  )
}

export async function upsertModelOutputs(sql: Sql, runId: string, outputs: RunModels['outputs']): Promise<void> {
  await preparedShape(
    sql,
    `insert into tracking.model_output (run_id, model_id, step)
     select $1, model_id, max(step) from unnest($2::text[], $3::bigint[]) as g (model_id, step)
     group by model_id order by model_id
     on conflict (run_id, model_id) do update set step = excluded.step`,
    [runId, outputs.map((o) => o.modelId), outputs.map((o) => o.step)],
  )
}

export async function selectRunModels(sql: Sql, runIds: string[]): Promise<Map<string, RunModels>> {
  const rows = await preparedShape<{ runId: string; modelId: string; step: number | bigint | null }>(
    sql,
    `select run_id as "runId", model_id as "modelId", null::bigint as step from tracking.model_input where run_id = any($1)
     union all
     select run_id, model_id, step from tracking.model_output where run_id = any($1)
     order by 1, 2`,
    [runIds],
  )
  const byRun = new Map<string, RunModels>()
  for (const { runId, modelId, step } of rows) {
    const models = byRun.get(runId) ?? { inputs: [], outputs: [] }
    if (step === null) models.inputs.push({ modelId })
    else models.outputs.push({ modelId, step })
    byRun.set(runId, models)
  }
  return byRun
}
