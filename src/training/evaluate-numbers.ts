import { type Interval, quantile } from '../ml/measure/bootstrap.ts'
import { intervalsOf, type Measured, meanOf } from './measured.ts'

/** Of numbers: root of the mean squared error and mean absolute error, in the unit of the label, and R². */
export type NumbersScores = Record<'rmse' | 'mae' | 'r2', number>

/** Of what the model said too much: the shares of rows (each counted once) below, and the value there. */
export type Residuals = { share: number; value: number }[]

type Rows = Measured & { values: Float64Array }

export function numbersScores(rows: Rows): NumbersScores {
  const [rmse, mae, r2] = measures(rows, rows.weights)
  return { rmse: rmse!, mae: mae!, r2: r2! }
}

export function numbersIntervals(rows: Rows): Record<string, Interval | null> {
  return intervalsOf(rows, ['rmse', 'mae', 'r2'], (counts) => measures(rows, counts))
}

/** The same as ml/measure/regression.ts, where rows count by their weight. */
function measures({ values, outputs }: Rows, counts: ArrayLike<number> | null): number[] {
  const mean = meanOf(values, counts)
  const squares = meanOf(
    values.map((value, r) => (value - outputs[r]!) ** 2),
    counts,
  )
  const total = meanOf(
    values.map((value) => (value - mean) ** 2),
    counts,
  )
  const absolute = meanOf(
    values.map((value, r) => Math.abs(value - outputs[r]!)),
    counts,
  )
  return [Math.sqrt(squares), absolute, total === 0 ? (squares === 0 ? 1 : 0) : 1 - squares / total]
}

const SHARES = [0, 0.05, 0.25, 0.5, 0.75, 0.95, 1]

export function residualsOf({ values, outputs }: Rows): Residuals {
  const sorted = values.map((value, r) => outputs[r]! - value).sort()
  return SHARES.map((share) => ({ share, value: quantile(sorted, share) }))
}
