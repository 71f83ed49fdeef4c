import { sigmoid } from '../numbers/exp.ts'
import type { EncoderSpec } from './encoder.ts'
import { ASKS_SET, MISSING_LEFT, SET_WORDS } from './questions.ts'
import { findTreesFault, type Matrix, type Trees } from './trees.ts'
import { walkerForRows, walkerOf } from './walker.ts'

/**
 * Boosted trees for two outcomes: the leaves of all trees and `base` sum to a margin, the log of the odds. A node asks "is
 * x <= value?", or, of a column of categories, "is x in the set number `value`?"; yes goes left.
 */
export type Boosted = Trees & {
  base: number
  /** By node: MISSING_LEFT, where a missing x goes left, and ASKS_SET. */
  flags: Uint8Array
  /** Eight words for each set: bit x of them is 1 where category x belongs to it. */
  sets: Uint32Array
}

/** The margin of one encoded row, summed in tree order. */
export function boostedMargin(model: Boosted, row: Float64Array): number {
  const { base, trees, value } = model
  const leaves = walkerOf(model, model).leavesOf(row)
  let margin = base
  for (let t = 0; t < trees; t++) margin += value[leaves[t]!]!
  return margin
}

export function boostedProbability(model: Boosted, row: Float64Array): number {
  return sigmoid(boostedMargin(model, row))
}

/** The same for every row of a matrix; same sums. */
export function boostedProbabilities(model: Boosted, matrix: Matrix): Float64Array {
  const { base, value } = model
  const margins = new Float64Array(matrix.rows).fill(base)
  walkerForRows(model, model, matrix.rows).leavesOfAll(matrix, (_, first, rows, leaves) => {
    for (let r = 0; r < rows; r++) margins[first + r]! += value[leaves[r]!]!
  })
  for (let r = 0; r < margins.length; r++) margins[r] = sigmoid(margins[r]!)
  return margins
}

/** What is wrong with these arrays as boosted trees, or undefined: after this check every walk ends with a finite margin. */
export function findBoostedFault(model: Boosted, { columns }: EncoderSpec): string | undefined {
  const { base, feature, value, flags, sets } = model
  if (!Number.isFinite(base)) return `the base is ${base}`
  const count = sets.length / SET_WORDS
  return findTreesFault(model, (i) => {
    if (!Number.isFinite(value[i]!)) {
      // A threshold may be the greatest value seen, and that may be infinite.
      if (feature[i]! < 0 || Number.isNaN(value[i]!)) return `node ${i} has the value ${value[i]}`
    }
    if (flags[i]! > (MISSING_LEFT | ASKS_SET)) return `node ${i} has flags that are not known`
    if (feature[i]! < 0) return undefined
    const asksSet = (flags[i]! & ASKS_SET) !== 0
    if (asksSet !== (columns[feature[i]!]?.kind === 'category')) {
      return `node ${i} asks column ${feature[i]} a question that does not fit it`
    }
    if (asksSet && !(Number.isInteger(value[i]!) && value[i]! >= 0 && value[i]! < count)) {
      return `node ${i} asks for set ${value[i]} of ${count}`
    }
    return undefined
  })
}
