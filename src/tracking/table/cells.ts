import { momentOfMs } from '../../base/instant.ts'
import type { Sql } from '../../db/sql.ts'
import { RUN_TABLE_FIELDS } from '../../mlflow/search/fields.ts'
import { jsonNumberOf } from '../../wire/json-number.ts'
import { limitOf } from '../../wire/limits.ts'
import type { Cell, ColumnKind } from '../../wire/runs.ts'
import { namesParent, PARENT_TAG } from '../queries/parent.ts'
import { type Column, keysOf } from './column.ts'

type Attributes = {
  runId: string
  name: string
  status: string
  startMs: number
  endMs: number | null
  userId: string
  experimentId: string
  stage: string
  parent: string | null
  children: number | null
}

const KEYED: ColumnKind[] = ['metrics', 'min', 'max', 'params', 'tags']

/** The values of these columns of these runs, one array a column. One statement for each kind of column that is there. */
export async function readCells(
  sql: Sql,
  runIds: readonly string[],
  columns: readonly Column[],
  textChars: number = limitOf('text'),
): Promise<Cell[][]> {
  const place = new Map(runIds.map((id, at) => [id, at]))
  const cells = new Map(columns.map((column) => [column.name, new Array<Cell>(runIds.length).fill(null)]))
  const fill = (name: string, runId: string, value: string | number) => {
    const at = place.get(runId)
    if (at !== undefined) cells.get(name)![at] = jsonCell(value)
  }
  await Promise.all([
    ...KEYED.map(async (kind) => {
      const keys = keysOf(columns, kind)
      if (keys.length === 0) return
      for (const { runId, key, value } of await selectKeyed(sql, kind, runIds, keys, textChars)) {
        fill(`${kind}.${key}`, runId, value)
      }
    }),
    fillAttributes(sql, runIds, keysOf(columns, 'attributes'), (key, runId, value) =>
      fill(`attributes.${key}`, runId, value),
    ),
  ])
  return columns.map((column) => cells.get(column.name)!)
}

/** JSON has no NaN and no infinity. */
export function jsonCell(value: string | number | null): Cell {
  return typeof value === 'number' ? jsonNumberOf(value) : value
}

function selectKeyed(sql: Sql, kind: ColumnKind, runIds: readonly string[], keys: string[], textChars: number) {
  const { table, type } = RUN_TABLE_FIELDS.keyed[kind]!
  const value =
    type === 'number'
      ? 'k.value'
      : "case when length(k.value) > $3::integer then left(k.value, $3::integer) || '…' else k.value end as value"
  return sql.query<{ runId: string; key: string; value: string | number }>(
    `select k.run_id as "runId", k.key, ${value} from ${table} k where k.run_id = any($1::text[]) and k.key = any($2::text[])`,
    [runIds, keys, ...(type === 'number' ? [] : [textChars])],
  )
}

async function fillAttributes(
  sql: Sql,
  runIds: readonly string[],
  keys: string[],
  fill: (key: string, runId: string, value: string | number) => void,
): Promise<void> {
  if (keys.length === 0) return
  const rows = await sql.query<Attributes>(
    `select r.run_id as "runId", r.name, r.status, r.start_ms as "startMs", r.end_ms as "endMs", r.user_id as "userId",
       r.experiment_id::text as "experimentId", r.lifecycle_stage as stage,
       ${keys.includes('parent') ? PARENT : 'null'} as parent, ${keys.includes('children') ? CHILDREN : 'null'} as children
     from tracking.run r where r.run_id = any($1::text[])`,
    [runIds],
  )
  for (const row of rows) {
    for (const key of keys) {
      const value = attributeOf(row, key)
      if (value !== null) fill(key, row.runId, value)
    }
  }
}

const PARENT = `(select t.value from tracking.tag t where t.run_id = r.run_id and t.key = '${PARENT_TAG}')`
/** Of the same experiment, and as deleted as the run is. */
const CHILDREN = `(select count(*) from tracking.tag t join tracking.run c using (run_id)
  where ${namesParent('r.run_id')} and c.run_id <> r.run_id
    and c.experiment_id = r.experiment_id and c.lifecycle_stage = r.lifecycle_stage)`

function attributeOf(row: Attributes, key: string): string | number | null {
  if (key === 'run_name') return row.name
  if (key === 'status') return row.status
  if (key === 'start_time') return momentOfMs(row.startMs)
  if (key === 'end_time') return row.endMs === null ? null : momentOfMs(row.endMs)
  if (key === 'duration') return row.endMs === null ? null : row.endMs - row.startMs
  if (key === 'user_id') return row.userId
  if (key === 'experiment_id') return row.experimentId
  if (key === 'lifecycle_stage') return row.stage
  return key === 'parent' ? row.parent : row.children
}
