/** By what a model is measured while it answers, and by what a new version replaces it, as a person writes it. */
import { z } from 'zod'
import { parseDurationMs } from './duration.ts'
import { duration } from './duration-shape.ts'
import { said } from './said.ts'

/** Members of `monitoring`. */
export const qualityMembers = {
  delta: said(
    z.number().min(0).default(0.01),
    'By how much a candidate must be better than the champion to be promoted by `weir compare`: of two classes in AUC (of several in log-loss, of numbers in RMSE).',
    0.005,
  ),
  cooldown: said(duration.default('7d'), 'So long after a comparison no other one is made, but for `--now`.', '1d'),
  holdOut: said(
    z.number().gt(0).lt(1).default(0.2),
    'At least so large a share of the entities is kept from the fit of a candidate and measures both; `split.holdOut` where that is larger.',
    0.3,
  ),
  minLabels: said(
    z.int().min(1).default(100),
    'With fewer answers whose labels came nothing is concluded from them.',
    500,
  ),
}

type Written = z.output<z.ZodObject<typeof qualityMembers>>

export type ModelQuality = { delta: number; cooldownMs: number; holdOut: number; minLabels: number }

export function qualityOf({ delta, cooldown, holdOut, minLabels }: Written): ModelQuality {
  return { delta, cooldownMs: parseDurationMs(cooldown) ?? 0, holdOut, minLabels }
}
