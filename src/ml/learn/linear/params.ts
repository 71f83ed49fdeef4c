/** How the linear learners learn; docs/guide/learners.md says what each option is for. */
export type LinearParams = {
  /** Times the squares of the weights of standardised columns; 'auto' is chosen by the leave-one-out loss. */
  penalty: number | 'auto'
}

export type LogisticParams = LinearParams & { classWeight: 'balanced' | 'none'; seed: number }
export type RidgeParams = LinearParams & { seed: number }

export type SplineParams = {
  /** Of a curve, at most. */
  knots: number
  /** Times the squared second differences of a curve; 'auto' is chosen by the leave-one-out loss. */
  smoothing: number | 'auto'
  classWeight: 'balanced' | 'none'
  seed: number
}

export const LINEAR_DEFAULTS: LogisticParams = { penalty: 'auto', classWeight: 'none', seed: 42 }
// 10 to 32 knots differ by less than the seeds of the folds do.
export const SPLINE_DEFAULTS: SplineParams = { knots: 20, smoothing: 'auto', classWeight: 'none', seed: 42 }
