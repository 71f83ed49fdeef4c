import type { ColumnDrift, DriftReport } from '../../wire/drift.ts'
import { TESTS } from './tests/tests.ts'

/** `0.205`, `1.2e-9`, `12 %`: three digits. */
export function short(value: number): string {
  if (value !== 0 && Math.abs(value) < 0.001) return value.toExponential(1)
  return String(Number(value.toPrecision(3)))
}

export function percent(share: number): string {
  return `${short(share * 100)} %`
}

type Told = Omit<ColumnDrift, 'says'>

/** The verdict on a column: what moved, by how much, what it is worth. */
export function saysOf(drift: Told): string {
  const { nulls, unseen, unseen_values, unseen_rows, unseen_drifted } = drift
  const parts = [valuesSay(drift)]
  if (nulls.drifted || (drift.test === null && nulls.reference !== nulls.current)) {
    parts.push(`nulls ${nulls.drifted ? 'moved ' : ''}from ${percent(nulls.reference)} to ${percent(nulls.current)}`)
  }
  if (unseen_values > 0) {
    const named = unseen.slice(0, 3).map(({ value }) => `'${value.slice(0, 40)}'`)
    const which = named.length === 0 ? '' : `: ${named.join(', ')}${unseen_values > named.length ? ', …' : ''}`
    const chance = unseen_drifted ? '' : ', which may be by chance'
    parts.push(
      `${unseen_rows} ${unseen_rows === 1 ? 'row has a category' : 'rows have categories'} that the reference never had${chance}${which}`,
    )
  }
  return parts.filter((part) => part !== '').join('; ')
}

function valuesSay({ test, value, threshold, moved, effect, nulls }: Told): string {
  if (test === null) {
    if (nulls.reference === 1 && nulls.current === 1) return 'no value on either side'
    return `no value in the ${nulls.reference === 1 ? 'reference' : 'current side'}, so values cannot be compared`
  }
  if (value === null) return `${TESTS[test].says} cannot be said of these values`
  const worth = effect === null ? '' : `, worth ${percent(effect.share)} of the score`
  if (TESTS[test].gives === 'p') {
    return `${moved ? 'moved' : 'did not move'} (p = ${short(value)}, threshold ${short(threshold!)})${worth}`
  }
  return `${moved ? 'moved' : 'differs'} by ${short(value)} (threshold ${short(threshold!)})${worth}`
}

/** The verdict on the whole. */
export function reportSays({
  share,
  drift_share,
  drifted,
  compared,
  drifted_columns,
  columns,
}: Pick<DriftReport, 'share' | 'drift_share' | 'drifted' | 'compared' | 'drifted_columns' | 'columns'>): string {
  if (share === null) return 'Nothing could be compared.'
  const first = columns.find((column) => column.drifted)
  const verdict = `${drifted ? 'Drift' : 'No drift'}: ${drifted_columns} of ${compared} columns drifted, ${percent(share)} (threshold ${percent(drift_share)}).`
  return first === undefined ? verdict : `${verdict} First: ${first.column} ${first.says}.`
}

/** What is worth most first; what drifted before what did not, where nobody knows what it is worth. */
export function byEffect(columns: readonly ColumnDrift[]): ColumnDrift[] {
  const rank = ({ effect, drifted }: ColumnDrift) => effect?.share ?? (drifted ? 1 : 0)
  return [...columns].sort((a, b) => rank(b) - rank(a))
}
