import { ndtr } from 'cephes'
import type { ColumnDrift } from '../../wire/drift.ts'
import type { CountedColumn } from './count-columns.ts'

/** The share must have moved by so much: of a million rows every trifle is told apart from chance. */
const LEAST_MOVE = 0.01
/** How likely a move may be by chance, of all columns of a report together. */
export const NULLS_ALPHA = 0.005

/**
 * Whether the share of rows without a value moved. What tests look at are the values that are there, so a column that is empty
 * but for its last twentieth would pass them.
 */
export function nullsOf(reference: CountedColumn, current: CountedColumn, columns: number): ColumnDrift['nulls'] {
  const [before, after] = [shareOf(reference), shareOf(current)]
  const pooled = (before * reference.rows + after * current.rows) / (reference.rows + current.rows)
  const spread = Math.sqrt(pooled * (1 - pooled) * (1 / reference.rows + 1 / current.rows))
  const p = spread > 0 ? 2 * (1 - ndtr(Math.abs(before - after) / spread)) : 1
  const drifted = Math.abs(before - after) >= LEAST_MOVE && p < NULLS_ALPHA / Math.max(1, columns)
  return { reference: before, current: after, p, drifted }
}

function shareOf({ rows, valued }: CountedColumn): number {
  return rows === 0 ? 0 : 1 - valued / rows
}
