import { addMs, type Instant } from '../../base/instant.ts'
import type { Lake } from '../../lake/lake.ts'
import type { Snapshot } from '../../lake/snapshot.ts'
import type { ViewDefinition } from '../define/definitions.ts'
import { ident, literal } from '../define/quote.ts'
import { duckInstant, duckType } from '../define/value-types.ts'
import { changeFilesOf, fileOf } from '../offline/join.ts'
import { type JoinMode, pickAt } from '../offline/snapshot-selection.ts'
import { deliverySql, newestChangesSql, requireColumns, stateRowsSql, viewColumns } from '../offline/view-rows.ts'

/** Where the sliders stand. */
export type Setting = { validAt: Instant; knownAt: Instant; mode: JoinMode }

/**
 * Rows at a setting, as a statement: `k<i>` and `c<i>` for the keys and values, `_ts` (the moment that a row describes),
 * `_known` (when it could first be known), `_from` (the seq of its snapshot) and `_status`. A row whose status is DELETED or
 * OUTSIDE_MAX_AGE has no values.
 */
export type RowsAt = {
  sql: string
  /** Snapshots that rows can come from; of a whole state the one that holds. */
  snapshots: Snapshot[]
  /** Why there is nothing, or nothing fresh; null else. */
  note: 'nothing known' | 'too old' | null
}

/**
 * The rows of a view: of whole states the snapshot that holds, of changes the newest row of each key, by the functions that
 * build training sets. `key` narrows them to one, given as the text of its parts.
 */
export async function viewAt(
  lake: Lake,
  given: ViewDefinition,
  setting: Setting,
  key: readonly string[] | null,
): Promise<RowsAt> {
  const view = named(given)
  const known = await lake.list({ source: view.source, knownAt: setting.knownAt })
  return view.changes === null ? stateAt(lake, view, known, setting, key) : changesAt(lake, view, known, setting, key)
}

/** Names of ours, since a column of the source may be called as one of our own. */
function named(view: ViewDefinition): ViewDefinition {
  return {
    ...view,
    keys: view.keys.map((key, i) => ({ ...key, name: `k${i}` })),
    features: view.features.map((feature, i) => ({ ...feature, name: `c${i}` })),
  }
}

async function stateAt(
  lake: Lake,
  view: ViewDefinition,
  known: readonly Snapshot[],
  { validAt, mode }: Setting,
  key: readonly string[] | null,
): Promise<RowsAt> {
  const pick = pickAt({ snapshots: known, ttlMs: null }, validAt, mode)
  if (pick === undefined) return nothing(view)
  const fresh = pickAt({ snapshots: known, ttlMs: view.ttlMs }, validAt, mode) !== undefined
  requireColumns(pick, viewColumns(view))
  const columns = [
    ...view.keys.map((k) => k.name),
    ...view.features.map((f) => (fresh ? f.name : `CAST(NULL AS ${duckType(f.type)}) AS ${f.name}`)),
    `${duckInstant(pick.validAt)} AS _ts`,
    `${duckInstant(pick.availableAt)} AS _known`,
    `${pick.seq}::BIGINT AS _from`,
    `'${fresh ? 'PRESENT' : 'OUTSIDE_MAX_AGE'}' AS _status`,
  ]
  const rows = stateRowsSql(view, await fileOf(lake, pick))
  const sql = `SELECT ${columns.join(', ')} FROM (${rows}) WHERE ${isKey(view, key)}`
  return { sql, snapshots: [pick], note: fresh ? null : 'too old' }
}

async function changesAt(
  lake: Lake,
  view: ViewDefinition,
  known: readonly Snapshot[],
  { validAt, mode }: Setting,
  key: readonly string[] | null,
): Promise<RowsAt> {
  if (known.length === 0) return nothing(view)
  for (const snapshot of known) requireColumns(snapshot, viewColumns(view))
  const at = duckInstant(validAt)
  const seen = [`_ts <= ${at}`, ...(mode === 'served' ? [`_known_at <= ${at}`] : []), isKey(view, key)].join(' AND ')
  const old = view.ttlMs === null ? 'false' : `_ts < ${duckInstant(addMs(validAt, -view.ttlMs))}`
  const inOrder = known.map((s) => s.seq).sort((a, b) => a - b)
  const columns = [
    ...view.keys.map((k) => k.name),
    ...view.features.map((f) => `CASE WHEN NOT (_gone OR ${old}) THEN ${f.name} END AS ${f.name}`),
    '_ts',
    '_known_at AS _known',
    `${deliverySql(inOrder)}::BIGINT AS _from`,
    `CASE WHEN _gone THEN 'DELETED' WHEN ${old} THEN 'OUTSIDE_MAX_AGE' ELSE 'PRESENT' END AS _status`,
  ]
  const rows = newestChangesSql(view, await changeFilesOf(lake, known), seen)
  return { sql: `SELECT ${columns.join(', ')} FROM (${rows})`, snapshots: [...known], note: null }
}

function nothing(view: ViewDefinition): RowsAt {
  const typed = [...view.keys, ...view.features].map((c) => `CAST(NULL AS ${duckType(c.type)}) AS ${c.name}`)
  const meta = ['CAST(NULL AS TIMESTAMPTZ) AS _ts', 'CAST(NULL AS TIMESTAMPTZ) AS _known', '0::BIGINT AS _from']
  const sql = `SELECT ${[...typed, ...meta, `'NOT_FOUND' AS _status`].join(', ')} WHERE false`
  return { sql, snapshots: [], note: 'nothing known' }
}

/** What holds for everybody is every key's. */
export function isKey(view: ViewDefinition, key: readonly string[] | null): string {
  if (key === null || view.keys.length === 0) return 'true'
  return view.keys
    .map(({ name, type }, i) => `${ident(name)} = CAST(${literal(key[i] ?? '')} AS ${duckType(type)})`)
    .join(' AND ')
}
