import type { Estimate } from './estimate.ts'
import { PARTING_MEASURES } from './estimate.ts'
import { type Figures, LESS_IS_BETTER } from './figures.ts'

/** Whether what came true is what was expected of the same rows. */
export type Parting = {
  /** The features mean something else than they did: what came true is not the luck of these rows. */
  conceptDrift: boolean
  measures: { measure: string; estimate: number; low: number; high: number; truth: number; worse: boolean }[]
  says: string
}

/**
 * Truth and estimate part where a measure of what came true lies outside of where it would, had the chances held. Null where
 * either is not known.
 */
export function partingOf(truth: Figures, estimate: Estimate): Parting | null {
  const measures = PARTING_MEASURES.flatMap((measure) => {
    const [true_, expected, ends] = [
      truth.measures[measure]?.value,
      estimate.measures[measure]?.value,
      estimate.parting[measure],
    ]
    if (true_ === null || true_ === undefined || expected === null || expected === undefined || !ends) return []
    const worse = LESS_IS_BETTER.has(measure) ? true_ > ends.high : true_ < ends.low
    return [{ measure, estimate: expected, ...ends, truth: true_, worse }]
  })
  if (measures.length === 0) return null
  const parted = measures.filter(({ truth: t, low, high }) => t < low || t > high)
  if (parted.length === 0)
    return { conceptDrift: false, measures, says: 'what came true is what was estimated, within its interval' }
  const figures = parted.map(
    ({ measure, estimate: e, low, high, truth: t }) =>
      `${measure} was estimated at ${short(e)} (${short(low)} to ${short(high)}) and came to ${short(t)}`,
  )
  const worse = parted.some((m) => m.worse)
  const what = worse
    ? 'concept drift: the same features no longer mean the same'
    : 'truth and estimate part, to the better: the same features no longer mean the same'
  return { conceptDrift: true, measures, says: `${what}: ${figures.join('; ')}` }
}

function short(value: number): string {
  return value.toFixed(4)
}
