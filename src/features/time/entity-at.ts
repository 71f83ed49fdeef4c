import { PlatformError } from '../../base/errors.ts'
import type { DuckSession } from '../../lake/duck.ts'
import type { Lake, Snapshot } from '../../lake/lake.ts'
import type { RowStatus, TimeColumn, TimeRow } from '../../wire/time.ts'
import { answeredColumns, answeredRow } from './read-rows.ts'
import type { Subject } from './subject.ts'
import { keyParts, partsOfView } from './table.ts'
import { type Setting, viewAt } from './view-at.ts'

/** One row for each feature of each view of the entity; `value` has the type that the row names. */
export const ENTITY_COLUMNS: TimeColumn[] = [
  ...(['view', 'feature'] as const).map((name) => column(name, 'String', true)),
  column('type', 'String', false),
  column('value', 'Mixed', false),
]

function column(name: string, type: TimeColumn['type'], key: boolean): TimeColumn {
  return { name, type, key, source: null, in: 'both' }
}

export type EntityAt = { rows: TimeRow[]; snapshots: Snapshot[]; notes: string[] }

/**
 * The values of one entity at a setting, each with its status, its moment and its snapshot. A view that does not know it gives
 * NOT_FOUND, a tombstone DELETED, a value beyond the ttl OUTSIDE_MAX_AGE without the value, as live.
 */
export async function entityAt(
  { lake, session }: { lake: Lake; session: DuckSession },
  subject: Extract<Subject, { kind: 'entities' }>,
  setting: Setting,
  key: string,
): Promise<EntityAt> {
  const parts = keyParts(subject.joinKeys, key)
  const at: EntityAt = { rows: [], snapshots: [], notes: [] }
  for (const view of subject.views) {
    const inOrder = parts && partsOfView(subject.joinKeys, view, parts)
    const { sql, snapshots } = await viewAt(lake, view, setting, inOrder)
    const values = view.features.map(({ name, type }) => ({ name, type, source: view.source }))
    const columns = answeredColumns({ keys: [], values })
    const [found] = await session.rows<Record<string, unknown>>(`SELECT ${columns.join(', ')} FROM (${sql}) LIMIT 1`)
    const bySeq = new Map(snapshots.map((s) => [s.seq, s]))
    const row = found && answeredRow(found, values.length, bySeq)
    for (const [i, { name, type }] of values.entries()) {
      const value = row?.values[i] ?? null
      at.rows.push({
        values: [view.name, name, type, value],
        status: statusOf(row, value),
        event_time: row?.event_time ?? null,
        available_at: row?.available_at ?? null,
        snapshot: row?.snapshot ?? null,
      })
    }
    at.snapshots.push(...snapshots.filter((s) => s.id === row?.snapshot))
  }
  return at
}

function statusOf(row: TimeRow | undefined, value: unknown): RowStatus {
  if (row === undefined) return 'NOT_FOUND'
  if (row.status !== 'PRESENT') return row.status
  return value === null ? 'NULL_VALUE' : 'PRESENT'
}

/** An entity is looked at by its key. */
export function requireKey(key: string | null, { name, joinKeys }: Extract<Subject, { kind: 'entities' }>): string {
  if (key !== null) return key
  const parts = joinKeys.map((k) => k.name).join(', ')
  throw new PlatformError('invalid_argument', `name the ${name} whose values are meant: its key (${parts})`)
}
