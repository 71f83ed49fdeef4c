import { momentOfMs } from '../../base/instant.ts'
import type { Sql } from '../../db/sql.ts'
import type { ExperimentJson } from '../../wire/runs.ts'

type Row = {
  id: string
  name: string
  stage: 'active' | 'deleted'
  createdMs: number
  runs: number
  running: number
  failed: number
  lastMs: number | null
}

/** Experiments with the number of their runs, newest first. */
export async function selectExperimentList(
  sql: Sql,
  request: { contains: string; stages: string[]; before: number | null; limit: number; id?: string },
): Promise<ExperimentJson[]> {
  const rows = await sql.query<Row>(
    `select e.experiment_id::text as id, e.name, e.lifecycle_stage as stage, e.creation_ms as "createdMs", c.*
     from (
       select * from tracking.experiment e
       where position(lower($1) in lower(e.name)) > 0 and e.lifecycle_stage = any($2::text[])
         and ($3::bigint is null or e.experiment_id < $3::bigint) and ($5::bigint is null or e.experiment_id = $5::bigint)
       order by e.experiment_id desc limit $4::integer
     ) e,
     lateral (
       select count(*) as runs, count(*) filter (where r.status = 'RUNNING') as running,
         count(*) filter (where r.status = 'FAILED') as failed, max(r.start_ms) as "lastMs"
       from tracking.run r where r.experiment_id = e.experiment_id and r.lifecycle_stage = 'active'
     ) c order by e.experiment_id desc`,
    [request.contains, request.stages, request.before, request.limit, request.id ?? null],
  )
  return rows.map(({ createdMs, lastMs, ...row }) => ({
    ...row,
    created_at: momentOfMs(createdMs),
    last_run_at: lastMs === null ? null : momentOfMs(lastMs),
  }))
}
