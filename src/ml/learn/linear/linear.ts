/**
 * The linear learners: logistic regression (Cox 1958; several classes by softmax) and ridge regression (Hoerl and Kennard 1970) on
 * standardised columns, and regression on splines, the same with a curve for each number (P-splines: Eilers and Marx 1996;
 * additive models: Hastie and Tibshirani 1986). A text has a weight for each of its categories, or the mean of its outcomes
 * where there are many; a missing value has a weight of its own. Nothing is by chance but the folds of those means.
 */
import { createEncoder, type EncoderSpec, encodeColumns } from '../../model/encoder.ts'
import type { Matrix } from '../../model/trees.ts'
import { problemOf } from '../problem.ts'
import { weightsOfRows } from '../row-weights.ts'
import { takeRows } from '../take-rows.ts'
import { cannotTrain, refuseOneOutcome, type Task, takeTarget } from '../task.ts'
import { learnTexts } from '../text-columns.ts'
import { type FittedCurves, fitCurves } from './fit-curves.ts'
import type { LinearParams, SplineParams } from './params.ts'

type Common = { classWeight?: 'balanced' | 'none'; seed: number }
type FittedTask = FittedCurves & { encoder: EncoderSpec; matrix: Matrix }

/** A line is fitted at once; a curve has a weight for each knot, and the matrix of second derivatives the square of all. */
const WIDTH_MAX = 4_000
const CELLS_MAX = 2 ** 28
const RIDGE_GRID = { from: 1, factor: 10, steps: 5 }
const SMOOTHING_GRID = { from: 64, factor: 4, steps: 5 }
/** Draws the curves to 0 a little, lines too; goes up where features say nothing. */
const SPLINE_RIDGE_GRID = { from: 0.1, factor: 10, steps: 3 }

export function fitLines(task: Task, params: LinearParams & Common): FittedTask {
  const penalty = { smoothing: 0, ridge: params.penalty === 'auto' ? RIDGE_GRID.from : params.penalty }
  return fitRegression(task, params, {
    knots: 0,
    penalty,
    grids: params.penalty === 'auto' ? { ridge: RIDGE_GRID } : {},
  })
}

export function fitSplines(task: Task, params: SplineParams): FittedTask {
  const isAuto = params.smoothing === 'auto'
  const penalty = {
    smoothing: params.smoothing === 'auto' ? SMOOTHING_GRID.from : params.smoothing,
    ridge: SPLINE_RIDGE_GRID.from,
  }
  const grids = isAuto ? { smoothing: SMOOTHING_GRID, ridge: SPLINE_RIDGE_GRID } : {}
  return fitRegression(task, params, { knots: params.knots, penalty, grids })
}

function fitRegression(
  task: Task,
  params: Common,
  how: Pick<Parameters<typeof fitCurves>[0], 'knots' | 'penalty' | 'grids'>,
) {
  const { rows, inputs, train } = task
  const known = takeTarget(task.target, train)
  refuseOneOutcome(known)
  const texts = learnTexts(task, params.seed)
  const { encoder } = texts
  const matrix = encodeColumns(createEncoder(encoder), inputs, rows)
  const part = takeRows(matrix, train)
  texts.writeOutOfFold(part)
  const knots = fittingKnots(encoder, how.knots, train.length)
  const weights = weightsOfRows(task, params.classWeight ?? 'none')
  const problem = problemOf(known, weights)
  return { encoder, matrix, ...fitCurves({ ...how, knots, matrix: part, columns: encoder.columns, problem }) }
}

/** Fewer knots where many columns would make too many weights. */
function fittingKnots({ columns }: EncoderSpec, knots: number, rows: number): number {
  if (columns.length === 0) throw cannotTrain('there is no feature with a value')
  if (columns.length * rows > CELLS_MAX) {
    throw cannotTrain(`${rows} rows of ${columns.length} columns are too many for a linear model; sample them`)
  }
  let levels = 1
  let numbers = 0
  for (const column of columns) {
    if (column.kind === 'category') levels += column.categories.length + 1
    else numbers++
  }
  const most = Math.floor((WIDTH_MAX - levels) / Math.max(1, numbers)) - 1
  if (most < (knots === 0 ? 1 : 3)) {
    throw cannotTrain(
      `${columns.length} columns are too many for a linear model; take gradient_boosting, or fewer features`,
    )
  }
  return Math.min(knots, most)
}
