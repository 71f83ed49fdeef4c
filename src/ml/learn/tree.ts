import { createPrng, type Prng, seedFor } from '../../base/prng.ts'
import { TREE_DEPTH_MAX } from '../model/trees.ts'
import type { RankCodes } from './rank-codes.ts'
import { createSplitSearch, emptySplit, MAX_DRAWS, type Node, type SplitSearch, searchColumn } from './split-search.ts'

/** What a tree is grown by; the forest's parameters with everything worked out. */
export type TreeParams = {
  /** Null for no limit but that of a forest (model/forest.ts). */
  maxDepth: number | null
  minSamplesLeaf: number
  minSamplesSplit: number
  /** Columns tried at a split, 1 … columns. */
  tryColumns: number
  /** Weight of a row of class 0 and of class 1. */
  classWeights: readonly [number, number]
  bootstrap: boolean
  seed: number
}

/** One tree in preorder; `right` counts from the tree's own first node. See model/forest.ts. */
export type Tree = {
  feature: Int16Array
  right: Uint32Array
  value: Float64Array
  missingLeft: Uint8Array
  /** Weight of the rows at each node. */
  cover: Float32Array
  /** Decrease of weighted Gini impurity by column, as shares of 1 (all 0 for a tree of one leaf). */
  importance: Float64Array
  /** Of several classes the shares of each, a vector for each leaf, whose value is its number; else empty. */
  leaves: Float64Array
}

export type Grower = {
  data: RankCodes
  labels: Uint8Array
  params: TreeParams
  search: SplitSearch
  rows: Uint32Array
  columns: Uint16Array
  feature: Int16Array
  right: Uint32Array
  value: Float64Array
  missingLeft: Uint8Array
  cover: Float32Array
}

/** Scratch for growing any number of trees on the same rows. */
export function createGrower(data: RankCodes, labels: Uint8Array, params: TreeParams): Grower {
  const most = 2 * data.rows
  const draws = new Uint8Array(data.rows)
  return {
    data,
    labels,
    params,
    search: createSplitSearch(data, draws, params.classWeights, params.minSamplesLeaf),
    rows: new Uint32Array(data.rows),
    columns: new Uint16Array(data.columns),
    feature: new Int16Array(most),
    right: new Uint32Array(most),
    value: new Float64Array(most),
    missingLeft: new Uint8Array(most),
    cover: new Float32Array(most),
  }
}

/** Grows tree number `index`: everything random comes from the seed and the index, so any thread gives the same tree. */
export function growTree(grower: Grower, index: number): Tree {
  const { data, params, rows, feature, right, value, missingLeft, cover, search } = grower
  const prng = createPrng(seedFor(params.seed, index))
  const root = drawRows(grower, prng)
  for (let c = 0; c < data.columns; c++) grower.columns[c] = c
  const importance = new Float64Array(data.columns)
  const waiting: { node: Node; depth: number; parent: number }[] = [{ node: root, depth: 0, parent: -1 }]
  const best = emptySplit()
  let size = 0
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { node, depth, parent } = next
    const at = size++
    if (parent >= 0) right[parent] = at
    right[at] = 0
    missingLeft[at] = 0
    cover[at] = weightOf(node, search)
    const found = !isLeaf(node, depth, params) && findSplit(grower, prng, node, best)
    if (!found) {
      feature[at] = -1
      value[at] = positiveShare(node, search)
      continue
    }
    feature[at] = best.column
    value[at] = best.threshold
    missingLeft[at] = best.missingLeft ? 1 : 0
    importance[best.column]! += best.score - scoreOf(node, search)
    const middle = partition(data, rows, node, best.column, best.code, best.missingLeft)
    const { left0, left1 } = best
    const rightNode = { start: middle, end: node.end, n0: node.n0 - left0, n1: node.n1 - left1 }
    waiting.push({ node: rightNode, depth: depth + 1, parent: at })
    waiting.push({ node: { start: node.start, end: middle, n0: left0, n1: left1 }, depth: depth + 1, parent: -1 })
  }
  normalise(importance)
  return {
    feature: feature.slice(0, size),
    right: right.slice(0, size),
    value: value.slice(0, size),
    missingLeft: missingLeft.slice(0, size),
    cover: cover.slice(0, size),
    importance,
    leaves: new Float64Array(0),
  }
}

function drawRows(grower: Grower, prng: Prng): Node {
  const { data, labels, params, rows, search } = grower
  const draws = search.draws
  for (let r = 0; r < data.rows; r++) draws[r] = labels[r]! | (params.bootstrap ? 0 : 2)
  if (params.bootstrap) {
    for (let i = 0; i < data.rows; i++) {
      const row = prng.int(data.rows)
      if (draws[row]! >>> 1 < MAX_DRAWS) draws[row]! += 2
    }
  }
  const node: Node = { start: 0, end: 0, n0: 0, n1: 0 }
  for (let r = 0; r < data.rows; r++) {
    const times = draws[r]! >>> 1
    if (times === 0) continue
    rows[node.end++] = r
    if (labels[r] === 1) node.n1 += times
    else node.n0 += times
  }
  return node
}

/** Tries columns in random order: as many as asked, and further ones as long as all were constant. */
function findSplit(grower: Grower, prng: Prng, node: Node, best: ReturnType<typeof emptySplit>): boolean {
  const { columns, params, search, rows } = grower
  best.score = -Infinity
  let useful = 0
  for (let i = 0; i < columns.length; i++) {
    if (i >= params.tryColumns && useful > 0) break
    const j = i + prng.int(columns.length - i)
    const column = columns[j]!
    columns[j] = columns[i]!
    columns[i] = column
    if (searchColumn(search, rows, node, column, best)) useful++
  }
  return best.score > -Infinity
}

function isLeaf(node: Node, depth: number, params: TreeParams): boolean {
  const rows = node.end - node.start
  if (node.n0 === 0 || node.n1 === 0) return true
  if (depth >= Math.min(params.maxDepth ?? TREE_DEPTH_MAX, TREE_DEPTH_MAX)) return true
  return rows < params.minSamplesSplit || rows < 2 * params.minSamplesLeaf
}

/** Moves the rows that go left before the others and returns where the others begin. */
export function partition(
  data: RankCodes,
  rows: Uint32Array,
  node: { start: number; end: number },
  column: number,
  code: number,
  missingLeft: boolean,
): number {
  const codes = data.codes
  const base = column * data.rows
  const missingCode = data.offsets[column + 1]! - data.offsets[column]!
  let low = node.start
  let high = node.end
  while (low < high) {
    const row = rows[low]!
    const c = codes[base + row]!
    if (c <= code || (c === missingCode && missingLeft)) low++
    else {
      rows[low] = rows[--high]!
      rows[high] = row
    }
  }
  return low
}

function positiveShare(node: Node, { weight0, weight1 }: SplitSearch): number {
  return (node.n1 * weight1) / (node.n0 * weight0 + node.n1 * weight1)
}

function weightOf(node: Node, { weight0, weight1 }: SplitSearch): number {
  return node.n0 * weight0 + node.n1 * weight1
}

function scoreOf(node: Node, { weight0, weight1 }: SplitSearch): number {
  const w0 = node.n0 * weight0
  const w1 = node.n1 * weight1
  return (w0 * w0 + w1 * w1) / (w0 + w1)
}

function normalise(shares: Float64Array): void {
  let sum = 0
  for (const share of shares) sum += share
  if (sum > 0) for (let c = 0; c < shares.length; c++) shares[c]! /= sum
}
