import type { Sql } from '../../db/sql.ts'
import { searchClause } from '../../mlflow/search/clause.ts'
import { RUN_TABLE_FIELDS } from '../../mlflow/search/fields.ts'
import type { Choice } from '../../wire/runs.ts'
import { namesParent, PARENT_TAG } from '../queries/parent.ts'
import { invalid, orderText, readColumn } from './column.ts'

export type Chosen = ReturnType<typeof chosenRuns>

/** Which runs are meant, as a clause with $1 experiments, $2 stages, and values from `$first` on. */
export function chosenRuns(choice: Choice, first: number) {
  const { stage = 'active', nested, parent, runIds } = choice
  const experimentIds = choice.experimentIds.map((id) => {
    if (/^\d{1,18}$/.test(id)) return id
    throw invalid(`experiment_ids: '${id.slice(0, 40)}' is not the id of an experiment`)
  })
  const orderBy = (choice.orderBy ?? []).map(({ column, descending = false }) =>
    orderText(readColumn(column), descending),
  )
  // What belongs to a run is shown below it, also where the filter finds only the run.
  const filter = parent === undefined ? choice.filter : undefined
  const clause = searchClause(RUN_TABLE_FIELDS, { filter, orderBy }, first)
  const values = [...clause.values]
  const bind = (value: unknown) => `$${first - 1 + values.push(value)}`
  const where = [clause.where]
  if (nested && parent === undefined) where.push(`not ${hasFoundParent(clause.where)}`)
  if (parent !== undefined) {
    const bound = bind(parent)
    where.push(`r.run_id in (select t.run_id from tracking.tag t
      where ${namesParent(bound)})`)
  }
  if (runIds) where.push(`r.run_id = any(${bind(runIds)}::text[])`)
  const stages = stage === 'all' ? ['active', 'deleted'] : [stage]
  return { ...clause, where: where.join(' and '), values, experimentIds, stages }
}

/** Inside of the brackets `r` is the parent, of which the same is asked. */
function hasFoundParent(where: string): string {
  return `exists (select 1 from tracking.tag t where t.run_id = r.run_id and t.key = '${PARENT_TAG}' and t.value <> r.run_id
    and t.value in (select r.run_id from tracking.run r
      where r.experiment_id = any($1::bigint[]) and r.lifecycle_stage = any($2) and ${where}))`
}

export async function countRuns(sql: Sql, { where, values, experimentIds, stages }: Chosen): Promise<number> {
  const rows = await sql.query<{ runs: number }>(
    `select count(*) as runs from tracking.run r
     where r.experiment_id = any($1::bigint[]) and r.lifecycle_stage = any($2) and ${where}`,
    [experimentIds, stages, ...values],
  )
  return rows[0]!.runs
}
