import { bootstrapIntervals, type Interval } from './bootstrap.ts'

/** A measure of two models on the same rows; the interval is of the difference, candidate less champion. */
export type Difference = { champion: number; candidate: number; difference: number; interval: Interval | null }

/**
 * The measures of two models on the same rows, and how far their differences are known: both are measured on the same
 * resamples of whole entities, so that what makes rows easy or hard for both does not widen the interval. `measures` gives
 * each measure of one model with row i standing `counts[i]` times.
 */
export function pairedDifferences<Name extends string>(
  rows: { rows: number; entities: Uint32Array; seed: number },
  names: readonly Name[],
  champion: (counts: Uint32Array) => readonly number[],
  candidate: (counts: Uint32Array) => readonly number[],
): Record<Name, Difference> {
  const once = new Uint32Array(rows.rows).fill(1)
  const [before, after] = [champion(once), candidate(once)]
  const intervals = bootstrapIntervals(rows, (counts) => {
    const [a, b] = [champion(counts), candidate(counts)]
    return a.map((value, i) => b[i]! - value)
  })
  return Object.fromEntries(
    names.map((name, i) => {
      const difference = after[i]! - before[i]!
      return [name, { champion: before[i]!, candidate: after[i]!, difference, interval: intervals[i] ?? null }]
    }),
  ) as Record<Name, Difference>
}
