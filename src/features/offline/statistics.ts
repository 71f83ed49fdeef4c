import { must } from '../../base/assert.ts'
import type { Clock } from '../../base/clock.ts'
import { type Instant, instantOfMs } from '../../base/instant.ts'
import type { Sql } from '../../db/sql.ts'
import type { Duck } from '../../lake/duck.ts'
import type { Lake } from '../../lake/lake.ts'
import type { Snapshot } from '../../lake/snapshot.ts'
import type { ValueType } from '../../values/values.ts'
import type { FeatureValue } from '../../wire/features.ts'
import { tableDigest, type ViewDefinition } from '../define/definitions.ts'
import { ident } from '../define/quote.ts'
import { plainInDuck } from '../define/value-types.ts'
import { insertStatistics, selectStatistics } from '../queries.ts'
import { filesOf } from './join.ts'
import { changeRowsSql, requireColumns, stateRowsSql, viewColumns } from './view-rows.ts'

/** What a feature is like in one snapshot. Numbers have moments and quantiles, the others their most frequent values. */
export type FeatureStatistics = {
  name: string
  type: ValueType
  nulls: number
  nullShare: number | null
  distinct: number
  min: FeatureValue
  max: FeatureValue
  mean: number | null
  /** At 5, 25, 50, 75 and 95 %, each a value that occurs; an integer beyond 2^53 as its text. */
  quantiles: Record<'p05' | 'p25' | 'p50' | 'p75' | 'p95', number | string> | null
  /** Up to ten, the most frequent first. */
  top: { value: string; count: number }[] | null
}

export type ViewStatistics = {
  view: string
  snapshot: string
  validAt: Instant
  recordedAt: Instant
  rows: number
  features: FeatureStatistics[]
}

/** What all deliveries of changes together have put online, and the newest moment of it. */
export type LiveRows = { rows: number; validAt: Instant | null }

const NUMBERS = ['Int32', 'Int64', 'Float32', 'Float64']
const QUANTILES = { p05: 0.05, p25: 0.25, p50: 0.5, p75: 0.75, p95: 0.95 }
const TOP = 10

type Deps = { sql: Sql; lake: Lake; duck: Duck; clock: Clock }

/** Computed the first time that they are asked for, and kept: a snapshot never changes, but for a redaction. */
export async function viewStatistics(deps: Deps, view: ViewDefinition, snapshot: Snapshot): Promise<ViewStatistics> {
  const at = { view: view.name, definition: tableDigest(view), seq: snapshot.seq, digest: snapshot.digest }
  const kept = await selectStatistics<ViewStatistics>(deps.sql, at)
  if (kept) return kept
  requireColumns(snapshot, viewColumns(view))
  const computed = await compute(deps, view, snapshot)
  await insertStatistics(deps.sql, at, instantOfMs(deps.clock.nowMs()), computed)
  return computed
}

async function compute({ lake, duck }: Deps, view: ViewDefinition, snapshot: Snapshot): Promise<ViewStatistics> {
  const [file] = await filesOf(lake, [snapshot])
  const rowsSql = view.changes
    ? `SELECT * FROM (${changeRowsSql(view, [must(file)])}) WHERE NOT _gone`
    : stateRowsSql(view, must(file))
  return duck.session(async (session) => {
    await session.run(`CREATE OR REPLACE TEMP TABLE described AS ${rowsSql}`)
    const select = view.features.flatMap((f, i) => {
      const column = ident(f.name)
      const number = NUMBERS.includes(f.type)
      const comparable = f.type === 'Bool' ? `CAST(${column} AS INTEGER)` : column
      return [
        `count(*) - count(${column}) AS nulls${i}`,
        `count(DISTINCT ${column}) AS distinct${i}`,
        `${plainInDuck(`min(${comparable})`, f.type === 'Bool' ? 'Int32' : f.type)} AS min${i}`,
        `${plainInDuck(`max(${comparable})`, f.type === 'Bool' ? 'Int32' : f.type)} AS max${i}`,
        `${number || f.type === 'Bool' ? `avg(CAST(${comparable} AS DOUBLE))` : 'NULL'} AS mean${i}`,
        `${number ? `quantile_disc(${column}, [${Object.values(QUANTILES).join(', ')}])` : 'NULL'} AS quantiles${i}`,
      ]
    })
    const [row] = await session.rows<Record<string, unknown>>(
      `SELECT ${['count(*) AS "rows"', ...select].join(', ')} FROM described`,
    )
    const found = must(row)
    const total = Number(found.rows)
    const features: FeatureStatistics[] = []
    for (const [i, f] of view.features.entries()) {
      const nulls = Number(found[`nulls${i}`])
      const quantiles = found[`quantiles${i}`] as unknown[] | { items: unknown[] } | null
      const values = quantiles === null ? null : Array.isArray(quantiles) ? quantiles : quantiles.items
      const named = values && Object.keys(QUANTILES).map((name, q) => [name, plainNumber(values[q])])
      const top = NUMBERS.includes(f.type)
        ? null
        : await session.rows<{ value: string; count: number }>(
            `SELECT CAST(${ident(f.name)} AS VARCHAR) AS value, count(*) AS count FROM described
             WHERE ${ident(f.name)} IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ${TOP}`,
          )
      features.push({
        name: f.name,
        type: f.type,
        nulls,
        nullShare: total === 0 ? null : nulls / total,
        distinct: Number(found[`distinct${i}`]),
        min: plainNumber(found[`min${i}`]),
        max: plainNumber(found[`max${i}`]),
        mean: (found[`mean${i}`] as number | null) ?? null,
        quantiles: named ? (Object.fromEntries(named) as FeatureStatistics['quantiles']) : null,
        top,
      })
    }
    const { id, validAt, recordedAt } = snapshot
    return { view: view.name, snapshot: id, validAt, recordedAt, rows: total, features }
  })
}

/** As PostgreSQL's JSON keeps it: an integer beyond 2^53 as its text. */
function plainNumber(value: unknown): FeatureValue {
  return typeof value === 'bigint' ? String(value) : ((value as FeatureValue | undefined) ?? null)
}
