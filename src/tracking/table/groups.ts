import type { Sql } from '../../db/sql.ts'
import { RUN_TABLE_FIELDS } from '../../mlflow/search/fields.ts'
import { limitOf, shown } from '../../wire/limits.ts'
import type { DifferencesAnswer, GroupsAnswer } from '../../wire/runs.ts'
import { jsonCell } from './cells.ts'
import type { Chosen } from './chosen-runs.ts'
import { type Column, invalid, keysOf } from './column.ts'

const NUMBERS = ['metrics', 'min', 'max'] as const

/** Runs by the value of a param, tag, status or user; the largest groups first. */
export async function readGroups(
  sql: Sql,
  chosen: Chosen,
  by: Column,
  columns: readonly Column[],
): Promise<GroupsAnswer> {
  const wrong = columns.find(({ kind }) => !NUMBERS.some((number) => number === kind))
  if (wrong) throw invalid(`columns: ${shown(wrong.name)} has no numbers; of a group are told metrics, min and max`)
  const [text, values, bind] = foundRuns(chosen, by)
  const most = limitOf('tableGroups')
  const groups = await sql.query<{ value: string | null; runs: number }>(
    `${text} select f.value, count(*) as runs from found f group by f.value
     order by runs desc, f.value nulls last limit ${bind(most + 1)}::integer`,
    values,
  )
  const shownGroups = groups.slice(0, most)
  const place = new Map(shownGroups.map(({ value }, at) => [value, at]))
  const told = new Map(columns.map((column) => [column.name, emptyColumn(column.name, shownGroups.length)]))
  for (const kind of NUMBERS) {
    const keys = keysOf(columns, kind)
    if (keys.length === 0) continue
    for (const row of await selectExtents(sql, { chosen, by, kind, keys })) {
      const at = place.get(row.value)
      const column = told.get(`${kind}.${row.key}`)
      if (at === undefined || column === undefined) continue
      column.least[at] = jsonCell(row.least)
      column.mean[at] = jsonCell(row.mean)
      column.greatest[at] = jsonCell(row.greatest)
    }
  }
  return { groups: shownGroups, more: groups.length > most, columns: columns.map(({ name }) => told.get(name)!) }
}

function emptyColumn(column: string, length: number): GroupsAnswer['columns'][number] {
  const nulls = () => new Array<null>(length).fill(null)
  return { column, least: nulls(), mean: nulls(), greatest: nulls() }
}

type Extent = { value: string | null; key: string; least: number | null; mean: number | null; greatest: number | null }

function selectExtents(
  sql: Sql,
  { chosen, by, kind, keys }: { chosen: Chosen; by: Column; kind: string; keys: string[] },
): Promise<Extent[]> {
  const [text, values, bind] = foundRuns(chosen, by)
  const { table } = RUN_TABLE_FIELDS.keyed[kind]!
  return sql.query<Extent>(
    `${text} select f.value, k.key, min(k.value) as least, avg(k.value) as mean, max(k.value) as greatest
     from found f join ${table} k using (run_id) where k.key = any(${bind(keys)}::text[]) and k.value <> 'NaN'
     group by f.value, k.key`,
    values,
  )
}

const GROUPED: Record<string, string> = { status: 'r.status', user_id: 'r.user_id' }

/** The runs with the value that they are grouped by, as `found`. */
function foundRuns(chosen: Chosen, by?: Column): [string, unknown[], (value: unknown) => string] {
  const values: unknown[] = [chosen.experimentIds, chosen.stages, ...chosen.values]
  const bind = (value: unknown) => `$${values.push(value)}`
  const value = by === undefined ? 'null::text' : groupSql(by, bind)
  const text = `with found as materialized (select r.run_id, ${value} as value from tracking.run r
    where r.experiment_id = any($1::bigint[]) and r.lifecycle_stage = any($2) and ${chosen.where})`
  return [text, values, bind]
}

function groupSql({ name, kind, key }: Column, bind: (value: unknown) => string): string {
  if (kind === 'params' || kind === 'tags') {
    const { table, match } = RUN_TABLE_FIELDS.keyed[kind]!
    return `(select left(k.value, 500) from ${table} k where ${match} and k.key = ${bind(key)})`
  }
  const attribute = kind === 'attributes' && Object.hasOwn(GROUPED, key) ? GROUPED[key] : undefined
  if (attribute === undefined) {
    throw invalid(`group_by: runs are not grouped by ${shown(name)}; take a param, a tag, attributes.status or user_id`)
  }
  return attribute
}

const COMPARED: Record<string, string> = {
  run_name: 'r.name',
  status: 'r.status',
  user_id: 'r.user_id',
  experiment_id: 'r.experiment_id::text',
  lifecycle_stage: 'r.lifecycle_stage',
}

/** Which of the columns are the same in all runs that are found, or in none of them. */
export async function readSame(sql: Sql, chosen: Chosen, columns: readonly Column[]): Promise<DifferencesAnswer> {
  const same = new Set<string>()
  const attributes = keysOf(columns, 'attributes').filter((key) => Object.hasOwn(COMPARED, key))
  const [text, values] = foundRuns(chosen)
  const compared = attributes.map((key) => `coalesce(min(${COMPARED[key]}) = max(${COMPARED[key]}), true) as "${key}"`)
  const [first] = await sql.query<Record<string, number | boolean>>(
    `${text} select ${['count(*) as runs', ...compared].join(', ')} from found f join tracking.run r using (run_id)`,
    values,
  )
  for (const key of attributes) if (first![key]) same.add(`attributes.${key}`)
  for (const kind of ['metrics', 'min', 'max', 'params', 'tags'] as const) {
    const keys = keysOf(columns, kind)
    if (keys.length === 0) continue
    const seen = new Map((await selectSame(sql, { chosen, kind, keys })).map((row) => [row.key, row]))
    for (const key of keys) {
      const row = seen.get(key)
      if (!row || (row.runs === first!.runs && row.same)) same.add(`${kind}.${key}`)
    }
  }
  return { same: columns.map(({ name }) => name).filter((name) => same.has(name)) }
}

function selectSame(sql: Sql, { chosen, kind, keys }: { chosen: Chosen; kind: string; keys: string[] }) {
  const [text, values, bind] = foundRuns(chosen)
  return sql.query<{ key: string; runs: number; same: boolean }>(
    `${text} select k.key, count(*) as runs, min(k.value) = max(k.value) as same
     from found f join ${RUN_TABLE_FIELDS.keyed[kind]!.table} k using (run_id) where k.key = any(${bind(keys)}::text[])
     group by k.key`,
    values,
  )
}
