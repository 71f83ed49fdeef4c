import { type Curves, REACH_MAX } from '../../model/curves.ts'
import type { EncodedColumn } from '../../model/encoder.ts'
import type { Matrix } from '../../model/trees.ts'
import { type Problem, scaled } from '../problem.ts'
import { centre } from './centre.ts'
import { choosePenalty, type Grid } from './choose-penalty.ts'
import { type Basis, designOf, learnBasis } from './design.ts'
import { minimise } from './newton.ts'
import { type Penalty, penaltyMatrix } from './penalty.ts'

/** All that a fit depends on. `knots`: 0 for lines. A part of the penalty with a grid is chosen, beginning where the grid does. */
export type CurvesJob = {
  matrix: Matrix
  columns: readonly EncodedColumn[]
  problem: Problem
  knots: number
  penalty: Penalty
  grids: Partial<Record<keyof Penalty, Grid>>
}

/** `importance`: by column the mean absolute contribution, summing to 1. */
export type FittedCurves = { curves: Curves; importance: Float64Array; penalty: Penalty }

/** So many rows choose the penalty, evenly spaced; more change little. */
const CHOOSING_ROWS = 20_000

export function fitCurves(job: CurvesJob): FittedCurves {
  const { matrix, columns } = job
  const basis = learnBasis(matrix, columns, job.knots)
  const { problem, mean, deviation } = scaled(job.problem)
  const step = Math.ceil(matrix.rows / CHOOSING_ROWS)
  const some = step === 1 ? { matrix, problem } : everyRow(matrix, problem, step)
  const chosen = choosePenalty(designOf(some.matrix, basis), basis, some.problem, startOf(job), job.grids)
  const penalty = penaltyMatrix(basis, chosen.penalty)
  const { weights } = minimise(designOf(matrix, basis), basis, problem, penalty, chosen.weights)
  const curves = curvesOf(basis, weights, problem)
  const importance = centre(curves, matrix, problem.weights)
  for (const sums of [curves.base, curves.values, curves.missing]) {
    for (let i = 0; i < sums.length; i++) sums[i]! *= deviation
  }
  curves.base[0]! += mean
  return { curves, importance, penalty: chosen.penalty }
}

function startOf({ penalty, grids }: CurvesJob): Penalty {
  return { smoothing: grids.smoothing?.from ?? penalty.smoothing, ridge: grids.ridge?.from ?? penalty.ridge }
}

function everyRow({ rows, columns, values }: Matrix, problem: Problem, step: number) {
  const count = Math.ceil(rows / step)
  const taken = new Float64Array(count * columns)
  for (let c = 0; c < columns; c++) {
    for (let i = 0; i < count; i++) taken[c * count + i] = values[c * rows + i * step]!
  }
  const pick = (from: Float64Array) => Float64Array.from({ length: count }, (_, i) => from[i * step]!)
  const some: Problem = { ...problem, truth: pick(problem.truth), weights: pick(problem.weights) }
  return { matrix: { rows: count, columns, values: taken }, problem: some }
}

function curvesOf({ columns, width }: Basis, weights: Float64Array, { link, outputs }: Problem): Curves {
  const starts = new Uint32Array(columns.length + 1)
  for (const [c, { knots }] of columns.entries()) starts[c + 1] = starts[c]! + knots.length
  const knots = new Float64Array(starts[columns.length]!)
  const values = new Float64Array(knots.length * outputs)
  const missing = new Float64Array(columns.length * outputs)
  for (const [c, column] of columns.entries()) {
    knots.set(column.knots, starts[c]!)
    for (let k = 0; k < outputs; k++) {
      const weight = (i: number) => weights[k * width + i]!
      if (column.missing >= 0) missing[c * outputs + k] = weight(column.missing)
      for (let i = 0; column.count > 0 && i < column.knots.length; i++) {
        values[(starts[c]! + i) * outputs + k] =
          column.kind === 'line'
            ? (weight(column.at) * (column.knots[i]! - column.center)) / column.scale
            : weight(column.at + i)
      }
    }
  }
  const isLines = columns.every(({ kind }) => kind !== 'curve')
  const base = Float64Array.from({ length: outputs }, (_, k) => weights[k * width]!)
  return {
    link,
    outputs,
    columns: columns.length,
    reach: isLines ? REACH_MAX : 0,
    base,
    starts,
    knots,
    values,
    missing,
  }
}
