import { createPrng } from '../../base/prng.ts'

/** Where a measure lies with 95 of 100 chances, for other rows of the same kind. */
export type Interval = { low: number; high: number }

export type Resampling = {
  rows: number
  /** The entity of each row, 0 … n - 1: its rows are drawn together, for they are no independent news. */
  entities?: Uint32Array
  seed: number
  /** Resamples; the ends of an interval move by about 3 % of its width from seed to seed with 1,000 of them. */
  times?: number
}

/** Rows times resamples; so many take about a second for a handful of measures. */
const WORK = 2e7
const TIMES_MAX = 1_000
const TIMES_MIN = 100

/**
 * Percentile intervals by resampling with replacement (Efron 1979), whole entities at a time. `measure` gives the measures
 * of one resample, where row i stands `counts[i]` times; one that is not a number there (a class is absent) is left out.
 * Two models measured in one call are compared on the same resamples: give the difference as a measure of its own.
 */
export function bootstrapIntervals(
  { rows, entities, seed, times }: Resampling,
  measure: (counts: Uint32Array) => readonly number[],
): (Interval | null)[] {
  const groups = entities === undefined ? rows : entities.reduce((most, e) => Math.max(most, e + 1), 0)
  const resamples = times ?? Math.max(TIMES_MIN, Math.min(TIMES_MAX, Math.floor(WORK / Math.max(1, rows))))
  const prng = createPrng(seed)
  const drawn = new Uint32Array(groups)
  const counts = entities === undefined ? drawn : new Uint32Array(rows)
  const values: number[][] = []
  for (let b = 0; b < resamples; b++) {
    drawn.fill(0)
    for (let i = 0; i < groups; i++) drawn[Math.floor(prng.float() * groups)]!++
    if (entities !== undefined) for (let r = 0; r < rows; r++) counts[r] = drawn[entities[r]!]!
    for (const [m, value] of measure(counts).entries()) {
      values[m] ??= []
      if (Number.isFinite(value)) values[m].push(value)
    }
  }
  return values.map(percentiles)
}

function percentiles(values: number[]): Interval | null {
  // A measure that half of the resamples do not have is not known well enough for ends.
  if (values.length < TIMES_MIN / 2) return null
  const sorted = Float64Array.from(values).sort()
  return { low: quantile(sorted, 0.025), high: quantile(sorted, 0.975) }
}

/** By linear interpolation between neighbours (Hyndman and Fan 1996, type 7). */
export function quantile(sorted: Float64Array, share: number): number {
  const at = (sorted.length - 1) * share
  const below = Math.floor(at)
  const above = Math.min(sorted.length - 1, below + 1)
  return sorted[below]! + (at - below) * (sorted[above]! - sorted[below]!)
}
