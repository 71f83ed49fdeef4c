import { findTreesFault, type Matrix, type Trees } from './trees.ts'
import { walkerForRows, walkerOf } from './walker.ts'

/**
 * A forest: a node asks "is x <= value?"; the value of a leaf is the share of the positive class in it, class weights
 * applied. A missing x (NaN) goes left where `missingLeft` is 1, else right.
 */
export type Forest = Trees & { missingLeft: Uint8Array }

/** The probability of the positive class for one encoded row: the mean over the trees, summed in tree order. */
export function forestProbability(forest: Forest, row: Float64Array): number {
  const { trees, value, missingLeft } = forest
  const leaves = walkerOf(forest, missingLeft).leavesOf(row)
  let sum = 0
  for (let t = 0; t < trees; t++) sum += value[leaves[t]!]!
  return sum / trees
}

/** The same for every row of a matrix; same sums. */
export function forestProbabilities(forest: Forest, matrix: Matrix): Float64Array {
  const { trees, value, missingLeft } = forest
  const sums = new Float64Array(matrix.rows)
  walkerForRows(forest, missingLeft, matrix.rows).leavesOfAll(matrix, (_, first, rows, leaves) => {
    for (let r = 0; r < rows; r++) sums[first + r]! += value[leaves[r]!]!
  })
  for (let r = 0; r < sums.length; r++) sums[r]! /= trees
  return sums
}

/** What is wrong with these arrays as a forest, or undefined: after this check every walk ends, and gives a probability. */
export function findForestFault(forest: Forest): string | undefined {
  const { feature, value } = forest
  return findTreesFault(forest, (i) => {
    if (Number.isNaN(value[i]!)) return `node ${i} has no value`
    if (feature[i]! >= 0 || (value[i]! >= 0 && value[i]! <= 1)) return undefined
    return `leaf ${i} has the value ${value[i]}, which is not between 0 and 1`
  })
}
