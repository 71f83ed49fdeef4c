import { preparedShape } from '../../db/prepared-shapes.ts'
import type { Sql } from '../../db/sql.ts'

/** Which logged models a run used and made. */
export type RunModels = { inputs: { model_id: string }[]; outputs: { model_id: string; step: number | bigint }[] }

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
    [runId, outputs.map((o) => o.model_id), outputs.map((o) => o.step)],
  )
}

export async function selectRunModels(sql: Sql, runIds: string[]): Promise<Map<string, RunModels>> {
  const rows = await preparedShape<{ run_id: string; model_id: string; step: number | bigint | null }>(
    sql,
    `select run_id, model_id, null::bigint as step from tracking.model_input where run_id = any($1)
     union all
     select run_id, model_id, step from tracking.model_output where run_id = any($1)
     order by run_id, model_id`,
    [runIds],
  )
  const byRun = new Map<string, RunModels>()
  for (const { run_id, model_id, step } of rows) {
    const models = byRun.get(run_id) ?? { inputs: [], outputs: [] }
    if (step === null) models.inputs.push({ model_id })
    else models.outputs.push({ model_id, step })
    byRun.set(run_id, models)
  }
  return byRun
}
