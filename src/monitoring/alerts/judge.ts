import type { AlertCondition } from '../../config/alerts.ts'

/** One figure of a rule: its newest value, and what it was before, the newest first. */
export type Figure = { value: number | null; earlier: readonly number[] }

/** Whether a figure is wrong, and from where on it would be; null where nothing can be said. */
export type Verdict = { wrong: boolean; threshold: number; says: string } | null

/** Of fewer than `least` figures of before, and of one that is missing, nothing is said. */
export function judge(condition: AlertCondition, { value, earlier }: Figure): Verdict {
  if (value === null) return null
  if (condition.kind !== 'history') {
    const { kind, limit } = condition
    return { wrong: kind === 'above' ? value > limit : value < limit, threshold: limit, says: `${kind} ${limit}` }
  }
  const before = earlier.slice(0, condition.periods)
  if (before.length < condition.least) return null
  const mean = before.reduce((sum, one) => sum + one, 0) / before.length
  const variance = before.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (before.length - 1)
  const width = condition.sigmas * Math.sqrt(variance)
  const above = condition.side !== 'below' && value > mean + width
  const below = condition.side !== 'above' && value < mean - width
  const threshold = below || condition.side === 'below' ? mean - width : mean + width
  const says = `${below ? 'below' : 'above'} ${threshold}, which is ${condition.sigmas} standard deviations from the mean ${mean} of ${before.length} before it`
  return { wrong: above || below, threshold, says }
}
