import type { EncoderSpec } from './encoder.ts'
import { applyLink, type Link } from './link.ts'
import { ASKS_SET, MISSING_LEFT, SET_WORDS } from './questions.ts'
import { findTreesFault, type Matrix, type Trees } from './trees.ts'
import { walkerForRows, walkerOf } from './walker.ts'

/**
 * Boosted trees: for each output, the leaves of its trees and its `base` sum to a margin, which the link makes a probability of
 * two classes, one of each of several, or leaves as the number that it is. A node asks "is x <= value?", or, of a column of
 * categories, "is x in the set number `value`?"; yes goes left.
 */
export type Boosted = Trees & {
  /** Of each output. Trees follow each other round by round, in a round one for each output. */
  base: readonly number[]
  link: Link
  /** By node: MISSING_LEFT, where a missing x goes left, and ASKS_SET. */
  flags: Uint8Array
  /** Eight words for each set: bit x of them is 1 where category x belongs to it. */
  sets: Uint32Array
}

/** Writes the margins of one encoded row, each summed in tree order. */
export function boostedMargins(model: Boosted, row: Float64Array, out: Float64Array): void {
  const { base, trees, value } = model
  const outputs = base.length
  const leaves = walkerOf(model, model).leavesOf(row)
  for (let k = 0; k < outputs; k++) out[k] = base[k]!
  for (let t = 0, k = 0; t < trees; t++, k = k + 1 === outputs ? 0 : k + 1) out[k]! += value[leaves[t]!]!
}

export function boostedPredict(model: Boosted, row: Float64Array, out: Float64Array): void {
  boostedMargins(model, row, out)
  applyLink(model.link, out, 0, model.base.length)
}

/** The same for every row of a matrix, row after row; same sums. */
export function boostedPredictAll(model: Boosted, matrix: Matrix): Float64Array {
  const { base, value, link } = model
  const outputs = base.length
  const margins = new Float64Array(matrix.rows * outputs)
  for (let i = 0; i < margins.length; i++) margins[i] = base[i % outputs]!
  walkerForRows(model, model, matrix.rows).leavesOfAll(matrix, (tree, first, rows, leaves) => {
    for (let r = 0, at = first * outputs + (tree % outputs); r < rows; r++, at += outputs) {
      margins[at]! += value[leaves[r]!]!
    }
  })
  for (let at = 0; at < margins.length; at += outputs) applyLink(link, margins, at, outputs)
  return margins
}

/** What is wrong with these arrays as boosted trees, or undefined: after this check every walk ends with a finite margin. */
export function findBoostedFault(model: Boosted, { columns }: EncoderSpec): string | undefined {
  const { base, link, feature, value, flags, sets } = model
  if (base.length === 0 || !base.every(Number.isFinite)) return `the base is ${base}`
  if (link === 'softmax' ? base.length < 2 : base.length > 1) return `a link ${link} has ${base.length} outputs`
  if (model.trees % base.length !== 0) return `${model.trees} trees are no rounds of ${base.length}`
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
