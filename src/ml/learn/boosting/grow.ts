/**
 * Grows one tree leaf by leaf: always the leaf whose split helps most is split (leaf-wise; Shi 2007, Ke et al. 2017). The
 * histogram of the smaller child is summed, that of the other is what remains of the parent's.
 */
import { TREE_DEPTH_MAX } from '../../model/trees.ts'
import type { BinnedTable } from './binned-table.ts'
import { binsOf } from './binned-table.ts'
import type { Units } from './gradients.ts'
import { createSumming, type Histogram, type Summing, subtract } from './histogram.ts'
import type { Kernels } from './kernel-set.ts'
import type { Records } from './records.ts'
import {
  clampedValue,
  createSplitSearch,
  emptySplit,
  findBestSplit,
  type NodeSums,
  type Split,
  type SplitRules,
  type SplitSearch,
} from './split-search.ts'

/** A tree over bins, nodes in the order of their making; a child below 0 is leaf ~child. */
export type BinTree = {
  nodes: BinNode[]
  /** Values of the leaves, to be added to margins. */
  leaves: Float64Array
  /** Rows that came to each leaf. */
  leafRows: Float64Array
}

export type BinNode = {
  column: number
  bin: number
  missingLeft: boolean
  goesLeft: Uint8Array
  left: number
  right: number
  gain: number
  /** Rows that came to it. */
  rows: number
}

export type GrowRules = {
  maxLeaves: number
  maxDepth: number | null
  learningRate: number
  units: Units
  split: SplitRules
}

/** A leaf while the tree grows: where its records are, and how it would be split. */
type Leaf = {
  sums: NodeSums
  depth: number
  from: number
  to: number
  /** Which buffer its records are in; BASE is the root's. */
  buffer: number
  histogram: Histogram
  split: Split
  /** The node above, and whether it is its right child. */
  parent: number
  isRight: boolean
}

const BASE = -1

export type Grower = {
  kernels: Kernels
  table: BinnedTable
  records: Records
  rules: GrowRules
  summing: Summing
  search: SplitSearch
  leaves: Leaf[]
}

/** Scratch for any number of trees over the same records. */
export function createGrower(kernels: Kernels, table: BinnedTable, records: Records, rules: GrowRules): Grower {
  const leaves = Array.from({ length: rules.maxLeaves }, (): Leaf => {
    const sums: NodeSums = { gradient: 0, hessian: 0, rows: 0, low: -Infinity, high: Infinity }
    const place = { depth: 0, from: 0, to: 0, buffer: BASE, parent: -1, isRight: false }
    return { sums, ...place, histogram: new Float64Array(2 * binsOf(table)), split: emptySplit() }
  })
  const search = createSplitSearch(table, rules.split)
  return { kernels, table, records, rules, summing: createSumming(table, kernels), search, leaves }
}

/** Grows a tree over the gradients in the base records of `rows`, by the columns that `tried` marks, and adds it to margins. */
export function growTree(grower: Grower, sampled: number, tried: Uint8Array, margins: Float64Array): BinTree {
  const { rules, leaves } = grower
  const nodes: BinNode[] = []
  plantRoot(grower, sampled, tried)
  let count = 1
  while (count < rules.maxLeaves) {
    const next = bestOf(leaves, count)
    if (next < 0) break
    const leaf = leaves[next]!
    const { column, bin, missingLeft, goesLeft, gain } = leaf.split
    const { rows } = leaf.sums
    if (leaf.parent >= 0) nodes[leaf.parent]![leaf.isRight ? 'right' : 'left'] = nodes.length
    nodes.push({ column, bin, missingLeft, goesLeft: goesLeft.slice(), left: ~next, right: ~count, gain, rows })
    splitLeaf(grower, leaf, leaves[count]!, nodes.length - 1, tried, count + 1 < rules.maxLeaves)
    count++
  }
  const leafRows = Float64Array.from({ length: count }, (_, i) => leaves[i]!.sums.rows)
  return { nodes, leaves: finish(grower, count, margins), leafRows }
}

function plantRoot(grower: Grower, sampled: number, tried: Uint8Array): void {
  const { kernels, records, leaves, summing, table } = grower
  const root = leaves[0]!
  root.buffer = sampled === records.rows ? BASE : 0
  root.from = 0
  root.to = sampled
  root.depth = 0
  root.parent = -1
  kernels.sumRecords(summing, bufferOf(records, root.buffer), 0, sampled, root.histogram)
  const sums: NodeSums = { gradient: 0, hessian: 0, rows: sampled, low: -Infinity, high: Infinity }
  for (let place = 0; place < 2 * table.offsets[1]!; place += 2) {
    sums.gradient += root.histogram[place]!
    sums.hessian += root.histogram[place + 1]!
  }
  root.sums = sums
  findBestSplit(grower.search, sums, root.histogram, tried, root.split)
}

function bestOf(leaves: readonly Leaf[], count: number): number {
  let best = -1
  let gain = 0
  for (let i = 0; i < count; i++) {
    if (leaves[i]!.split.gain > gain) {
      best = i
      gain = leaves[i]!.split.gain
    }
  }
  return best
}

/** `leaf` becomes the left child of itself, `fresh` the right one. */
function splitLeaf(grower: Grower, leaf: Leaf, fresh: Leaf, parent: number, tried: Uint8Array, goesOn: boolean): void {
  const { kernels, records, rules, search, summing } = grower
  const { split, sums } = leaf
  const target = leaf.buffer === 0 ? 1 : 0
  const buffers = { stride: records.stride, source: bufferOf(records, leaf.buffer), target: records.moved[target]! }
  const left = kernels.partition(buffers, leaf.from, leaf.to, split.column, split.goesLeft)
  const [leftSums, rightSums] = childSums(rules.split, sums, split, left)
  fresh.from = leaf.from + left
  fresh.to = leaf.to
  leaf.to = fresh.from
  leaf.buffer = fresh.buffer = target
  leaf.depth++
  fresh.depth = leaf.depth
  leaf.parent = fresh.parent = parent
  leaf.isRight = false
  fresh.isRight = true
  leaf.sums = leftSums
  fresh.sums = rightSums
  leaf.split.gain = 0
  fresh.split.gain = 0
  if (!goesOn || leaf.depth >= Math.min(rules.maxDepth ?? TREE_DEPTH_MAX, TREE_DEPTH_MAX)) return
  const leftIsSmaller = leftSums.rows <= rightSums.rows
  const [smaller, greater] = leftIsSmaller ? [leaf, fresh] : [fresh, leaf]
  const whole = leaf.histogram
  const part = fresh.histogram
  kernels.sumRecords(summing, buffers.target, smaller.from, smaller.to, part)
  subtract(whole, part)
  smaller.histogram = part
  greater.histogram = whole
  findBestSplit(search, leaf.sums, leaf.histogram, tried, leaf.split)
  findBestSplit(search, fresh.sums, fresh.histogram, tried, fresh.split)
}

/** A monotone split parts the values that its children's leaves may have in the middle between them (as LightGBM's "basic"). */
function childSums(rules: SplitRules, sums: NodeSums, split: Split, leftRows: number): [NodeSums, NodeSums] {
  const { leftGradient, leftHessian } = split
  const { gradient, hessian, rows, low, high } = sums
  const left: NodeSums = { gradient: leftGradient, hessian: leftHessian, rows: leftRows, low, high }
  const right: NodeSums = {
    gradient: gradient - leftGradient,
    hessian: hessian - leftHessian,
    rows: rows - leftRows,
    low,
    high,
  }
  const direction = rules.monotone[split.column]!
  if (direction === 0) return [left, right]
  const leftValue = clampedValue(rules, sums, left.gradient, left.hessian)
  const middle = (leftValue + clampedValue(rules, sums, right.gradient, right.hessian)) / 2
  if (direction > 0) left.high = right.low = middle
  else left.low = right.high = middle
  return [left, right]
}

/** The values of the leaves, added to the margins of their rows. */
function finish({ leaves, records, rules, kernels }: Grower, count: number, margins: Float64Array): Float64Array {
  const scale = (rules.learningRate * rules.units.gradient) / rules.units.hessian
  const values = new Float64Array(count)
  for (let i = 0; i < count; i++) {
    const { sums, buffer, from, to } = leaves[i]!
    // An empty hessian means that every row is certain already.
    const value = sums.hessian > 0 ? scale * clampedValue(rules.split, sums, sums.gradient, sums.hessian) : 0
    values[i] = value
    kernels.addToMargins(bufferOf(records, buffer), records.stride, from, to, value, margins)
  }
  return values
}

function bufferOf({ base, moved }: Records, buffer: number): Int32Array {
  return buffer === BASE ? base : moved[buffer as 0 | 1]
}
