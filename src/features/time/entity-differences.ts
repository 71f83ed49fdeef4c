import type { TimeRow } from '../../wire/time.ts'
import type { Difference, Differences } from './differences.ts'
import { ENTITY_COLUMNS } from './entity-at.ts'

const VALUE = 3

/** The features of one entity whose value or status differs between two settings; both lists name the same features. */
export function entityDifferences(a: readonly TimeRow[], b: readonly TimeRow[]): Differences {
  const rows = a.flatMap((row, i): Difference[] => {
    const other = b[i]!
    // Both are as JSON holds them: NaN is a text here, so that equal values are equal.
    const cells = row.values[VALUE] !== other.values[VALUE]
    if (!cells && row.status === other.status) return []
    return [{ difference: 'changed', changed: cells ? ['value'] : [], a: row, b: other }]
  })
  const cells = rows.filter((row) => row.changed.length > 0).length
  return {
    columns: ENTITY_COLUMNS,
    counts: {
      ...{ added: 0, removed: 0, changed: rows.length, same: a.length - rows.length },
      cells,
      by_column: cells > 0 ? [{ name: 'value', cells }] : [],
    },
    rows,
  }
}
