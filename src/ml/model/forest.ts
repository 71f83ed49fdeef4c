import { findTreesFault, type Matrix, type Trees } from './trees.ts'
import { walkerForRows, walkerOf } from './walker.ts'

/**
 * A forest: a node asks "is x <= value?", and the answer is the mean over the trees of what their leaves say, summed in tree
 * order. A missing x (NaN) goes left where `missingLeft` is 1, else right. What a leaf says:
 * - one output: its `value`, which is the share of the positive class in it (weights applied), or a number (`link` identity);
 * - several: the shares of all classes, the vector number `value` of `leaves`.
 */
export type Forest = Trees & {
  missingLeft: Uint8Array
  link: 'share' | 'identity'
  outputs: number
  /** Vectors of `outputs` numbers; empty where there is one output. */
  leaves: Float64Array
}

/** Writes the outputs of one encoded row. */
export function forestPredict(forest: Forest, row: Float64Array, out: Float64Array): void {
  const { trees, outputs, missingLeft } = forest
  const found = walkerOf(forest, missingLeft).leavesOf(row)
  for (let c = 0; c < outputs; c++) out[c] = 0
  for (let t = 0; t < trees; t++) addLeaf(forest, found[t]!, out, 0)
  for (let c = 0; c < outputs; c++) out[c]! /= trees
}

/** The same for every row of a matrix; same sums. */
export function forestPredictAll(forest: Forest, matrix: Matrix): Float64Array {
  const { trees, outputs, missingLeft } = forest
  const sums = new Float64Array(matrix.rows * outputs)
  walkerForRows(forest, missingLeft, matrix.rows).leavesOfAll(matrix, (_, first, rows, found) => {
    for (let r = 0; r < rows; r++) addLeaf(forest, found[r]!, sums, (first + r) * outputs)
  })
  for (let i = 0; i < sums.length; i++) sums[i]! /= trees
  return sums
}

function addLeaf({ value, leaves, outputs }: Forest, leaf: number, sums: Float64Array, at: number): void {
  if (outputs === 1) {
    sums[at]! += value[leaf]!
    return
  }
  const from = value[leaf]! * outputs
  for (let c = 0; c < outputs; c++) sums[at + c]! += leaves[from + c]!
}

/** What is wrong with these arrays as a forest, or undefined: after this check every walk ends, and gives what `link` says. */
export function findForestFault(forest: Forest): string | undefined {
  const { feature, value, link, outputs, leaves } = forest
  const vectors = leaves.length / outputs
  if (outputs > 1) {
    if (link !== 'share') return `it has ${outputs} outputs of the link ${link}`
    for (const [i, share] of leaves.entries()) {
      if (!(share >= 0 && share <= 1))
        return `vector ${Math.floor(i / outputs)} has the value ${share}, which is not between 0 and 1`
    }
  }
  return findTreesFault(forest, (i) => {
    if (Number.isNaN(value[i]!)) return `node ${i} has no value`
    if (feature[i]! >= 0) return undefined
    if (outputs > 1) {
      if (Number.isInteger(value[i]!) && value[i]! >= 0 && value[i]! < vectors) return undefined
      return `leaf ${i} has the vector ${value[i]} of ${vectors}`
    }
    if (link === 'identity') return Number.isFinite(value[i]!) ? undefined : `leaf ${i} has the value ${value[i]}`
    if (value[i]! >= 0 && value[i]! <= 1) return undefined
    return `leaf ${i} has the value ${value[i]}, which is not between 0 and 1`
  })
}
