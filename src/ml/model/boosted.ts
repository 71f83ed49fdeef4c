import { sigmoid } from '../numbers/exp.ts'
import type { EncoderSpec } from './encoder.ts'
import { findTreesFault, type Matrix, rowMajor, type Trees } from './trees.ts'

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

export const MISSING_LEFT = 1
export const ASKS_SET = 2
/** Words of a set: categories of one column are 0 … 255 at most. */
export const SET_WORDS = 8

/** The margin of one encoded row, summed in tree order. */
export function boostedMargin(model: Boosted, row: Float64Array): number {
  let margin = model.base
  for (let t = 0; t < model.trees; t++) margin += leafOf(model, t, row, 0)
  return margin
}

export function boostedProbability(model: Boosted, row: Float64Array): number {
  return sigmoid(boostedMargin(model, row))
}

/** The same for every row of a matrix, tree by tree: the same sums. */
export function boostedProbabilities(model: Boosted, matrix: Matrix): Float64Array {
  const { rows, columns } = matrix
  const x = rowMajor(matrix)
  const margins = new Float64Array(rows).fill(model.base)
  for (let t = 0; t < model.trees; t++) {
    for (let r = 0; r < rows; r++) margins[r]! += leafOf(model, t, x, r * columns)
  }
  for (let r = 0; r < rows; r++) margins[r] = sigmoid(margins[r]!)
  return margins
}

/** The value of the leaf that tree t gives the row that begins at `at`. */
function leafOf({ roots, feature, right, value, flags, sets }: Boosted, t: number, x: Float64Array, at: number) {
  let node = roots[t]!
  for (let f = feature[node]!; f >= 0; f = feature[node]!) {
    const v = x[at + f]!
    const flag = flags[node]!
    const left = Number.isNaN(v)
      ? (flag & MISSING_LEFT) !== 0
      : (flag & ASKS_SET) === 0
        ? v <= value[node]!
        : inSet(sets, value[node]!, v)
    node = left ? node + 1 : right[node]!
  }
  return value[node]!
}

export function inSet(sets: Uint32Array, set: number, category: number): boolean {
  return ((sets[set * SET_WORDS + (category >>> 5)]! >>> (category & 31)) & 1) === 1
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
