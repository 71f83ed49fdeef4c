import type { Sql } from '../../db/sql.ts'

/** Those of the runs that there are, locked in one order, so that two who change the same ones do not wait for each other. */
export async function selectStages(sql: Sql, runIds: readonly string[]): Promise<string[]> {
  const rows = await sql.query<{ runId: string }>(
    'select run_id as "runId" from tracking.run where run_id = any($1::text[]) order by run_id for update',
    [runIds],
  )
  return rows.map((row) => row.runId)
}

/** Gives the runs that were not so before; `deletedMs` is null for active ones. */
export async function changeStages(sql: Sql, runIds: readonly string[], deletedMs: number | null): Promise<string[]> {
  const rows = await sql.query<{ runId: string }>(
    `update tracking.run set lifecycle_stage = case when $2::bigint is null then 'active' else 'deleted' end,
       deleted_ms = $2, revision = revision + 1
     where run_id = any($1::text[]) and (deleted_ms is null) = ($2::bigint is not null) returning run_id as "runId"`,
    [runIds, deletedMs],
  )
  return rows.map((row) => row.runId).sort()
}
