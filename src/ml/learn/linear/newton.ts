/**
 * Weights of the least penalised loss, by Newton's steps (iteratively reweighted least squares): the log-loss of one class
 * against the other, that of several by softmax, or squared errors. Of several classes a step changes the weights of one
 * class after the other, with the second derivatives of that class alone. Every step lowers the loss, or is halved.
 */
import { assert } from '../../../base/assert.ts'
import { applyLink, type Link } from '../../model/link.ts'
import { factor, solve } from '../../numbers/cholesky.ts'
import { exp, log } from '../../numbers/exp.ts'
import type { Problem } from '../problem.ts'
import { type Basis, type Design, writeRow } from './design.ts'
import { timesPenalty } from './penalty.ts'

/** `sums`: of every row, one for each output. `factors`: of every output the factor of the second derivatives. */
export type Solution = { weights: Float64Array; sums: Float64Array; factors: Float64Array[] }

const STEPS_MAX = 40
const HALVINGS_MAX = 30
/** Done when the mean loss of a row has fallen by less. */
export const EXACT = 1e-9
export const ROUGH = 1e-5

export function minimise(
  design: Design,
  basis: Basis,
  problem: Problem,
  penalty: Float64Array,
  start: Float64Array,
  enough = EXACT,
): Solution {
  const { width, rows } = design
  const { outputs } = problem
  const weights = start.slice()
  const factors = Array.from({ length: outputs }, () => new Float64Array(width * width))
  const sums = sumsOf(design, basis, weights, outputs)
  let loss = lossOf(problem, sums) + penaltyOf(penalty, width, weights, outputs)
  for (let step = 0; step < STEPS_MAX; step++) {
    const before = loss
    for (let k = 0; k < outputs; k++) {
      const change = newtonStep(design, basis, problem, penalty, { weights, sums, factors }, k)
      loss = takeStep(design, basis, problem, penalty, { weights, sums, factors }, k, change, loss)
    }
    if (before - loss <= enough * rows) break
  }
  return { weights, sums, factors }
}

/** The step of the weights of output k; its factor stays in `factors`. */
function newtonStep(
  design: Design,
  basis: Basis,
  problem: Problem,
  penalty: Float64Array,
  { weights, sums, factors }: Solution,
  k: number,
): Float64Array {
  const { width, columns, rows } = design
  const change = new Float64Array(width)
  const second = factors[k]!
  timesPenalty(penalty, width, weights, k * width, change)
  for (let i = 0; i < width; i++) change[i] = -change[i]!
  second.set(penalty)
  const index = new Int32Array(2 * columns + 1)
  const value = new Float64Array(2 * columns + 1)
  const slopes = new Float64Array(2)
  for (let r = 0; r < rows; r++) {
    slopesOf(problem, sums, r, k, slopes)
    const n = writeRow(design, basis, r, index, value)
    const gradient = slopes[0]!
    const hessian = slopes[1]!
    for (let a = 0; a < n; a++) {
      const at = index[a]!
      const x = value[a]!
      change[at]! -= gradient * x
      const scaled = hessian * x
      const row = at * width
      for (let b = 0; b <= a; b++) second[row + index[b]!]! += scaled * value[b]!
    }
  }
  // Weights that no row asks for would make it singular without a penalty.
  for (let i = 0; i < width; i++) second[i * width + i]! += 1e-9 * (1 + second[i * width + i]!)
  let more = 1e-6
  for (const kept = second.slice(); !factor(second, width); more *= 10) {
    assert(more < 1e6, 'second derivatives and a penalty are positive definite')
    second.set(kept)
    for (let i = 0; i < width; i++) second[i * width + i]! += more * (1 + kept[i * width + i]!)
  }
  solve(second, width, change)
  return change
}

/** First and second derivative of the loss of row r by the sum of output k. */
function slopesOf(
  { link, outputs, truth, weights }: Problem,
  sums: Float64Array,
  r: number,
  k: number,
  out: Float64Array,
) {
  const weight = weights[r]!
  if (link === 'identity') {
    out[0] = weight * (sums[r]! - truth[r]!)
    out[1] = weight
    return
  }
  const p = probabilityOf(link, sums, r * outputs, outputs, k)
  const isTrue = link === 'logit' ? truth[r]! : truth[r] === k ? 1 : 0
  out[0] = weight * (p - isTrue)
  out[1] = weight * Math.max(p * (1 - p), 1e-9)
}

let scratch = new Float64Array(1)

export function probabilityOf(link: Link, sums: Float64Array, at: number, outputs: number, k: number): number {
  if (scratch.length < outputs) scratch = new Float64Array(outputs)
  for (let j = 0; j < outputs; j++) scratch[j] = sums[at + j]!
  applyLink(link, scratch, 0, outputs)
  return scratch[k]!
}

/** Adds the step to the weights and sums, halved until the loss is no greater; returns the loss. */
function takeStep(
  design: Design,
  basis: Basis,
  problem: Problem,
  penalty: Float64Array,
  { weights, sums }: Solution,
  k: number,
  change: Float64Array,
  loss: number,
): number {
  const { width, rows } = design
  const { outputs } = problem
  const moved = sumsOf(design, basis, change, 1)
  let taken = 0
  for (let halvings = 0, share = 1; halvings < HALVINGS_MAX; halvings++, share /= 2) {
    for (let i = 0; i < width; i++) weights[k * width + i]! += (share - taken) * change[i]!
    for (let r = 0; r < rows; r++) sums[r * outputs + k]! += (share - taken) * moved[r]!
    taken = share
    const next = lossOf(problem, sums) + penaltyOf(penalty, width, weights, outputs)
    if (next <= loss) return next
  }
  for (let i = 0; i < width; i++) weights[k * width + i]! -= taken * change[i]!
  for (let r = 0; r < rows; r++) sums[r * outputs + k]! -= taken * moved[r]!
  return loss
}

export function sumsOf(design: Design, basis: Basis, weights: Float64Array, outputs: number): Float64Array {
  const { rows, columns, width } = design
  const index = new Int32Array(2 * columns + 1)
  const value = new Float64Array(2 * columns + 1)
  const sums = new Float64Array(rows * outputs)
  for (let r = 0; r < rows; r++) {
    const n = writeRow(design, basis, r, index, value)
    for (let k = 0; k < outputs; k++) {
      let sum = 0
      for (let a = 0; a < n; a++) sum += value[a]! * weights[k * width + index[a]!]!
      sums[r * outputs + k] = sum
    }
  }
  return sums
}

function lossOf(problem: Problem, sums: Float64Array): number {
  let loss = 0
  for (let r = 0; r < problem.truth.length; r++)
    loss += problem.weights[r]! * rowLoss(problem, sums, r * problem.outputs, r)
  return loss
}

/** The loss of row r by the sums that begin at `at`. */
export function rowLoss({ link, outputs, truth }: Problem, sums: Float64Array, at: number, r: number): number {
  if (link === 'identity') return (sums[at]! - truth[r]!) ** 2 / 2
  if (link === 'logit') {
    const against = truth[r] === 1 ? -sums[at]! : sums[at]!
    return against > 0 ? against + log(1 + exp(-against)) : log(1 + exp(against))
  }
  let most = -Infinity
  for (let k = 0; k < outputs; k++) most = Math.max(most, sums[at + k]!)
  let total = 0
  for (let k = 0; k < outputs; k++) total += exp(sums[at + k]! - most)
  return most + log(total) - sums[at + truth[r]!]!
}

function penaltyOf(penalty: Float64Array, width: number, weights: Float64Array, outputs: number): number {
  const times = new Float64Array(width)
  let sum = 0
  for (let k = 0; k < outputs; k++) {
    timesPenalty(penalty, width, weights, k * width, times)
    for (let i = 0; i < width; i++) sum += (times[i]! * weights[k * width + i]!) / 2
  }
  return sum
}
