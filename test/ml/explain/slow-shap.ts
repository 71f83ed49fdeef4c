import { ASKS_SET, inSet, MISSING_LEFT, type Questions } from '../../../src/ml/model/questions.ts'
import type { Trees } from '../../../src/ml/model/trees.ts'

/**
 * Shapley values by their definition: over all subsets of columns, what a column adds to what the trees say where only the
 * columns of the subset are known. What is not known parts by the covers. Column after column, and what is said of nothing.
 */
export function slowShap(trees: Trees & Questions, row: Float64Array): { base: number; contributions: number[] } {
  const { columns } = trees
  const said = Array.from({ length: 2 ** columns }, (_, known) => expected(trees, row, known))
  const contributions = Array.from({ length: columns }, (_, column) => {
    let sum = 0
    for (let known = 0; known < said.length; known++) {
      if ((known >> column) & 1) continue
      const size = bits(known)
      sum +=
        ((said[known | (1 << column)]! - said[known]!) * factorial(size) * factorial(columns - size - 1)) /
        factorial(columns)
    }
    return sum
  })
  return { base: said[0]!, contributions }
}

function expected(trees: Trees & Questions, row: Float64Array, known: number): number {
  let sum = 0
  for (let t = 0; t < trees.trees; t++) sum += expectedBelow(trees, trees.roots[t]!, row, known)
  return sum
}

function expectedBelow(trees: Trees & Questions, node: number, row: Float64Array, known: number): number {
  const { feature, right, value, cover } = trees
  const column = feature[node]!
  if (column < 0) return value[node]!
  const [l, r] = [node + 1, right[node]!]
  if ((known >> column) & 1) return expectedBelow(trees, goesLeft(trees, node, row[column]!) ? l : r, row, known)
  const [below, beside] = [expectedBelow(trees, l, row, known), expectedBelow(trees, r, row, known)]
  return (cover![l]! * below + cover![r]! * beside) / (cover![l]! + cover![r]!)
}

function goesLeft({ value, flags, sets }: Trees & Questions, node: number, x: number): boolean {
  if (Number.isNaN(x)) return (flags[node]! & MISSING_LEFT) !== 0
  return (flags[node]! & ASKS_SET) === 0 ? x <= value[node]! : inSet(sets, value[node]!, x)
}

function bits(x: number): number {
  let count = 0
  for (let rest = x; rest > 0; rest >>= 1) count += rest & 1
  return count
}

function factorial(n: number): number {
  return n <= 1 ? 1 : n * factorial(n - 1)
}
