import { addMs, type Instant } from '../../base/instant.ts'
import type { DuckSession } from '../../lake/duck.ts'
import type { Lake } from '../../lake/lake.ts'
import type { Snapshot } from '../../lake/snapshot.ts'
import type { Column, ServiceDefinition, ViewDefinition } from '../define/definitions.ts'
import { ENTITY_ROWS, type EntityRows, extent } from '../define/entity-rows.ts'
import { ident, literal } from '../define/quote.ts'
import { duckInstant, duckType } from '../define/value-types.ts'
import { changeFilesOf } from './join.ts'
import { type LabelSpan, labelMoments, noLabels } from './label-moments.ts'
import { changeOrder, changeRowsSql, requireColumns } from './view-rows.ts'

/** A label with all that its rows are found by; `changes` as in a view. */
export type LabelDefinition = Column & {
  column: string
  source: string
  horizonMs: number
  changes: ViewDefinition['changes']
  /** Another column of the source, that says how much a row counts. */
  weight: Column | null
}

export type LabelRows = EntityRows & {
  /** The label files that were read. */
  snapshots: Snapshot[]
  moments: Instant[]
  immature: number
  unlabelled: number
}

/**
 * The rows of a training set: (entity, T) with a label whose T + horizon <= A, each in its newest version that was
 * known at K. A row without a value in the label column is no label. Ordered by T, keys and label: rows that are equal
 * in those are equal throughout, so the order depends neither on that of the files nor on threads.
 */
export async function readLabelRows(
  deps: { lake: Lake; session: DuckSession },
  service: ServiceDefinition,
  label: LabelDefinition,
  span: LabelSpan,
): Promise<LabelRows> {
  const { session } = deps
  const found = label.changes
    ? await fromChanges(deps, service, label, span)
    : await fromStates(deps, service, label, span)
  const keys = service.keys.map((_, i) => `k${i}`)
  const own = [...keys, 'label', ...(label.weight ? ['weight'] : [])]
  const payload = own.map((column, i) => `${column} AS p${i}`)
  const order = ['t', ...own].map((column) => `${column} NULLS FIRST`).join(', ')
  await session.run(
    `CREATE OR REPLACE TEMP TABLE ${ENTITY_ROWS} AS
     SELECT row_number() OVER (ORDER BY ${order}) AS n, t, ${[...keys, ...payload].join(', ')}
     FROM (${found.sql}) WHERE label IS NOT NULL ORDER BY n`,
  )
  const { rows, ...ends } = await extent(session)
  const names = [...service.keys, label, ...(label.weight ? [label.weight] : [])].map(({ name }) => name)
  return {
    payload: names.map((name, i) => ({ name, sql: `p${i}` })),
    rows,
    ...ends,
    snapshots: found.snapshots,
    moments: found.moments,
    immature: found.immature,
    unlabelled: found.all === null ? 0 : found.all - rows,
  }
}

/** `all` counts the rows with and without a label, where they were counted. */
type Found = { sql: string; snapshots: Snapshot[]; moments: Instant[]; immature: number; all: number | null }
type Deps = { lake: Lake; session: DuckSession }

async function fromStates({ lake }: Deps, service: ServiceDefinition, label: LabelDefinition, span: LabelSpan) {
  const { mature, immature } = await labelMoments(lake, label, span)
  for (const snapshot of mature) requireColumns(snapshot, columnsOf(service, label))
  const columns = typed(service, label)
  const selects = mature.map(async (snapshot) => {
    const path = literal(await lake.path(snapshot))
    return `SELECT ${duckInstant(snapshot.validAt)} AS t, ${columns.join(', ')} FROM read_parquet(${path})`
  })
  const sql = (await Promise.all(selects)).join('\nUNION ALL\n')
  const all = mature.reduce((sum, snapshot) => sum + snapshot.rows, 0)
  return { sql, snapshots: mature, moments: mature.map((s) => s.validAt), immature, all } satisfies Found
}

async function fromChanges(
  { lake, session }: Deps,
  service: ServiceDefinition,
  label: LabelDefinition,
  span: LabelSpan,
) {
  const snapshots = await lake.list({ source: label.source, knownAt: span.knownAt })
  for (const snapshot of snapshots) requireColumns(snapshot, columnsOf(service, label))
  const view: ViewDefinition = {
    name: label.name,
    source: label.source,
    changes: label.changes,
    ttlMs: null,
    keys: service.keys.map((key) => ({ ...key, column: key.name })),
    features: [
      { name: '_label', type: label.type, column: label.column, sql: null },
      ...(label.weight ? [{ name: '_weight', type: label.weight.type, column: label.weight.name, sql: null }] : []),
    ],
  }
  const matureUntil = addMs(span.asOf, -label.horizonMs)
  const keys = service.keys.map((key) => ident(key.name))
  if (snapshots.length === 0) throw await noLabels(lake, label, span)
  await session.run(
    `CREATE OR REPLACE TEMP TABLE label_changes AS
     SELECT * FROM (
       SELECT ${keys.join(', ')}, _ts AS _t, arg_max_null(_label, ${changeOrder()}) AS _label,${label.weight ? ` arg_max_null(_weight, ${changeOrder()}) AS _weight,` : ''} arg_max(_gone, ${changeOrder()}) AS _gone
       FROM (${changeRowsSql(view, await changeFilesOf(lake, snapshots))})
       WHERE _ts <= ${duckInstant(span.asOf)} ${span.from === undefined ? '' : `AND _ts >= ${duckInstant(span.from)}`}
       GROUP BY ${[...keys, '_ts'].join(', ')}
     ) WHERE NOT _gone`,
  )
  const mature = `_t <= ${duckInstant(matureUntil)}`
  const [counts] = await session.rows<{ mature: number; immature: number }>(
    `SELECT count(*) FILTER (WHERE ${mature}) AS mature, count(*) FILTER (WHERE NOT ${mature}) AS immature FROM label_changes`,
  )
  if (!counts?.mature) throw await noLabels(lake, label, span)
  const moments = await session.rows<{ t: string }>(
    `SELECT DISTINCT strftime(_t AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ') AS t FROM label_changes
     WHERE ${mature} ORDER BY 1 LIMIT ${MOMENTS_MAX}`,
  )
  const named = service.keys.map((key, i) => `${ident(key.name)} AS k${i}`)
  const sql = `SELECT _t AS t, ${[...named, '_label AS label', ...(label.weight ? ['_weight AS weight'] : [])].join(', ')} FROM label_changes WHERE ${mature}`
  const found: Found = {
    sql,
    snapshots,
    moments: moments.map((m) => m.t),
    immature: counts.immature,
    all: counts.mature,
  }
  return found
}

/** Changes may have as many moments as rows; that many are named in a training set's description. */
const MOMENTS_MAX = 100

function columnsOf(service: ServiceDefinition, { column, weight }: LabelDefinition): string[] {
  return [...service.keys.map((k) => k.name), column, ...(weight ? [weight.name] : [])]
}

function typed(service: ServiceDefinition, label: LabelDefinition): string[] {
  const keys = service.keys.map((key, i) => `CAST(${ident(key.name)} AS ${duckType(key.type)}) AS k${i}`)
  const values = [`CAST(${ident(label.column)} AS ${duckType(label.type)}) AS label`]
  const { weight } = label
  if (weight) values.push(`CAST(${ident(weight.name)} AS ${duckType(weight.type)}) AS weight`)
  return [...keys, ...values]
}
