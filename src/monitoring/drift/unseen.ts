import type { ColumnDrift } from '../../wire/drift.ts'
import type { CountedColumn } from './count-columns.ts'

type Unseen = Pick<ColumnDrift, 'unseen' | 'unseen_values' | 'unseen_rows' | 'unseen_drifted'>

const LISTED = 20
/** Of a text of more different values none is named: it may say who somebody is. */
export const NAMED_VALUES = 200
/** How likely it may be by chance, of all columns of a report together. */
export const UNSEEN_ALPHA = 0.005

const NONE: Unseen = { unseen: [], unseen_values: 0, unseen_rows: 0, unseen_drifted: false }

/**
 * Categories that the reference has not. Whether they are drift: when all k rows of one would hardly be on this side by chance,
 * were all rows shuffled; and, but with thresholds from history, whenever the reference has no category of a single row, so that
 * by Good and Turing nothing new was to come.
 */
export function unseenOf(reference: CountedColumn, current: CountedColumn, { columns, strict }: Strictness): Unseen {
  if (reference.categories === null || current.categories === null || reference.valued === 0) return NONE
  const known = new Set(reference.categories.values)
  const found: { value: string; rows: number }[] = []
  for (const [i, value] of current.categories.values.entries()) {
    if (!known.has(value)) found.push({ value, rows: current.categories.counts[i]! })
  }
  if (found.length === 0) return NONE
  found.sort((a, b) => b.rows - a.rows)
  const here = current.valued / (current.valued + reference.valued)
  const kinds = known.size + found.length
  const byChance = Math.min(1, here ** found[0]!.rows * kinds * Math.max(1, columns))
  const single = reference.categories.counts.some((count) => count === 1)
  return {
    unseen: kinds > NAMED_VALUES ? [] : found.slice(0, LISTED),
    unseen_values: found.length,
    unseen_rows: found.reduce((total, { rows }) => total + rows, 0),
    unseen_drifted: byChance < UNSEEN_ALPHA || (!strict && !single),
  }
}

/** `columns`: of how many the report tells. */
export type Strictness = { columns: number; strict: boolean }
