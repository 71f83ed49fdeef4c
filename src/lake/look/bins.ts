/** Bins of equal width between round numbers, for several months of one column together. */
import { isInteger } from './cells.ts'
import type { ColumnSummary } from './summary.ts'

export type Bins = { start: number; step: number; count: number }

const BINS = 24
const DAY_S = 86_400
/** Steps of time that people count in, in seconds. */
const TIMES = [
  1,
  10,
  60,
  600,
  3600,
  6 * 3600,
  DAY_S,
  7 * DAY_S,
  30 * DAY_S,
  90 * DAY_S,
  365 * DAY_S,
  3650 * DAY_S,
  36_500 * DAY_S,
]

/**
 * From the 1 % to the 99 % quantile of all months: a single value far away would leave one bar for all others. What lies
 * outside is counted beside the bins.
 */
export function binsFor(type: string, summaries: readonly (ColumnSummary | null)[]): Bins | null {
  const quantiles = summaries.flatMap((summary) => summary?.quantiles ?? [])
  const finite = quantiles.filter(({ p01, p99 }) => Number.isFinite(p01) && Number.isFinite(p99))
  if (finite.length === 0) return null
  const low = Math.min(...finite.map(({ p01 }) => p01))
  const high = Math.max(...finite.map(({ p99 }) => p99))
  const step = stepOf(type, (high - low) / BINS, Math.max(Math.abs(low), Math.abs(high)))
  const start = Math.floor(low / step) * step
  return { start, step, count: Math.max(1, Math.floor((high - start) / step) + 1) }
}

function stepOf(type: string, width: number, magnitude: number): number {
  if (type === 'Date') return TIMES.find((step) => step >= DAY_S && step >= width) ?? width
  if (type === 'UnixTimestamp') return TIMES.find((step) => step >= width) ?? width
  // One value only, or values that a Float64 cannot tell apart by this width.
  const least = Math.max(width, magnitude * 1e-12, Number.MIN_VALUE * 1e10)
  const step = width === 0 ? Math.max(1, least) : roundUp(least)
  return isInteger(type) ? Math.max(1, Math.ceil(step)) : step
}

/** The next of 1, 2, 2.5, 5 times a power of ten. */
function roundUp(width: number): number {
  const power = 10 ** Math.floor(Math.log10(width))
  const found = [1, 2, 2.5, 5, 10].find((factor) => factor * power >= width * (1 - 1e-9)) ?? 10
  return Number((found * power).toPrecision(12))
}

/** As SQL: 0 below all, 1 to count within, count + 1 above. */
export function indexIn({ start, step, count }: Bins, value: string): string {
  const at = `floor((${value} - (${start})) / ${step}) + 1`
  return `CAST(greatest(0, least(${count + 1}, ${at})) AS INTEGER)`
}
