import type { Instant } from '../../base/instant.ts'
import { progress } from '../../base/progress.ts'
import type { DuckSession } from '../../lake/duck.ts'
import type { Lake } from '../../lake/lake.ts'
import type { Snapshot } from '../../lake/snapshot.ts'
import type { ServiceDefinition, ServiceView } from '../define/definitions.ts'
import { ENTITY_ROWS, type EntityRows } from '../define/entity-rows.ts'
import { ident } from '../define/quote.ts'
import { duckInstant, duckType } from '../define/value-types.ts'
import { type JoinMode, type Period, periods } from './snapshot-selection.ts'
import { changeRowsSql, cheapestOrder, requireColumns, stateRowsSql, type ViewFile, viewColumns } from './view-rows.ts'

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
 * The point-in-time join (docs/concepts/training-sets.md). Views of whole states: the snapshot for each span of T is picked
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
    await makeChangesTable(session, service, i, await changeFilesOf(lake, known), request.mode)
  }
  const states = service.views.map((view, i) => {
    return { ttlMs: view.ttlMs, snapshots: view.changes === null ? (snapshots[i] ?? []) : [] }
  })
  const spans = entities.rows === 0 ? [] : periods(states, entities.first, entities.last, request.mode)
  const used = await usedPeriods(session, spans)
  for (const { from, selection } of used) {
    const here = selection.filter((pick) => pick !== undefined)
    inputs.push(...here.map((snapshot) => ({ moment: from, snapshot })))
  }
  const missing = used.flatMap(({ from, selection }) =>
    service.views.flatMap((view, i) =>
      selection[i] === undefined && view.changes === null ? [{ view: view.name, moment: from }] : [],
    ),
  )
  for (const [i, view] of service.views.entries()) {
    if (view.changes !== null && snapshots[i]?.length === 0) missing.push({ view: view.name, moment: entities.last })
  }
  const sql = used.length > 1 ? await byPeriods(deps, service, used) : await oneSql(lake, service, used[0])
  return { sql, inputs, missing }
}

/** All rows read the same snapshots: the join is a part of the statement that writes the result. */
async function oneSql(lake: Lake, service: ServiceDefinition, period: UsedPeriod | undefined): Promise<string> {
  const joins = [...service.views.keys()].map(async (i) => {
    const [view, pick] = [narrowed(service, i), period?.selection[i]]
    if (view.changes !== null) return joinOfTable(i)
    if (pick === undefined) return undefined
    requireColumns(pick, viewColumns(view))
    return `LEFT JOIN (${stateRowsSql(view, await fileOf(lake, pick))}) v${i} ON ${onKeys(service, view, `v${i}`)}`
  })
  return selectSql(service, await Promise.all(joins))
}

/**
 * One period and one view after the other, into a table of the view: the few rows of the period, whose number the planner
 * knows, go into the hash table, the file streams past them, and the memory does not grow with the periods.
 */
async function byPeriods({ lake, session }: Deps, service: ServiceDefinition, used: UsedPeriod[]): Promise<string> {
  const all = [...service.views.keys()]
  const states = all.filter((i) => service.views[i]?.changes === null)
  for (const i of states) await makeEmptyTable(session, narrowed(service, i), i)
  const onProgress = progress()
  for (const [done, period] of used.entries()) {
    onProgress({ phase: 'join periods', done, total: used.length, unit: 'periods' })
    await session.run(
      `CREATE OR REPLACE TEMP TABLE period_rows AS SELECT * EXCLUDE (t) FROM ${ENTITY_ROWS} WHERE ${within(period)}`,
    )
    for (const i of states) {
      const [view, pick] = [narrowed(service, i), period.selection[i]]
      if (pick === undefined) continue
      requireColumns(pick, viewColumns(view))
      const columns = ['e.n', ...view.features.map((f) => `v.${ident(f.name)}`)]
      await session.run(
        `INSERT INTO ${viewTable(i)} SELECT ${columns.join(', ')} FROM period_rows e
         JOIN (${stateRowsSql(view, await fileOf(lake, pick))}) v ON ${onKeys(service, view, 'v')}`,
      )
    }
  }
  onProgress({ phase: 'join periods', done: used.length, total: used.length, unit: 'periods' })
  return selectSql(service, all.map(joinOfTable))
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

/** `joins[i]` brings the rows of the i-th view as `v<i>`; where there is none its features are null. */
function selectSql(service: ServiceDefinition, joins: (string | undefined)[]): string {
  const features = service.stored.map(({ view, feature, type }, i) =>
    joins[view] === undefined ? `CAST(NULL AS ${duckType(type)}) AS s${i}` : `v${view}.${ident(feature)} AS s${i}`,
  )
  const present = joins.filter((join) => join !== undefined)
  return [`SELECT ${['e.*', ...features].join(', ')}`, `FROM ${ENTITY_ROWS} e`, ...present].join('\n')
}

/**
 * The temporary table with a view's features: `_n`, which is the `n` of a row of `entity_rows`, at most once, and a column for
 * each feature that the service reads, by its name in the view. A row that is not there has nulls. `period_rows` (the entity
 * rows of one period, without `t`) and `newest` (`n`, and the place of the newest change) are read only by the statement after.
 */
function viewTable(view: number): string {
  return `view_${view}`
}

function joinOfTable(view: number): string {
  return `LEFT JOIN ${viewTable(view)} v${view} ON v${view}._n = e.n`
}

function makeEmptyTable(session: DuckSession, view: ServiceView, place: number): Promise<void> {
  const columns = ['_n BIGINT', ...view.features.map((f) => `${ident(f.name)} ${duckType(f.type)}`)]
  return session.run(`CREATE OR REPLACE TEMP TABLE ${viewTable(place)} (${columns.join(', ')})`)
}

/**
 * For each entity row the newest change that may be seen, as a table of `n` and the features; none where that is a
 * tombstone. First the place of the row alone is found, which takes little memory however many rows there are, and then
 * its values are fetched.
 */
async function makeChangesTable(
  session: DuckSession,
  service: ServiceDefinition,
  place: number,
  files: ViewFile[],
  mode: JoinMode,
): Promise<void> {
  const view = narrowed(service, place)
  const table = viewTable(place)
  if (files.length === 0) return makeEmptyTable(session, view, place)
  const seen = [
    onKeys(service, view, 'c'),
    'c._ts <= e.t',
    // Milliseconds times 1,000 as microseconds: exact, where an interval of months would not be.
    ...(view.ttlMs === null ? [] : [`c._ts >= e.t - to_microseconds(${Math.round(view.ttlMs * 1000)})`]),
    ...(mode === 'served' ? ['c._known_at <= e.t'] : []),
  ]
  const rows = changeRowsSql(view, files)
  const order = await cheapestOrder(session, view, files, 'c.')
  await session.run(
    `CREATE OR REPLACE TEMP TABLE newest AS
     SELECT e.n, arg_max(c._place, ${order}) AS place
     FROM ${ENTITY_ROWS} e JOIN (${rows}) c ON ${seen.join(' AND ')}
     GROUP BY e.n`,
  )
  await session.run(
    `CREATE OR REPLACE TEMP TABLE ${table} AS
     SELECT ${['w.n AS _n', ...view.features.map((f) => `c.${ident(f.name)}`)].join(', ')}
     FROM newest w JOIN (${rows}) c ON c._place = w.place WHERE NOT c._gone`,
  )
  await session.run('DROP TABLE newest')
}

/** The view with the features that the service reads of it, and no others. */
function narrowed(service: ServiceDefinition, place: number): ServiceView {
  const view = service.views[place] as ServiceView
  const read = new Set(service.stored.filter((s) => s.view === place).map((s) => s.feature))
  return { ...view, features: view.features.filter((f) => read.has(f.name)) }
}

function onKeys(service: ServiceDefinition, view: ServiceView, alias: string): string {
  const on = view.keys.map((key, i) => {
    const place = service.keys.findIndex((k) => k.name === view.rowKeys[i])
    return `${alias}.${ident(key.name)} = e.k${place}`
  })
  return on.join(' AND ') || 'true'
}

export async function fileOf(lake: Lake, snapshot: Snapshot, mergedPath?: string): Promise<ViewFile> {
  const { seq, columns, availableAt, uniqueKey } = snapshot
  const path = mergedPath ?? (await lake.path(snapshot))
  return { path, merged: mergedPath !== undefined, seq, columns, availableAt, uniqueKey }
}

/** In the order of their recording, so that a later delivery has the greater place. */
export async function filesOf(
  lake: Lake,
  snapshots: readonly Snapshot[],
  merged?: ReadonlyMap<number, string>,
): Promise<ViewFile[]> {
  const inOrder = [...snapshots].sort((a, b) => a.seq - b.seq)
  return Promise.all(inOrder.map((snapshot) => fileOf(lake, snapshot, merged?.get(snapshot.seq))))
}

/** The same for changes, of which many small deliveries may lie in one file. */
export async function changeFilesOf(lake: Lake, snapshots: readonly Snapshot[]): Promise<ViewFile[]> {
  return filesOf(lake, snapshots, haveSameTypes(snapshots) ? await lake.mergedPaths(snapshots) : undefined)
}

/** Files in which a column has another type are read as the first says, in one statement: from their own files alone. */
function haveSameTypes(snapshots: readonly Snapshot[]): boolean {
  const types = new Map<string, string>()
  for (const { columns } of snapshots) {
    for (const { name, type } of columns) {
      if ((types.get(name) ?? type) !== type) return false
      types.set(name, type)
    }
  }
  return true
}
