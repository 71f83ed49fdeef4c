import { type Interval, quantile } from '../ml/measure/bootstrap.ts'
import { meanAbsoluteError, rootMeanSquaredError, rSquared } from '../ml/measure/regression.ts'
import { intervalsOf, type Measured } from './measured.ts'

/** Of numbers: root of the mean squared error and mean absolute error, in the unit of the label, and R². */
export type NumbersScores = Record<'rmse' | 'mae' | 'r2', number>

/** Of what the model said too much: the shares of rows (each counted once) below, and the value there. */
export type Residuals = { share: number; value: number }[]

type Rows = Measured & { values: Float64Array }

export function numbersScores(rows: Rows): NumbersScores {
  const [rmse, mae, r2] = measures(rows, rows.weights)
  return { rmse, mae, r2 }
}

export function numbersIntervals(rows: Rows): Record<string, Interval | null> {
  return intervalsOf(rows, ['rmse', 'mae', 'r2'], (counts) => measures(rows, counts))
}

function measures({ values, outputs }: Rows, counts: ArrayLike<number> | null): [number, number, number] {
  return [
    rootMeanSquaredError(values, outputs, counts),
    meanAbsoluteError(values, outputs, counts),
    rSquared(values, outputs, counts),
  ]
}

const SHARES = [0, 0.05, 0.25, 0.5, 0.75, 0.95, 1]

export function residualsOf({ values, outputs }: Rows): Residuals {
  const sorted = values.map((value, r) => outputs[r]! - value).sort()
  return SHARES.map((share) => ({ share, value: quantile(sorted, share) }))
}
