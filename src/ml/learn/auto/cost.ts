/**
 * What a fit and a prediction cost, from their sizes alone. A unit is about a millisecond of one core of the machine on which
 * this was calibrated (2026-11, the reference month); what counts is that no clock is read, so
 * that a search makes the same choices on a slower machine, and under load.
 */
import { kindOf, type Learned } from '../../model/kinds.ts'
import { log } from '../../numbers/exp.ts'
import type { Learner } from '../learners.ts'
import type { ForestParams } from '../random-forest.ts'

export type FitSize = { rows: number; inputs: number; outputs: number }

type Cost<L extends Learner> = (learner: L, size: FitSize) => number

const COSTS: { [K in Learner['kind']]: Cost<Extract<Learner, { kind: K }>> } = {
  random_forest: forestCost,
  extra_trees: forestCost,
  gradient_boosting: ({ rounds, learningRate, maxLeaves, earlyStopping }, { rows, inputs, outputs }) => {
    // Early stopping ends where about so much has been added, and then fits all rows again.
    const expected = earlyStopping ? Math.min(rounds, 8 / learningRate + earlyStopping.rounds) : rounds
    const fits = earlyStopping?.refit ? 2 : 1
    return fits * expected * outputs * (rows * inputs * 2.5e-6 + maxLeaves * 0.01 + 0.05)
  },
  additive_model: ({ rounds, learningRate, patience, folds }, { rows, inputs, outputs }) => {
    const expected = Math.min(rounds, 20 / learningRate + patience)
    return (folds + 1) * expected * outputs * rows * (3 * inputs + 15) * 2e-6
  },
  logistic_regression: (_, size) => curvesCost(size, 0),
  ridge_regression: (_, size) => curvesCost(size, 0),
  spline_regression: ({ knots }, size) => curvesCost(size, knots),
}

function forestCost({ trees, maxFeatures }: ForestParams, { rows, inputs, outputs }: FitSize): number {
  const tried = typeof maxFeatures === 'number' ? maxFeatures : maxFeatures === 'all' ? inputs : Math.sqrt(inputs)
  return trees * rows * log2(rows + 2) * tried * (1 + outputs / 4) * 8e-6
}

function curvesCost({ rows, inputs, outputs }: FitSize, knots: number): number {
  const width = inputs * (knots + 1)
  const steps = 40 * Math.min(rows, 20_000) + 10 * rows
  return outputs * (steps * inputs * (inputs * 0.5 + 8) + 6 * width ** 3) * 1e-6
}

export function fitUnits(learner: Learner, size: FitSize): number {
  const cost = COSTS[learner.kind] as Cost<Learner>
  return cost(learner, size) + size.rows * size.inputs * 5e-5
}

/** Microseconds of one prediction on the machine of the calibration, from the structure of the model. */
export function predictMicros(model: Learned): number {
  switch (model.kind) {
    case 'random_forest':
    case 'extra_trees':
      return treesMicros(model.forest)
    case 'gradient_boosting':
      return treesMicros(model.boosted)
    case 'additive_model':
      return 0.1 + 0.05 * model.additive.columns + 0.02 * (model.additive.pairs.length / 2)
    // One message to a thread and back; no search has such a model.
    case 'onnx':
      return 200
    default:
      return 0.1 + 0.05 * model.curves.columns + 0.005 * model.curves.columns * model.curves.outputs
  }
}

/** A walk asks about log2 of the leaves' number of questions, five nanoseconds each. */
function treesMicros({ trees, roots }: { trees: number; roots: Uint32Array }): number {
  let questions = 0
  for (let t = 0; t < trees; t++) questions += log2((roots[t + 1]! - roots[t]! + 1) / 2 + 1)
  return 0.2 + 0.005 * questions
}

/** By a logarithm of our own, as costs decide what is tried. */
function log2(x: number): number {
  return log(x) / Math.LN2
}

/** Of its arrays; the description adds some kilobytes. */
export function modelBytes(model: Learned): number {
  return kindOf(model)
    .pack(model)
    .arrays.reduce((sum, { byteLength }) => sum + byteLength, 0)
}
