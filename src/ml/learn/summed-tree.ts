/** A tree for any outcome, with weights of rows, and with the best or with random thresholds. What a leaf says is in model/forest.ts. */
import { createPrng, type Prng, seedFor } from '../../base/prng.ts'
import { TREE_DEPTH_MAX } from '../model/trees.ts'
import type { RankCodes } from './rank-codes.ts'
import {
  addRow,
  createSummedSearch,
  drawSummed,
  emptySummedSplit,
  type Summed,
  type SummedSearch,
  type SummedSplit,
  searchSummed,
} from './summed-split.ts'
import { partition, type Tree, type TreeParams } from './tree.ts'

/** What trees are grown of; arrays in shared memory. `values` are centred: leaves add `mean` to theirs. */
export type SummedTask = {
  data: RankCodes
  classes: number
  /** 1: of two classes the share of the second, or a number; else the shares of all classes. */
  outputs: number
  labels: Uint8Array | null
  values: Float64Array | null
  mean: number
  /** Of each row, classes weighed in. */
  weights: Float64Array
  params: Omit<TreeParams, 'classWeights'> & { randomThresholds: boolean }
}

export type SummedGrower = { task: SummedTask; search: SummedSearch; rows: Uint32Array; columns: Uint16Array }

export function createSummedGrower(task: SummedTask): SummedGrower {
  const { data, labels, values, classes, params } = task
  const sums = labels === null ? 1 : classes
  const summed: Summed = { data, sums, labels, values, weights: new Float64Array(data.rows) }
  return {
    task,
    search: createSummedSearch(summed, params.minSamplesLeaf),
    rows: new Uint32Array(data.rows),
    columns: new Uint16Array(data.columns),
  }
}

type Waiting = { start: number; end: number; depth: number; parent: number }

/** Grows tree number `index`: everything random comes from the seed and the index, so any thread gives the same tree. */
export function growSummed(grower: SummedGrower, index: number): Tree {
  const { task, search, rows } = grower
  const { data, params } = task
  const prng = createPrng(seedFor(params.seed, index))
  const count = drawRows(grower, prng)
  for (let c = 0; c < data.columns; c++) grower.columns[c] = c
  const most = 2 * count
  const [feature, right, value] = [new Int16Array(most), new Uint32Array(most), new Float64Array(most)]
  const [missingLeft, cover] = [new Uint8Array(most), new Float32Array(most)]
  const importance = new Float64Array(data.columns)
  const leaves: number[] = []
  const best = emptySummedSplit()
  const waiting: Waiting[] = [{ start: 0, end: count, depth: 0, parent: -1 }]
  let size = 0
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    const { start, end, depth, parent } = node
    const at = size++
    if (parent >= 0) right[parent] = at
    const pure = sumNode(grower, start, end)
    cover[at] = search.all[search.task.sums]!
    if (pure || isLeaf(end - start, depth, params) || !findSplit(grower, prng, node, best)) {
      feature[at] = -1
      value[at] = leafValue(grower, leaves)
      continue
    }
    feature[at] = best.column
    value[at] = best.threshold
    missingLeft[at] = best.missingLeft ? 1 : 0
    importance[best.column]! += Math.max(0, best.score - scoreOf(search))
    const middle = partition(data, rows, node, best.column, best.code, best.missingLeft)
    waiting.push({ start: middle, end, depth: depth + 1, parent: at })
    waiting.push({ start, end: middle, depth: depth + 1, parent: -1 })
  }
  const sum = importance.reduce((all, share) => all + share, 0)
  if (sum > 0) for (let c = 0; c < importance.length; c++) importance[c]! /= sum
  return {
    feature: feature.slice(0, size),
    right: right.slice(0, size),
    value: value.slice(0, size),
    missingLeft: missingLeft.slice(0, size),
    cover: cover.slice(0, size),
    importance,
    leaves: Float64Array.from(leaves),
  }
}

/** How many rows the tree has; each weighs as often as it was drawn. */
function drawRows({ task, search, rows }: SummedGrower, prng: Prng): number {
  const { weights } = search.task
  const { data, params } = task
  if (params.bootstrap) {
    weights.fill(0)
    for (let i = 0; i < data.rows; i++) weights[prng.int(data.rows)]!++
  } else weights.fill(1)
  let count = 0
  for (let r = 0; r < data.rows; r++) {
    if (weights[r] === 0) continue
    weights[r]! *= task.weights[r]!
    rows[count++] = r
  }
  return count
}

/** Sums the node, and tells whether its rows are all of one outcome. */
function sumNode({ task, search, rows }: SummedGrower, start: number, end: number): boolean {
  const outcomes: ArrayLike<number> = task.labels ?? task.values!
  const first = outcomes[rows[start]!]!
  let pure = true
  search.all.fill(0)
  for (let i = start; i < end; i++) {
    addRow(search.task, rows[i]!, search.all)
    if (outcomes[rows[i]!] !== first) pure = false
  }
  return pure
}

function isLeaf(rows: number, depth: number, params: SummedTask['params']): boolean {
  if (depth >= Math.min(params.maxDepth ?? TREE_DEPTH_MAX, TREE_DEPTH_MAX)) return true
  return rows < params.minSamplesSplit || rows < 2 * params.minSamplesLeaf
}

/** Tries columns in random order: as many as asked, and further ones as long as all were constant. */
function findSplit(grower: SummedGrower, prng: Prng, node: Waiting, best: SummedSplit): boolean {
  const { columns, task, search, rows } = grower
  const { tryColumns, randomThresholds } = task.params
  best.score = -Infinity
  let useful = 0
  for (let i = 0; i < columns.length; i++) {
    if (i >= tryColumns && useful > 0) break
    const j = i + prng.int(columns.length - i)
    const column = columns[j]!
    columns[j] = columns[i]!
    columns[i] = column
    const found = randomThresholds
      ? drawSummed(search, rows, node, column, prng.float(), best)
      : searchSummed(search, rows, node, column, best)
    if (found) useful++
  }
  return best.score > -Infinity
}

/** The number of one output, or of the vector that is kept in `leaves`. */
function leafValue({ task, search }: SummedGrower, leaves: number[]): number {
  const { all } = search
  const weight = all[search.task.sums]!
  if (task.labels === null) return task.mean + all[0]! / weight
  if (task.outputs === 1) return Math.min(1, all[1]! / weight)
  const vector = leaves.length / task.classes
  for (let c = 0; c < task.classes; c++) leaves.push(Math.min(1, all[c]! / weight))
  return vector
}

function scoreOf({ all, task }: SummedSearch): number {
  let squares = 0
  for (let c = 0; c < task.sums; c++) squares += all[c]! * all[c]!
  return squares / all[task.sums]!
}
