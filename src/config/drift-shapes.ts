/** When the data of a model has drifted. */
import { z } from 'zod'
import { said } from './said.ts'

/** Also of what is of no model. */
export const DRIFT_SHARE = 0.3

export const driftMembers = {
  driftShare: said(
    z.number().gt(0).max(1).default(DRIFT_SHARE),
    'From which share of drifted columns on the data has drifted as a whole.',
    0.5,
  ),
  driftThresholds: said(
    z.enum(['fixed', 'history']).default('fixed'),
    'fixed: the thresholds of Evidently. history: learned from the periods before, so that 5 % of the reports at most are false alarms.',
    'history',
  ),
}

export type ModelDrift = {
  driftShare: number
  driftThresholds: 'fixed' | 'history'
}

export function driftOf({ driftShare, driftThresholds }: ModelDrift): ModelDrift {
  return { driftShare, driftThresholds }
}
