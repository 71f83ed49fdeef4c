import type { Sql } from '../../db/sql.ts'
import { RUN_TABLE_FIELDS } from '../../mlflow/search/fields.ts'
import type { ColumnsAnswer, ValuesAnswer } from '../../wire/runs.ts'
import { type Column, invalid } from './column.ts'

const RECENT_RUNS = 20

/** What the newest runs have, most of them first: what a table shows before anybody chose. */
export async function readRecentNames(sql: Sql, experimentId: string, limit: number): Promise<ColumnsAnswer> {
  const part = (kind: string, table: string) =>
    `select '${kind}.' || k.key as column, count(*) as runs from recent join ${table} k using (run_id) group by k.key`
  const columns = await sql.query<{ column: string; runs: number }>(
    `with recent as materialized (
       select run_id from tracking.run where experiment_id = $1::bigint and lifecycle_stage = 'active'
       order by start_ms desc, run_id limit ${RECENT_RUNS}
     )
     select * from (
       ${part('metrics', 'tracking.latest_metric')} union all ${part('params', 'tracking.param')}
       union all ${part('tags', 'tracking.tag')}
     ) n order by runs desc, "column" limit $2::integer`,
    [experimentId, limit],
  )
  return { columns, totals: {}, next_page_token: null }
}

export type NamesRequest = {
  experimentId: string
  kinds: readonly ('metrics' | 'params' | 'tags')[]
  prefix: string
  contains: string
  limit: number
  /** The kind and name that the page before ended with. */
  after?: { kind: string; name: string }
}

/** The names that the runs of an experiment have, by kind and name, and how many runs have each. */
export async function readNames(sql: Sql, request: NamesRequest): Promise<ColumnsAnswer> {
  const { kinds, limit, after } = request
  const columns: ColumnsAnswer['columns'] = []
  const totals: ColumnsAnswer['totals'] = {}
  for (const kind of kinds) {
    const isPast = after !== undefined && kinds.indexOf(after.kind as typeof kind) > kinds.indexOf(kind)
    const name = after?.kind === kind ? after.name : ''
    const rows = await selectNames(sql, kind, { ...request, name, limit: isPast ? 0 : limit + 1 - columns.length })
    totals[kind] = rows[0]!.total
    for (const row of rows) if (row.key !== null) columns.push({ column: `${kind}.${row.key}`, runs: row.runs })
  }
  const isMore = columns.length > limit
  if (isMore) columns.length = limit
  return { columns, totals, next_page_token: isMore ? columns.at(-1)!.column : null }
}

/**
 * The 12,000 names of half a million values, each found by a step in the index: 70 ms, where counting all values took 200.
 * What a param or tag is called stands with each run; 300,000 of them take 80 ms.
 */
const METRIC_NAMES = `with recursive steps as (
    (select key from tracking.latest_metric where experiment_id = $1::bigint order by key limit 1)
    union all
    select (select l.key from tracking.latest_metric l where l.experiment_id = $1::bigint and l.key > s.key order by l.key limit 1)
    from steps s where s.key is not null
  ),
  names as materialized (select key from steps where key is not null)`

const NAMES = {
  metrics: METRIC_NAMES,
  params: ofTable('tracking.param'),
  tags: ofTable('tracking.tag'),
}

const METRIC_RUNS = `(select count(*) from tracking.latest_metric l where l.experiment_id = $1::bigint and l.key = w.key)`

function ofTable(table: string): string {
  return `with names as materialized (
    select k.key, count(*) as runs from tracking.run r join ${table} k using (run_id)
    where r.experiment_id = $1::bigint group by k.key)`
}

function selectNames(
  sql: Sql,
  kind: keyof typeof NAMES,
  { experimentId, prefix, contains, name, limit }: NamesRequest & { name: string },
) {
  return sql.query<{ total: number; key: string | null; runs: number }>(
    `${NAMES[kind]},
     wanted as (
       select * from names where starts_with(key, $2) and position(lower($3) in lower(key)) > 0 and key > $4
       order by key limit $5::integer
     )
     select t.total, w.key, ${kind === 'metrics' ? METRIC_RUNS : 'w.runs'} as runs
     from (select count(*) as total from names) t left join wanted w on true order by w.key`,
    [experimentId, prefix, contains, name, Math.max(0, limit)],
  )
}

const VALUES_SHOWN = 50
const VALUE_CHARS_MAX = 500

/** The most frequent values of a param, tag or text of a run: what a filter may compare it with. */
export async function readValues(
  sql: Sql,
  experimentId: string,
  { name, kind, key }: Column,
  prefix: string,
): Promise<ValuesAnswer> {
  const keyed = RUN_TABLE_FIELDS.keyed[kind]
  const attribute = kind === 'attributes' ? RUN_TABLE_FIELDS.attributes[key] : undefined
  if ((keyed ?? attribute)?.type !== 'text')
    throw invalid(`column: '${name.slice(0, 100)}' has no texts to choose from`)
  const value = keyed ? 'k.value' : attribute!.sql
  const join = keyed ? `join ${keyed.table} k on ${keyed.match} and k.key = $3` : ''
  const values = await sql.query<{ value: string; runs: number }>(
    `select ${value} as value, count(*) as runs from tracking.run r ${join}
     where r.experiment_id = $1::bigint and starts_with(${value}, $2) and length(${value}) <= ${VALUE_CHARS_MAX}
     group by 1 order by 2 desc, 1 limit ${VALUES_SHOWN}`,
    [experimentId, prefix, ...(keyed ? [key] : [])],
  )
  return { values }
}
