import type { Interval } from '../../ml/measure/bootstrap.ts'
import type { Confusion } from '../../ml/measure/classification.ts'

/** A measure, and its ends with 95 of 100 chances; null where the rows do not tell it. */
export type Figure = { value: number | null; low: number | null; high: number | null }

/** What is said of a set of rows. `unsaid`: what cannot be told of them, and why. */
export type Figures = {
  rows: number
  measures: Record<string, Figure>
  /** At the threshold of the model, where there are two outcomes: rows, or expected rows. */
  confusion: (Confusion & { threshold: number }) | null
  unsaid: { measure: string; why: string }[]
}

export function figure(value: number, interval: Interval | null | undefined): Figure {
  if (!Number.isFinite(value)) return { value: null, low: null, high: null }
  return { value, low: interval?.low ?? null, high: interval?.high ?? null }
}

/** What a model predicts decides what can be measured of it. */
export const MEASURES = {
  binary: ['auc', 'logloss', 'brier', 'calibration', 'accuracy', 'precision', 'recall', 'f1'],
  multiclass: ['accuracy', 'f1_macro', 'logloss', 'auc_macro', 'calibration'],
  regression: ['rmse', 'mae', 'r2'],
} as const

export type Kind = keyof typeof MEASURES

/** Which way is better. */
export const LESS_IS_BETTER: ReadonlySet<string> = new Set(['logloss', 'brier', 'calibration', 'rmse', 'mae'])
