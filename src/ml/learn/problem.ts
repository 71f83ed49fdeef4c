import type { Link } from '../model/link.ts'
import type { Target } from './task.ts'

/** What is to be learned of some rows, as sums and what makes outputs of them; `truth` is a class by its number, or the value. */
export type Problem = { link: Link; outputs: number; truth: Float64Array; weights: Float64Array }

export function problemOf(target: Target, weights: Float64Array): Problem {
  if (target.kind === 'regression') return { link: 'identity', outputs: 1, truth: target.values, weights }
  const [link, outputs]: [Link, number] = target.kind === 'binary' ? ['logit', 1] : ['softmax', target.classes]
  return { link, outputs, truth: Float64Array.from(target.labels), weights }
}

/**
 * Weights with the mean 1, and values with the mean 0 and the deviation 1, so that a penalty and a least number of rows mean
 * the same for any unit. A value is its scaled one times `deviation`, and `mean` more.
 */
export function scaled(given: Problem): { problem: Problem; mean: number; deviation: number } {
  const { truth, link } = given
  const rows = truth.length
  const total = given.weights.reduce((sum, w) => sum + w, 0)
  const weights = given.weights.map((w) => (w * rows) / total)
  if (link !== 'identity') return { problem: { ...given, weights }, mean: 0, deviation: 1 }
  let mean = 0
  for (let r = 0; r < rows; r++) mean += (weights[r]! * truth[r]!) / rows
  let square = 0
  for (let r = 0; r < rows; r++) square += (weights[r]! * (truth[r]! - mean) ** 2) / rows
  const deviation = Math.sqrt(square) || 1
  return { problem: { ...given, weights, truth: truth.map((y) => (y - mean) / deviation) }, mean, deviation }
}
