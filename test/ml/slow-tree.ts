import { createPrng, type Prng, seedFor } from '../../src/base/prng.ts'
import type { TreeParams } from '../../src/ml/learn/tree.ts'

/** One tree as nested objects, grown in the plainest way: the oracle for learn/tree.ts. */
export type SlowTree =
  | { leaf: number }
  | { column: number; threshold: number; missingLeft: boolean; left: SlowTree; right: SlowTree }

type Row = { x: number[]; y: number; times: number }

export function growSlowly(x: number[][], y: number[], params: TreeParams, index: number): SlowTree {
  const prng = createPrng(seedFor(params.seed, index))
  const rows: Row[] = x.map((values, r) => ({ x: values, y: y[r]!, times: params.bootstrap ? 0 : 1 }))
  if (params.bootstrap) for (let i = 0; i < x.length; i++) rows[prng.int(x.length)]!.times++
  const drawn = rows.filter((row) => row.times > 0)
  return grow(
    drawn,
    0,
    params,
    prng,
    x[0]!.map((_, c) => c),
  )
}

export function predictSlowly(tree: SlowTree, x: number[]): number {
  if ('leaf' in tree) return tree.leaf
  const value = x[tree.column]!
  const left = Number.isNaN(value) ? tree.missingLeft : value <= tree.threshold
  return predictSlowly(left ? tree.left : tree.right, x)
}

function grow(rows: Row[], depth: number, params: TreeParams, prng: Prng, columns: number[]): SlowTree {
  const [w0, w1] = weights(rows, params)
  const leaf = { leaf: w1 / (w0 + w1) }
  if (w0 === 0 || w1 === 0 || rows.length < params.minSamplesSplit || rows.length < 2 * params.minSamplesLeaf)
    return leaf
  if (params.maxDepth !== null && depth >= params.maxDepth) return leaf
  let best: { score: number; column: number; threshold: number; missingLeft: boolean } | undefined
  let useful = 0
  for (let i = 0; i < columns.length && (i < params.tryColumns || useful === 0); i++) {
    const j = i + prng.int(columns.length - i)
    ;[columns[i], columns[j]] = [columns[j]!, columns[i]!]
    const column = columns[i]!
    if (new Set(rows.map((row) => String(row.x[column]))).size < 2 || rows.every((r) => Number.isNaN(r.x[column])))
      continue
    useful++
    for (const candidate of candidates(rows, column)) {
      const [left, right] = divide(rows, candidate)
      if (left.length < params.minSamplesLeaf || right.length < params.minSamplesLeaf) continue
      const score = purity(left, params) + purity(right, params)
      if (best === undefined || score > best.score) best = { score, ...candidate }
    }
  }
  if (best === undefined) return leaf
  const [left, right] = divide(rows, best)
  if (rows.every((row) => !Number.isNaN(row.x[best.column]))) best.missingLeft = left.length > right.length
  const { column, threshold, missingLeft } = best
  return {
    column,
    threshold,
    missingLeft,
    left: grow(left, depth + 1, params, prng, columns),
    right: grow(right, depth + 1, params, prng, columns),
  }
}

/** Every midpoint, with the missing on the right and then on the left, and last on the right all values against them. */
function* candidates(rows: Row[], column: number) {
  const present = rows.map((row) => row.x[column]!).filter((x) => !Number.isNaN(x))
  const distinct = [...new Set(present)].sort((a, b) => a - b)
  const missing = present.length < rows.length
  for (const missingLeft of missing ? [false, true] : [false]) {
    for (let i = 0; i + 1 < distinct.length; i++) {
      yield { column, threshold: (distinct[i]! + distinct[i + 1]!) / 2, missingLeft }
    }
    if (missing && !missingLeft) yield { column, threshold: Infinity, missingLeft }
  }
}

function divide(rows: Row[], by: { column: number; threshold: number; missingLeft: boolean }): [Row[], Row[]] {
  const left = (row: Row) => (Number.isNaN(row.x[by.column]) ? by.missingLeft : row.x[by.column]! <= by.threshold)
  return [rows.filter(left), rows.filter((row) => !left(row))]
}

function purity(rows: Row[], params: TreeParams): number {
  const [w0, w1] = weights(rows, params)
  return (w0 * w0 + w1 * w1) / (w0 + w1)
}

function weights(rows: Row[], params: TreeParams): [number, number] {
  const draws = (label: number) => rows.reduce((sum, row) => sum + (row.y === label ? row.times : 0), 0)
  return [draws(0) * params.classWeights[0], draws(1) * params.classWeights[1]]
}
