import type { Instant } from '../base/instant.ts'
import type { Sql } from '../db/sql.ts'
import { readJsonValue } from '../values/json.ts'
import { readText } from '../values/text.ts'
import type { ArmName } from '../wire/arm-names.ts'
import { parseExactJson } from '../wire/exact-json.ts'
import type { FeatureValue } from '../wire/features.ts'
import type { Said } from '../wire/predict.ts'
import type { AnswerFilter, AnswerPlace, LoggedAnswer } from './answer.ts'
import { impliedStatus } from './encode.ts'
import type { RecordedShape, Shapes } from './shapes.ts'
import { conditionOf } from './where.ts'

export type AnswerPage = { answers: LoggedAnswer[]; next: AnswerPlace | null }

/** Rows that a reader has in memory at once. */
const READ_ROWS = 10_000

const COLUMNS = `a.id, a.at, a.shape, a.arm, a.returned, a.key, a.features::text as features, a.statuses, a.times,
  a.said::text as said, a.score, a.error, a.latency_ms::float8 as "latencyMs", a.request_id as "requestId",
  a.recorded_at as "recordedAt"`

type Row = {
  id: number
  at: Instant
  shape: number
  arm: ArmName
  returned: boolean
  key: string[]
  features: string | null
  statuses: string[] | null
  times: (string | null)[] | null
  said: string | null
  score: number | null
  error: string | null
  latencyMs: number
  requestId: string | null
  recordedAt: Instant
}

type Deps = { sql: Sql; shapes: Shapes }

/** The newest first, after `before` where that is named. */
export async function readPage(
  deps: Deps,
  filter: AnswerFilter,
  { limit, before = null }: { limit: number; before?: AnswerPlace | null },
): Promise<AnswerPage> {
  const rows = await select(deps, filter, { limit: limit + 1, after: before, order: 'desc' })
  const answers = await read(deps, rows.slice(0, limit))
  const last = answers.at(-1)
  return { answers, next: rows.length > limit && last ? { at: last.at, id: last.id } : null }
}

/** All of them in the order of their moments, some thousands at a time. */
export async function* readAll(deps: Deps, filter: AnswerFilter, pageRows = READ_ROWS): AsyncGenerator<LoggedAnswer[]> {
  let after: AnswerPlace | null = null
  for (;;) {
    const rows: Row[] = await select(deps, filter, { limit: pageRows, after, order: 'asc' })
    if (rows.length > 0) yield await read(deps, rows)
    const last = rows.at(-1)
    if (rows.length < pageRows || !last) return
    after = { at: last.at, id: last.id }
  }
}

type Range = { limit: number; after: AnswerPlace | null; order: 'asc' | 'desc' }

async function select({ sql, shapes }: Deps, filter: AnswerFilter, { limit, after, order }: Range): Promise<Row[]> {
  const where = await conditionOf(shapes, filter)
  if (where === undefined) return []
  const { bind, conditions, values } = where
  if (after) conditions.push(`(a.at, a.id) ${order === 'asc' ? '>' : '<'} (${bind(after.at)}, ${bind(after.id)})`)
  return sql.query<Row>(
    `select ${COLUMNS} from predictions.answer a where ${conditions.join(' and ')}
     order by a.at ${order}, a.id ${order} limit ${bind(limit)}`,
    values,
  )
}

async function read({ shapes }: Deps, rows: readonly Row[]): Promise<LoggedAnswer[]> {
  const answers: LoggedAnswer[] = []
  for (const row of rows) answers.push(answerOf(row, await shapes.byId(row.shape)))
  return answers
}

function answerOf(row: Row, shape: RecordedShape): LoggedAnswer {
  const { key, features, statuses, times, said, shape: _, ...rest } = row
  const values = features === null ? [] : valuesOf(parseExactJson(features) as unknown[], shape)
  const count = Math.max(values.length, shape.features.length)
  return {
    ...rest,
    model: shape.model,
    version: shape.version,
    runId: shape.runId,
    keys: key.map((text, i) => readText(shape.keys[i]?.type ?? 'String', text) ?? text),
    values,
    statuses: statuses === null ? values.map(impliedStatus) : forAll(statuses, count),
    featureTimes: times === null ? [] : forAll(times, count),
    said: said === null ? null : (JSON.parse(said) as Said),
    shape: { keys: shape.keys, features: shape.features },
  }
}

function valuesOf(values: readonly unknown[], { features }: RecordedShape): FeatureValue[] {
  return values.map((value, i) => {
    const type = features[i]?.type
    return (type === undefined ? value : (readJsonValue(type, value) ?? null)) as FeatureValue
  })
}

function forAll<T>(some: readonly T[], count: number): T[] {
  return some.length === 1 && count > 1 ? new Array<T>(count).fill(some[0]!) : [...some]
}
