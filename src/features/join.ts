import type { Instant } from '../base/instant.ts'
import type { DuckSession } from '../lake/duck.ts'
import type { Lake } from '../lake/lake.ts'
import type { Snapshot } from '../lake/snapshot.ts'
import type { ServiceDefinition, ServiceView } from './definitions.ts'
import { ENTITY_ROWS, type EntityRows } from './entity-rows.ts'
import { type JoinMode, type Period, periods } from './picks.ts'
import { ident } from './quote.ts'
import { duckInstant, duckType } from './value-types.ts'
import { changeOrder, changeRowsSql, requireColumns, stateRowsSql, type ViewFile, viewColumns } from './view-rows.ts'

export type JoinRequest = { knownAt: Instant; mode: JoinMode }

/** `sql` gives each entity row once: `n`, the columns of the table of entity rows, and `s<i>` for the i-th stored feature. */
export type Join = {
  sql: string
  /** What was read, each snapshot once for each T of which it was. */
  inputs: JoinInput[]
  missing: { view: string; moment: Instant }[]
}

type Deps = { lake: Lake; session: DuckSession }

export type JoinInput = { moment: Instant; snapshot: Snapshot }

/**
 * The point-in-time join of section 3 of the design. Views of whole states: the snapshot for each span of T is picked
 * from the catalogue, and hash-joined with the rows of that span, so the cost does not grow with history. Views of
 * changes: the rows of a key up to T and not older than the ttl, of which the greatest (event time, available, seq)
 * remains; that is done once for each view, into a temporary table of the session.
 */
export async function pointInTimeJoin(
  deps: Deps,
  service: ServiceDefinition,
  entities: EntityRows,
  request: JoinRequest,
): Promise<Join> {
  const { lake, session } = deps
  const snapshots = await Promise.all(
    service.views.map((view) => lake.list({ source: view.source, knownAt: request.knownAt })),
  )
  const inputs: JoinInput[] = []
  for (const [i, view] of service.views.entries()) {
    if (view.changes === null) continue
    const known = snapshots[i] ?? []
    for (const snapshot of known) requireColumns(snapshot, viewColumns(view))
    inputs.push(...known.map((snapshot) => ({ moment: entities.last, snapshot })))
    await session.run(changesTableSql(service, i, await filesOf(lake, known), request.mode))
  }
  const states = service.views.map((view, i) => {
    return { ttlMs: view.ttlMs, snapshots: view.changes === null ? (snapshots[i] ?? []) : [] }
  })
  const spans = entities.rows === 0 ? [] : periods(states, entities.first, entities.last, request.mode)
  const used = await usedPeriods(session, spans)
  for (const { from, picks } of used) {
    const here = picks.filter((pick) => pick !== undefined)
    inputs.push(...here.map((snapshot) => ({ moment: from, snapshot })))
  }
  const missing = used.flatMap(({ from, picks }) =>
    service.views.flatMap((view, i) =>
      picks[i] === undefined && view.changes === null ? [{ view: view.name, moment: from }] : [],
    ),
  )
  for (const [i, view] of service.views.entries()) {
    if (view.changes !== null && snapshots[i]?.length === 0) missing.push({ view: view.name, moment: entities.last })
  }
  const sql = used.length > 1 ? await byPeriods(deps, service, used) : await oneSql(lake, service, used[0])
  return { sql, inputs, missing }
}

/** All rows read the same snapshots: the join is a part of the statement that writes the result. */
function oneSql(lake: Lake, service: ServiceDefinition, period: UsedPeriod | undefined): Promise<string> {
  return periodSql(lake, service, period?.picks ?? [], ENTITY_ROWS)
}

/**
 * One period after the other, each with a table of its own rows, whose number the planner knows: so the few rows of the
 * period go into the hash table, the file streams past them, and the memory does not grow with the periods.
 */
async function byPeriods(deps: Deps, service: ServiceDefinition, used: UsedPeriod[]): Promise<string> {
  const { lake, session } = deps
  for (const [i, period] of used.entries()) {
    await session.run(
      `CREATE OR REPLACE TEMP TABLE period_rows AS SELECT * FROM ${ENTITY_ROWS} WHERE ${within(period)}`,
    )
    const sql = await periodSql(lake, service, period.picks, 'period_rows')
    await session.run(i === 0 ? `CREATE OR REPLACE TEMP TABLE by_period AS ${sql}` : `INSERT INTO by_period ${sql}`)
  }
  return 'SELECT * FROM by_period'
}

/** `to` is where the next period begins, null for the last. */
type UsedPeriod = Period & { to: Instant | null }

/** Periods in which there are entity rows; `from` becomes the first T of them. */
async function usedPeriods(session: DuckSession, spans: Period[]): Promise<UsedPeriod[]> {
  const bounded = spans.map((period, i): UsedPeriod => ({ ...period, to: spans[i + 1]?.from ?? null }))
  if (bounded.length < 2) return bounded
  const counts = bounded.map((period, i) => `min(t) FILTER (WHERE ${within(period)}) AS f${i}`)
  const text = bounded.map((_, i) => `strftime(f${i} AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ') AS f${i}`)
  const [row = {}] = await session.rows<Record<string, string | null>>(
    `SELECT ${text.join(', ')} FROM (SELECT ${counts.join(', ')} FROM ${ENTITY_ROWS})`,
  )
  return bounded.flatMap((period, i) => (row[`f${i}`] ? [{ ...period, from: row[`f${i}`] as Instant }] : []))
}

function within({ from, to }: UsedPeriod): string {
  return `t >= ${duckInstant(from)}${to === null ? '' : ` AND t < ${duckInstant(to)}`}`
}

async function periodSql(
  lake: Lake,
  service: ServiceDefinition,
  picks: Period['picks'],
  rows: string,
): Promise<string> {
  const joins: string[] = []
  const held = new Set<number>()
  for (const [i, view] of service.views.entries()) {
    const pick = picks[i]
    if (view.changes !== null) {
      joins.push(`LEFT JOIN ${changesTable(i)} v${i} ON v${i}.n = e.n`)
      held.add(i)
    } else if (pick !== undefined) {
      requireColumns(pick, viewColumns(view))
      joins.push(
        `LEFT JOIN (${stateRowsSql(view, await fileOf(lake, pick))}) v${i} ON ${onKeys(service, view, `v${i}`)}`,
      )
      held.add(i)
    }
  }
  const features = service.stored.map((feature, i) => {
    const view = service.views[feature.view]
    const value = view?.changes ? `v${feature.view}.features` : `v${feature.view}`
    return held.has(feature.view)
      ? `${value}.${ident(feature.feature)} AS s${i}`
      : `CAST(NULL AS ${duckType(feature.type)}) AS s${i}`
  })
  return [`SELECT ${['e.*', ...features].join(', ')}`, `FROM ${rows} e`, ...joins].join('\n')
}

function changesTable(view: number): string {
  return `changes_${view}`
}

/** For each entity row the features of the newest change that may be seen; none where that is a tombstone. */
function changesTableSql(service: ServiceDefinition, place: number, files: ViewFile[], mode: JoinMode): string {
  const view = service.views[place] as ServiceView
  if (files.length === 0) {
    const members = view.features.map((f) => `${ident(f.name)} := CAST(NULL AS ${duckType(f.type)})`).join(', ')
    return `CREATE OR REPLACE TEMP TABLE ${changesTable(place)} AS
      SELECT 0::BIGINT AS n, struct_pack(${members}) AS features WHERE false`
  }
  const seen = [
    onKeys(service, view, 'c'),
    'c.ts <= e.t',
    // Milliseconds times 1,000 as microseconds: exact, where an interval of months would not be.
    ...(view.ttlMs === null ? [] : [`c.ts >= e.t - to_microseconds(${Math.round(view.ttlMs * 1000)})`]),
    ...(mode === 'served' ? ['c.known_at <= e.t'] : []),
  ]
  const order = changeOrder('c.')
  return `CREATE OR REPLACE TEMP TABLE ${changesTable(place)} AS
    SELECT n, features FROM (
      SELECT e.n, arg_max(c.features, ${order}) AS features, arg_max(c.gone, ${order}) AS gone
      FROM ${ENTITY_ROWS} e JOIN (${changeRowsSql(view, files)}) c ON ${seen.join(' AND ')}
      GROUP BY e.n
    ) WHERE NOT gone`
}

function onKeys(service: ServiceDefinition, view: ServiceView, alias: string): string {
  const on = view.keys.map((key, i) => {
    const place = service.keys.findIndex((k) => k.name === view.rowKeys[i])
    return `${alias}.${ident(key.name)} = e.k${place}`
  })
  return on.join(' AND ') || 'true'
}

async function fileOf(lake: Lake, snapshot: Snapshot): Promise<ViewFile> {
  return { path: await lake.path(snapshot), availableAt: snapshot.availableAt, uniqueKey: snapshot.uniqueKey }
}

/** In the order of their recording, so that a later delivery has the greater place. */
export async function filesOf(lake: Lake, snapshots: readonly Snapshot[]): Promise<ViewFile[]> {
  const inOrder = [...snapshots].sort((a, b) => a.seq - b.seq)
  return Promise.all(inOrder.map((snapshot) => fileOf(lake, snapshot)))
}
