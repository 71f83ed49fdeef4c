import { findTreesFault, type Matrix, rowMajor, type Trees } from './trees.ts'

/**
 * A forest: a node asks "is x <= value?"; the value of a leaf is the share of the positive class in it, class weights
 * applied. A missing x (NaN) goes left where `missingLeft` is 1, else right.
 */
export type Forest = Trees & { missingLeft: Uint8Array }

/** The probability of the positive class for one encoded row: the mean over the trees, summed in tree order. */
export function forestProbability(forest: Forest, row: Float64Array): number {
  const { trees, roots, feature, right, value, missingLeft } = forest
  let sum = 0
  for (let t = 0; t < trees; t++) {
    let node = roots[t]!
    for (let f = feature[node]!; f >= 0; f = feature[node]!) {
      const x = row[f]!
      // A NaN fails the comparison, so whether x is missing is asked only where the walk would go right.
      if (x <= value[node]! || (Number.isNaN(x) && missingLeft[node] === 1)) node++
      else node = right[node]!
    }
    sum += value[node]!
  }
  return sum / trees
}

/** The same for every row of a matrix. Tree by tree, since one tree fits the cache and a forest does not; same sums. */
export function forestProbabilities(forest: Forest, matrix: Matrix): Float64Array {
  const { trees, roots, feature, right, value, missingLeft } = forest
  const { rows, columns } = matrix
  const x = rowMajor(matrix)
  const sums = new Float64Array(rows)
  for (let t = 0; t < trees; t++) {
    for (let r = 0; r < rows; r++) {
      let node = roots[t]!
      for (let f = feature[node]!; f >= 0; f = feature[node]!) {
        const v = x[r * columns + f]!
        if (v <= value[node]! || (Number.isNaN(v) && missingLeft[node] === 1)) node++
        else node = right[node]!
      }
      sums[r]! += value[node]!
    }
  }
  for (let r = 0; r < rows; r++) sums[r]! /= trees
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
