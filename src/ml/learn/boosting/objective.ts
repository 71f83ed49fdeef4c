/**
 * What is made small: the logistic loss of two classes, the cross-entropy of several, the squared error of numbers. Where
 * boosting starts, how large a gradient can be, and how great the loss is; gradients themselves are made by the kernels.
 *
 * Gradients and hessians become whole numbers, 15 and 16 bits, or as many as leave room for the sum of all rows in 32: such
 * sums are exact in any order, so a model has the same bytes for any number of threads. Seven bits are enough for the accuracy
 * of floating point (Shi et al. 2022, "Quantized training of GBDT"). What is cut off is rounded up for as many rows as the
 * fraction says, spread evenly over them by multiples of the golden ratio (Weyl): so the sum over many rows is right also
 * where each gradient is below one unit.
 */
import { exp, log } from '../../numbers/exp.ts'
import { cannotTrain, classesOf, type Target } from '../task.ts'

/** What one unit of a whole gradient and hessian is. */
export type Units = { gradient: number; hessian: number }

/** Below the ends of 16 bits, so that rounding up in float32 does not pass them. */
export const GRADIENT_MAX = 32_000
export const HESSIAN_MAX = 64_000
/** Room for the sums of a node, with one unit of rounding for each row; a gradient has a sign. */
const GRADIENT_SUM_MAX = 2 ** 31
const HESSIAN_SUM_MAX = 2 ** 32
/** Beyond that a unit would be no unit. */
export const ROWS_MAX = 2 ** 28

/** Where the margins of the outputs start; a regression learns (value - base) / scale, which is within -2 … 2. */
export type Start = { base: Float64Array; scale: number }

export function startOf(target: Target, weights: Float64Array | null): Start {
  const weightOf = (i: number) => (weights === null ? 1 : weights[i]!)
  if (target.kind === 'regression') return startOfNumbers(target.values, weightOf)
  const sums = new Float64Array(classesOf(target))
  let all = 0
  for (let i = 0; i < target.labels.length; i++) {
    sums[target.labels[i]!]! += weightOf(i)
    all += weightOf(i)
  }
  // A class that none of these rows has starts as rare as half a row would make it.
  const least = all / (2 * target.labels.length)
  if (target.kind === 'binary') return { base: Float64Array.of(log(sums[1]! / sums[0]!)), scale: 1 }
  return { base: sums.map((sum) => log(Math.max(sum, least) / all)), scale: 1 }
}

function startOfNumbers(values: Float64Array, weightOf: (i: number) => number): Start {
  let [sum, all, farthest] = [0, 0, 0]
  for (let i = 0; i < values.length; i++) {
    sum += weightOf(i) * values[i]!
    all += weightOf(i)
  }
  const mean = sum / all
  for (const value of values) farthest = Math.max(farthest, Math.abs(value - mean))
  if (!Number.isFinite(mean + farthest)) {
    throw cannotTrain('the numbers to be learned are too great; divide them')
  }
  return { base: Float64Array.of(mean), scale: farthest || 1 }
}

/** Of weights: how great one is, and all of them. */
export type WeightSums = { most: number; all: number }

export function sumWeights(weights: Float64Array | null, rows: number): WeightSums {
  if (weights === null) return { most: 1, all: rows }
  let [most, all] = [0, 0]
  for (const weight of weights) {
    most = Math.max(most, weight)
    all += weight
  }
  return { most, all }
}

/** `residuals`: sum and maximum of what is left to be learned of numbers, by weight; a probability is off by 1 at most. */
export function unitsOf(target: Target, rows: number, weights: WeightSums, residuals: WeightSums): Units {
  const off = target.kind === 'regression' ? residuals : weights
  const curve = curvatureMax(target)
  return {
    gradient: unitOf(off.most, off.all, GRADIENT_MAX, GRADIENT_SUM_MAX - 4 * rows),
    hessian: unitOf(weights.most * curve, weights.all * curve, HESSIAN_MAX, HESSIAN_SUM_MAX - 4 * rows),
  }
}

/** Float32 may make a number greater by its last bits. */
function unitOf(most: number, all: number, mostUnits: number, allUnits: number): number {
  return 1.001 * Math.max(most / mostUnits, all / allUnits) || 1
}

/** The greatest hessian of a row of weight 1. That of several classes is made greater, as in LightGBM: their margins can all be shifted. */
function curvatureMax(target: Target): number {
  return target.kind === 'regression' ? 1 : hessianFactor(target) / 4
}

export function hessianFactor(target: Target): number {
  return target.kind === 'multiclass' ? target.classes / (target.classes - 1) : 1
}

/** Weighted mean of the loss; margins of the outputs lie one after the other. Of numbers, of the margins' own scale. */
export function lossOf(target: Target, weights: Float64Array | null, margins: Float64Array): number {
  const rows = target.kind === 'regression' ? target.values.length : target.labels.length
  let [sum, all] = [0, 0]
  for (let i = 0; i < rows; i++) {
    const weight = weights === null ? 1 : weights[i]!
    sum += weight * rowLoss(target, margins, i, rows)
    all += weight
  }
  return sum / all
}

function rowLoss(target: Target, margins: Float64Array, i: number, rows: number): number {
  if (target.kind === 'regression') return (margins[i]! - target.values[i]!) ** 2
  if (target.kind === 'binary') {
    const against = target.labels[i] === 1 ? -margins[i]! : margins[i]!
    // log(1 + e^x) is x to the last bit where x is great.
    return against > 40 ? against : log(1 + exp(against))
  }
  let most = margins[i]!
  for (let k = 1; k < target.classes; k++) most = Math.max(most, margins[k * rows + i]!)
  let all = 0
  for (let k = 0; k < target.classes; k++) all += exp(margins[k * rows + i]! - most)
  return most + log(all) - margins[target.labels[i]! * rows + i]!
}
