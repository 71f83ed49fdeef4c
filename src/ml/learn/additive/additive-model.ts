/**
 * The additive learner: shapes of features and grids of pairs (fit-shapes.ts) as a model (model/additive.ts). A text has a
 * bin for each of its categories, or is the mean of its outcomes where there are many; nulls have a bin of their own.
 */
import { progress } from '../../../base/progress.ts'
import type { Additive } from '../../model/additive.ts'
import { createEncoder, type EncoderSpec, encodeColumns } from '../../model/encoder.ts'
import type { Matrix } from '../../model/trees.ts'
import { problemOf, scaled } from '../problem.ts'
import { weightsOfRows } from '../row-weights.ts'
import { takeRows } from '../take-rows.ts'
import { cannotTrain, refuseOneOutcome, type Task, takeTarget } from '../task.ts'
import { learnTexts } from '../text-columns.ts'
import { fitShapes, type Shapes } from './fit-shapes.ts'
import { gridPlaces } from './pairs.ts'
import type { AdditiveParams } from './params.ts'
import { purify } from './purify.ts'

export type FittedAdditive = { encoder: EncoderSpec; matrix: Matrix; additive: Additive; importance: Float64Array }

export function fitAdditive(task: Task, params: AdditiveParams): FittedAdditive {
  const { rows, inputs, train } = task
  const known = takeTarget(task.target, train)
  refuseOneOutcome(known)
  const texts = learnTexts(task, params.seed)
  const { encoder } = texts
  if (encoder.columns.length === 0) throw cannotTrain('there is no feature with a value')
  if (train.length * encoder.columns.length > CELLS_MAX) {
    throw cannotTrain(`${train.length} rows of ${encoder.columns.length} columns are too many; sample them`)
  }
  const matrix = encodeColumns(createEncoder(encoder), inputs, rows)
  const part = takeRows(matrix, train)
  texts.writeOutOfFold(part)
  const { problem, mean, deviation } = scaled(problemOf(known, weightsOfRows(task, params.classWeight)))
  const categories = encoder.columns.map((c) => (c.kind === 'category' ? c.categories.length : 0))
  const groups = task.together ? Uint32Array.from(train, (row) => task.together![row]!) : null
  const tell = progress()
  const shapes = fitShapes(part, categories, problem, params, groups, (round) =>
    tell({ phase: 'shape curves', done: round, total: null, unit: 'rounds' }),
  )
  purify(shapes, problem.weights, problem.outputs)
  const importance = importanceOf(shapes, problem.weights, problem.outputs)
  for (const array of [shapes.base, ...shapes.scores, ...shapes.grids]) {
    for (let i = 0; i < array.length; i++) array[i]! *= deviation
  }
  if (problem.link === 'identity') shapes.base[0]! += mean
  return { encoder, matrix, additive: additiveOf(shapes, problem), importance }
}

/** The bins of all runs are in memory six times. */
const CELLS_MAX = 2 ** 28

function additiveOf(
  { table, base, scores, pairs, grids }: Shapes,
  { link, outputs }: { link: Additive['link']; outputs: number },
) {
  const starts = new Uint32Array(table.columns + 1)
  for (let c = 0; c < table.columns; c++) starts[c + 1] = starts[c]! + table.cuts[c]!.length
  return {
    link,
    outputs,
    columns: table.columns,
    base,
    starts,
    cuts: joined(table.cuts),
    scores: joined(scores),
    wide: Uint8Array.from(table.wide.flatMap((wide) => [...wide])),
    pairs: Uint32Array.from(pairs.flatMap(({ a, b }) => [a, b])),
    grids: joined(grids),
  }
}

/** By column the mean absolute contribution, half of a grid's for each of its sides; summing to 1. */
function importanceOf({ table, scores, pairs, grids }: Shapes, weights: Float64Array, outputs: number): Float64Array {
  const importance = new Float64Array(table.columns)
  for (const [c, score] of scores.entries()) {
    for (let r = 0; r < table.rows; r++) {
      const bin = table.bins[c * table.rows + r]!
      for (let k = 0; k < outputs; k++) importance[c]! += weights[r]! * Math.abs(score[bin * outputs + k]!)
    }
  }
  for (const [p, { a, b }] of pairs.entries()) {
    const places = gridPlaces(table, { a, b })
    let sum = 0
    for (let r = 0; r < table.rows; r++) sum += weights[r]! * Math.abs(grids[p]![places[r]!]!)
    importance[a]! += sum / 2
    importance[b]! += sum / 2
  }
  const total = importance.reduce((sum, x) => sum + x, 0)
  return total > 0 ? importance.map((x) => x / total) : importance
}

function joined(parts: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}
