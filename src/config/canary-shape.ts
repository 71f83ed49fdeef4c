/** When a canary is rolled back, and when it is promoted, as a person writes it. */
import { z } from 'zod'
import { must } from '../base/assert.ts'
import { parseDurationMs } from './duration.ts'
import { duration } from './duration-shape.ts'
import { said } from './said.ts'

const quality = z.strictObject({
  metric: said(z.enum(['auc', 'logloss', 'brier']), 'A measure of live quality.', 'auc'),
  worseBy: said(z.number().min(0), 'By how much it may be worse than the champion on the keys of each.', 0.02),
})

export const canary = z.strictObject({
  errors: said(
    z.number().gt(0).max(1).nullable().default(0.02),
    'Rolled back when it fails for such a share of its keys more than the champion. null: never for that.',
    0.05,
  ),
  p99Times: said(
    z.number().gt(1).nullable().default(2),
    "Rolled back when 99 of 100 of its answers take so many times as long as the champion's. null: never for that.",
    1.5,
  ),
  drift: said(
    z.number().gt(0).nullable().default(null),
    "Rolled back when its scores are distributed otherwise than the champion's: population stability index. null: never for that.",
    0.25,
  ),
  quality: said(
    quality.nullable().default(null),
    'Rolled back when it is worse once labels came. null: never for that.',
    {
      metric: 'auc',
      worseBy: 0.02,
    },
  ),
  leastRequests: said(z.int().min(20).default(100), 'Keys that it must have answered before any rule judges.', 500),
  promoteAfter: said(
    duration.nullable().default(null),
    'Promoted when no rule objects for so long since it began or grew last; where promotions need another pair of eyes, it is asked for. null: only by a person.',
    '24h',
  ),
})

/** The rules by which a canary is judged. */
export type CanaryRules = Omit<z.output<typeof canary>, 'promoteAfter'> & { promoteAfterMs: number | null }

export function canaryOf({ promoteAfter, ...rules }: z.output<typeof canary>): CanaryRules {
  return { ...rules, promoteAfterMs: promoteAfter === null ? null : must(parseDurationMs(promoteAfter)) }
}
