import { searchShape } from '../../db/prepared-shapes.ts'
import type { Sql } from '../../db/sql.ts'
import type { Clause } from '../../mlflow/search/clause.ts'
import { behind, keyColumns, type OrderKey } from '../../mlflow/search/keyset.ts'
import type { PageStart } from '../../mlflow/search/page.ts'

/**
 * A run that was found, and the state it was in then: each change of a run or of what it logged gives a new revision.
 * `keys` say where it stands in the order, when that is one for pages (search/keyset.ts).
 */
export type FoundRun = { runId: string; revision: number; keys?: string[] }

export type RunSearch = Clause & PageStart & { experimentIds: string[]; stages: string[]; limit: number }

/** Both only grow, so their sum is another one after each change. */
const REVISION = `r.revision + coalesce((select sum(w.writes) from tracking.run_writes w where w.run_id = r.run_id), 0)::bigint as revision`

/** A page of runs. The clause comes from the search translator, with its values from $4 on. */
export async function findRuns(sql: Sql, search: RunSearch): Promise<FoundRun[]> {
  const { leading, experimentIds, limit, offset, after } = search
  if (!leading || experimentIds.length !== 1) return page(sql, search, all(search))
  const { restKeys } = leading
  const isPastValues = restKeys !== undefined && after?.length === restKeys.length + 2
  const walked = isPastValues ? [] : await page(sql, search, byMetric(leading))
  if (walked.length === limit) return walked
  // By rows counted off only the whole order can tell which come next.
  if (!restKeys || (after === undefined && offset > 0)) return page(sql, search, all(search))
  const rest = { ...search, limit: limit - walked.length, after: isPastValues ? after : undefined, offset: 0 }
  return [...walked, ...(await page(sql, rest, withoutValue({ ...leading, restKeys })))]
}

type Part = {
  from: string
  orderBy: string
  /** The order as keys of pages, where it can be. */
  keys?: OrderKey[]
}

function all(search: RunSearch): Part {
  return {
    from: `tracking.run r where r.experiment_id = any($1::bigint[])`,
    orderBy: search.orderBy,
    keys: search.keys,
  }
}

type Leading = NonNullable<Clause['leading']>

/**
 * For an order that begins with a metric, off its index, best first. Runs whose value is NaN or missing come behind all
 * others, so a page that is full without them is the page.
 */
function byMetric({ key, direction, rest, restKeys }: Leading): Part {
  return {
    from: `tracking.latest_metric o join tracking.run r using (run_id)
      where o.experiment_id = ($1::bigint[])[1] and o.key = ${key} and o.value <> 'NaN'`,
    orderBy: `o.value ${direction}, ${rest}`,
    keys: restKeys && [{ sql: 'o.value', direction, type: 'double precision' }, ...restKeys],
  }
}

/** What comes behind those: NaN, then none. A key more than the others have says that a page ended here. */
function withoutValue({ key, rest, restKeys }: Leading & { restKeys: OrderKey[] }): Part {
  const has = `exists (select 1 from tracking.latest_metric k where k.run_id = r.run_id and k.key = ${key}`
  const rank = `(case when ${has}) then 1 else 2 end)`
  return {
    from: `tracking.run r where r.experiment_id = any($1::bigint[]) and not ${has} and k.value <> 'NaN')`,
    orderBy: `${rank}, ${rest}`,
    keys: [
      { sql: "'no value'::text", direction: 'asc', type: 'text' },
      { sql: rank, direction: 'asc', type: 'bigint' },
      ...restKeys,
    ],
  }
}

/** One page: behind the row where the last one ended when the order has keys, else so many rows on. */
function page(sql: Sql, search: RunSearch, { from, orderBy, keys }: Part): Promise<FoundRun[]> {
  const { experimentIds, stages, limit, offset, after, where } = search
  const values: unknown[] = [experimentIds, stages, limit, ...search.values]
  const bind = (value: unknown) => `$${values.push(value)}`
  const isBehind = keys !== undefined && after !== undefined && after.length === keys.length
  const start = isBehind ? behind(keys, after, bind) : 'true'
  const skipped = isBehind ? '' : ` offset ${bind(offset)}::bigint`
  const text = `select r.run_id as "runId", ${REVISION}${keys ? `, ${keyColumns(keys)}` : ''} from ${from}
     and r.lifecycle_stage = any($2) and ${where} and ${start}
     order by ${orderBy} limit $3::integer${skipped}`
  return searchShape<FoundRun>(sql, text, values)
}
