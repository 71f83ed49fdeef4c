import type { LearnerKind } from '../learners.ts'

/** How a learner is searched for; docs/guide/auto.md says what each option is for. */
export type AutoParams = {
  /** Work units that the trials may take (cost.ts), not seconds: the same model on every machine. */
  budget: number
  /** The learners that are tried; null for all that can learn what is asked for. */
  learners: LearnerKind[] | null
  /** What one prediction may cost, by the cost model of predictions (cost.ts); null for no limit. */
  maxPredictMicros: number | null
  /** Null for no limit. */
  maxModelBytes: number | null
  seed: number
}

export type Auto = { kind: 'auto' } & AutoParams

export const AUTO_DEFAULTS: AutoParams = {
  budget: 15_000,
  learners: null,
  maxPredictMicros: null,
  maxModelBytes: null,
  seed: 42,
}

export function isAuto(learner: { kind: string }): learner is Auto {
  return learner.kind === 'auto'
}
