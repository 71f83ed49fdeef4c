import { PlatformError } from '../../base/errors.ts'
import { displayInstant, type Instant } from '../../base/instant.ts'
import type { Project, Source, ValueType } from '../../config/project.ts'
import type { DuckSession } from '../../lake/duck.ts'
import type { Lake, Snapshot } from '../../lake/lake.ts'
import type { TimeColumn } from '../../wire/time.ts'
import type { Catalogue } from '../define/catalogue.ts'
import type { Column, ViewDefinition } from '../define/definitions.ts'
import { keyOfText } from '../define/key-text.ts'
import { parseKey } from '../define/keys.ts'
import { pickAt } from '../offline/snapshot-selection.ts'
import { requireColumns } from '../offline/view-rows.ts'
import { type Subject, sourceAsView } from './subject.ts'
import { trainingSetAt } from './training-set-at.ts'
import { type Setting, viewAt } from './view-at.ts'

/** A snapshot, and from which moment on the values of its source come from it. */
export type Read = { source: string; moment: Instant; snapshot: Snapshot }

/** A table at a setting, with its rows as a statement of the session: `k<i>`, `c<i>` and `_ts`, `_known`, `_from`, `_status`. */
export type TableAt = {
  keys: Column[]
  values: (Column & { source: string | null })[]
  sql: string
  /** In which order the rows are shown. */
  order: string[]
  /** What names a row for the comparison with another setting. */
  identity: string[]
  /** Read by all rows; of those with a `_from` only what they name is. */
  reads: Read[]
  snapshots: Snapshot[]
  note: string | null
  /** Rows of the file that are not among these: without a key, or before another of the same. Of whole states. */
  fileRows: number | null
}

export type TimeDeps = { project: Project; catalogue: Catalogue; lake: Lake; session: DuckSession }

/** `key` narrows the rows to one entity, as a caller wrote it. */
export async function tableAt(
  deps: TimeDeps,
  subject: Exclude<Subject, { kind: 'entities' }>,
  setting: Setting,
  key: string | null,
): Promise<TableAt> {
  if (subject.kind === 'models') return trainingSetAt(deps, subject.name, setting, key)
  const view = subject.kind === 'feature-views' ? subject.view : await viewOfSource(deps.lake, subject.source, setting)
  const rows = await viewAt(deps.lake, view, setting, keyParts(view.keys, key))
  const keys = view.keys.map(({ name, type }) => ({ name, type }))
  const order = keys.map((_, i) => `k${i}`)
  const [pick] = rows.snapshots
  return {
    keys,
    values: view.features.map(({ name, type }) => ({ name, type, source: view.source })),
    sql: rows.sql,
    order,
    identity: order,
    reads: [],
    snapshots: rows.snapshots,
    note: noteOf(view, setting, rows.note, pick),
    fileRows: view.changes === null && key === null && rows.note === null ? (pick?.rows ?? null) : null,
  }
}

/** The text of the parts of a key; refuses what can be none. */
export function keyParts(keys: readonly Column[], key: string | null): readonly string[] | null {
  if (key === null) return null
  if (keys.length === 0) throw new PlatformError('invalid_argument', 'this has no key: its row holds for everybody')
  return parseKey(keys, keyOfText(keys, key))
}

/** A source has the columns of what was delivered: the project may name others by now. */
async function viewOfSource(lake: Lake, source: Source, { validAt, knownAt, mode }: Setting): Promise<ViewDefinition> {
  const known = await lake.list({ source: source.name, knownAt })
  const pick = pickAt({ snapshots: known, ttlMs: null }, validAt, mode)
  const held = source.kind === 'snapshot' ? (pick ? [pick] : []) : known
  for (const snapshot of held) requireColumns(snapshot, source.key)
  if (source.kind === 'snapshot' && pick) return sourceAsView(source, pick.columns.map(typed))
  const inAll = source.columns.filter(({ name }) => held.every((s) => s.columns.some((c) => c.name === name)))
  return sourceAsView(source, inAll)
}

function typed({ name, type }: { name: string; type: string }): Column {
  return { name, type: type as ValueType }
}

function noteOf(
  view: ViewDefinition,
  { validAt, knownAt }: Setting,
  note: 'nothing known' | 'too old' | null,
  pick: Snapshot | undefined,
): string | null {
  const [at, by] = [displayInstant(validAt), displayInstant(knownAt)]
  if (note === 'nothing known') return `nothing of ${view.source} as of ${at} was known at ${by}`
  if (note === 'too old' && pick) return `the newest state, of ${displayInstant(pick.validAt)}, is older than the ttl`
  return null
}

/** As they are answered: keys first. */
export function columnsOf(table: TableAt): TimeColumn[] {
  return [
    ...table.keys.map(({ name, type }) => ({ name, type, key: true, source: null, in: 'both' as const })),
    ...table.values.map(({ name, type, source }) => ({ name, type, key: false, source, in: 'both' as const })),
  ]
}
