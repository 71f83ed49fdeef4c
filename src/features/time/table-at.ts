import { displayInstant } from '../../base/instant.ts'
import type { Source, ValueType } from '../../config/project.ts'
import type { Lake, Snapshot } from '../../lake/lake.ts'
import type { TimeColumn } from '../../wire/time.ts'
import type { Column, ViewDefinition } from '../define/definitions.ts'
import { pickAt } from '../offline/snapshot-selection.ts'
import { requireColumns } from '../offline/view-rows.ts'
import { type Subject, sourceAsView } from './subject.ts'
import { keyParts, type TableAt, type TimeDeps } from './table.ts'
import { trainingSetAt } from './training-set-at.ts'
import { type Setting, viewAt } from './view-at.ts'

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
