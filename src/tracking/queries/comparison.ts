import { preparedShape } from '../../db/prepared-shapes.ts'
import type { Sql } from '../../db/sql.ts'

/** The kinds of what runs log by name, with the value of each as it is compared and answered. */
const KINDS = {
  params: { table: 'tracking.param', value: 'value', where: 'true' },
  metrics: { table: 'tracking.latest_metric', value: 'value', where: 'true' },
  tags: {
    table: 'tracking.tag',
    value: 'left(value, 500)',
    where: "(key not like 'mlflow.%' or key = 'mlflow.note.content')",
  },
} as const
export type Kind = keyof typeof KINDS

export type ComparedCell = { key: string; same: boolean; runId: string; value: string | number }

/** The cells of the first names that differ between the runs, or of all names; and how many names are the same in all. */
export async function selectCompared(
  sql: Sql,
  { kind, runIds, all, limit }: { kind: Kind; runIds: readonly string[]; all: boolean; limit: number },
): Promise<{ cells: ComparedCell[]; same: number }> {
  const { table, value, where } = KINDS[kind]
  const counted = `
    select key, count(*) = $2::integer and count(distinct ${value}) = 1 as same
    from ${table} where run_id = any($1::text[]) and ${where} group by key`
  const [cells, counts] = await Promise.all([
    preparedShape<ComparedCell>(
      sql,
      `with named as (select key, same from (${counted}) c where $3 or not same order by key limit $4::bigint)
       select n.key, n.same, v.run_id as "runId", ${value.replace('value', 'v.value')} as value
       from named n join ${table} v on v.key = n.key and v.run_id = any($1::text[]) order by n.key`,
      [runIds, runIds.length, all, limit],
    ),
    preparedShape<{ same: number }>(sql, `select count(*) as same from (${counted}) c where same`, [
      runIds,
      runIds.length,
    ]),
  ])
  return { cells, same: counts[0]!.same }
}

export type ComparedRun = {
  id: string
  name: string
  experiment: string
  status: string
  user: string
  startMs: number
  endMs: number | null
}

export function selectComparedRuns(sql: Sql, runIds: readonly string[]): Promise<ComparedRun[]> {
  return preparedShape<ComparedRun>(
    sql,
    `select run_id as id, name, experiment_id::text as experiment, status, user_id as user, start_ms as "startMs", end_ms as "endMs"
     from tracking.run where run_id = any($1::text[]) order by array_position($1::text[], run_id)`,
    [runIds],
  )
}
