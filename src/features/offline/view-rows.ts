import { assert } from '../../base/assert.ts'
import { PlatformError } from '../../base/errors.ts'
import { displayInstant, type Instant } from '../../base/instant.ts'
import type { Feature, ViewKey } from '../../config/project.ts'
import type { DuckSession } from '../../lake/duck.ts'
import { MERGED_ROW, MERGED_SEQ } from '../../lake/merged-files.ts'
import type { Snapshot } from '../../lake/snapshot.ts'
import type { TimeColumns, ViewDefinition } from '../define/definitions.ts'
import { ident, literal } from '../define/quote.ts'
import { duckInstant, duckType } from '../define/value-types.ts'

/**
 * A delivery of a view's source, and whether ingest found each key in it once. `merged`: its rows lie among those of others at
 * `path`, under its `seq`; only rows of changes are read from such a file.
 */
export type ViewFile = {
  path: string
  merged: boolean
  seq: number
  columns: readonly { name: string }[]
  availableAt: Instant
  uniqueKey: readonly string[] | null
}

/**
 * The rows of a view in one file of whole state, at most one a key, in declared types: what the training set joins and
 * what the online tables are filled with, so that both hold the same values. Of rows with one key the last of the file
 * wins; a null key names nothing and is left out.
 */
export function stateRowsSql(view: ViewDefinition, file: ViewFile): string {
  assert(!file.merged, `a whole state of view ${view.name} is read from its own file`)
  const keys = view.keys.map((key) => ident(key.name)).join(', ')
  const source = `read_parquet(${literal(file.path)}, file_row_number = true)`
  const notNull = view.keys.map((k) => `${ident(k.column)} IS NOT NULL`).join(' AND ') || 'true'
  if (isUnique(view, file)) {
    // No condition: the planner then knows how many rows there are, and puts the smaller side into the hash table.
    return `SELECT ${[...keyColumns(view), ...featureColumns(view)].join(', ')} FROM ${source}`
  }
  // A view without an entity has one row, and none where the file has none.
  const grouped = view.keys.length > 0 ? `GROUP BY ${keys}` : 'HAVING count(*) > 0'
  return `SELECT ${view.keys.length > 0 ? `${keys}, ` : ''}unnest(arg_max(features, position))
  FROM (
    SELECT ${[...keyColumns(view), `${packed(view)} AS features`].join(', ')}, file_row_number AS position
    FROM ${source} WHERE ${notNull}
  )
  ${grouped}`
}

/**
 * All rows of a view of kind changes: its keys, `_ts` (event time), `_known_at` (when it could first be known), `_place` (a
 * number that orders rows equal in those two: the delivery, then the row in its file), `_gone`, and its features.
 */
export function changeRowsSql(view: ViewDefinition, files: readonly ViewFile[]): string {
  const time = changesOf(view)
  const delivered = perFile(files.map((file) => duckInstant(file.availableAt)))
  const columns = [
    ...keyColumns(view),
    `${tsSql(time)} AS _ts`,
    `${time.availableAt === null ? delivered : `CAST(${ident(time.availableAt)} AS TIMESTAMPTZ)`} AS _known_at`,
    `(file_index::BIGINT << 40) + file_row_number AS _place`,
    `${time.deleted === null ? 'false' : `coalesce(${ident(time.deleted)}, false)`} AS _gone`,
    ...featureColumns(view),
  ]
  const given = [...view.keys.map((k) => k.column), time.eventTime].map((column) => `${ident(column)} IS NOT NULL`)
  return `SELECT ${columns.join(', ')} FROM ${fileList(files)} WHERE ${given.join(' AND ')}`
}

/** Orders the rows of one key: by event time, then by when it was known (unknown first), then by place. */
export function changeOrder(alias = ''): string {
  const unknown = `TIMESTAMPTZ '0001-01-01T00:00:00Z'`
  return `row(${alias}_ts, coalesce(${alias}_known_at, ${unknown}), ${alias}_place)`
}

/**
 * The same order as `changeOrder(alias)` by a cheaper expression, where the files leave no doubt: no key has two rows of
 * one time in a file, and either the times of the files do not overlap, or what is known of them depends on the file.
 */
export async function cheapestOrder(
  session: DuckSession,
  view: ViewDefinition,
  files: readonly ViewFile[],
  alias: string,
): Promise<string> {
  const time = changesOf(view)
  const columns = new Set([...view.keys.map((key) => key.column), time.eventTime])
  const unique = files.every(
    ({ uniqueKey }) => uniqueKey?.includes(time.eventTime) && uniqueKey.every((c) => columns.has(c)),
  )
  if (!unique) return changeOrder(alias)
  const spans = await session.rows<{ first: number; last: number }>(
    `SELECT epoch_us(min(${tsSql(time)})) AS first, epoch_us(max(${tsSql(time)})) AS last
     FROM ${fileList(files)} GROUP BY file_index ORDER BY 1`,
  )
  if (spans.every((span, i) => i === 0 || Number(span.first) > Number(spans[i - 1]?.last))) return `${alias}_ts`
  if (time.availableAt !== null) return changeOrder(alias)
  const inOrder = files
    .map((file, i) => ({ file, i }))
    .sort((a, b) => (a.file.availableAt < b.file.availableAt ? -1 : 1))
  const ranks = perFile(
    files.map((_, i) => `${inOrder.findIndex((x) => x.i === i)}`),
    `(${alias}_place >> 40)`,
  )
  return `epoch_us(${alias}_ts)::HUGEINT * ${files.length} + ${ranks}`
}

/** Which of some deliveries a row of `changeRowsSql` is from, by what stands for each of them, in the order of the files. */
export function deliverySql(perDelivery: readonly number[]): string {
  return perFile(perDelivery.map(String), '(_place >> 40)')
}

/**
 * The rows of all files, with `file_index`, the place of a row's delivery among these, and `file_row_number`, its own in the
 * file of that: the same numbers whether the rows lie in the delivery's own file or in a merged one.
 */
function fileList(files: readonly ViewFile[]): string {
  const own = files.filter((file) => !file.merged)
  if (own.length === files.length) return parquetFiles(files)
  const named = columnsOfAll(files).map(ident)
  const places = new Map(files.map((file, i) => [file, i]))
  const place = (file: ViewFile) => `${places.get(file)}`
  const paths = [...new Set(files.filter((file) => file.merged).map((file) => file.path))]
  const parts = paths.map((path) => {
    const held = files.filter((file) => file.merged && file.path === path)
    const seqs = `unnest([${held.map((file) => file.seq).join(', ')}]) AS seq`
    const index = `unnest([${held.map(place).join(', ')}]::BIGINT[]) AS file_index`
    return `SELECT ${[...named.map((c) => `m.${c}`), 'p.file_index', `m.${MERGED_ROW} AS file_row_number`].join(', ')}
      FROM read_parquet(${literal(path)}) m JOIN (SELECT ${seqs}, ${index}) p ON p.seq = m.${MERGED_SEQ}`
  })
  if (own.length > 0) {
    const index = `${perFile(own.map(place))}::BIGINT AS file_index`
    parts.push(`SELECT ${[...named, index, 'file_row_number'].join(', ')} FROM ${parquetFiles(own)}`)
  }
  return `(${parts.join('\nUNION ALL\n')})`
}

function parquetFiles(files: readonly ViewFile[]): string {
  return `read_parquet([${files.map((file) => literal(file.path)).join(', ')}], file_row_number = true)`
}

/** A column that a file does not have can be asked of none: `requireColumns` says so first. */
function columnsOfAll([first, ...others]: readonly ViewFile[]): string[] {
  const held = others.map((file) => new Set(file.columns.map((column) => column.name)))
  return (first?.columns ?? []).map((column) => column.name).filter((name) => held.every((names) => names.has(name)))
}

function perFile(values: string[], index = 'file_index::BIGINT'): string {
  return `list_value(${values.join(', ')})[${index} + 1]`
}

function tsSql(time: TimeColumns): string {
  return `CAST(${ident(time.eventTime)} AS TIMESTAMPTZ)`
}

/** The newest row of each key, tombstones too, with its `_ts`, `_known_at`, `_place` and `_gone`; `where` may narrow the rows. */
export function newestChangesSql(view: ViewDefinition, files: readonly ViewFile[], where = 'true'): string {
  const keys = view.keys.map((key) => ident(key.name))
  const features = view.features.map((f) => ident(f.name))
  const grouped = keys.length > 0 ? `GROUP BY ${keys.join(', ')}` : 'HAVING count(*) > 0'
  const rows = changeRowsSql(view, files)
  return `SELECT ${[...keys, '_ts', '_known_at', '_place', '_gone', ...features].join(', ')} FROM (${rows}) WHERE _place IN (
    SELECT arg_max(_place, ${changeOrder()}) FROM (${rows}) WHERE ${where} ${grouped})`
}

/** The columns of the source that a view names; those of expressions are DuckDB's to find. */
export function viewColumns(view: ViewDefinition): string[] {
  const time = view.changes === null ? [] : Object.values(view.changes)
  const named = [...view.keys.map((key) => key.column), ...view.features.map((feature) => feature.column), ...time]
  return named.filter((column) => column !== null)
}

/** Refuses a snapshot that was taken before the source had a column that the definition now asks for. */
export function requireColumns(snapshot: Snapshot, columns: string[]): void {
  const held = new Set(snapshot.columns.map((c) => c.name))
  const absent = columns.filter((column) => !held.has(column))
  if (absent.length === 0) return
  throw new PlatformError(
    'conflict',
    `snapshot ${snapshot.id} has no column ${absent.map((c) => `'${c}'`).join(', ')}, which the project now asks for; ` +
      `ingest ${displayInstant(snapshot.validAt)} again with it`,
    { details: { snapshot: snapshot.id, columns: absent } },
  )
}

/** A feature's value from the columns of its source, in its declared type. */
export function featureSql(feature: Feature): string {
  return `CAST(${feature.sql === null ? ident(feature.column) : `(${feature.sql}\n)`} AS ${duckType(feature.type)})`
}

/** Whether a file of whole state gives each of its rows as a row of the view. */
export function isUnique(view: ViewDefinition, { uniqueKey }: ViewFile): boolean {
  const columns = new Set(view.keys.map((k) => k.column))
  return uniqueKey !== null && uniqueKey.length > 0 && uniqueKey.every((column) => columns.has(column))
}

function keyColumns(view: ViewDefinition): string[] {
  return view.keys.map((key) => `${keySql(key)} AS ${ident(key.name)}`)
}

function featureColumns(view: ViewDefinition): string[] {
  return view.features.map((f) => `${featureSql(f)} AS ${ident(f.name)}`)
}

function packed(view: ViewDefinition): string {
  return `struct_pack(${view.features.map((f) => `${ident(f.name)} := ${featureSql(f)}`).join(', ')})`
}

function keySql({ column, type }: ViewKey): string {
  return `CAST(${ident(column)} AS ${duckType(type)})`
}

function changesOf(view: ViewDefinition): NonNullable<ViewDefinition['changes']> {
  if (view.changes === null) throw new Error(`view ${view.name} is not of kind changes`)
  return view.changes
}
