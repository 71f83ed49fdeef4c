/** The leaves of a tree while it grows: where their records are, and how each would be split. */

import type { BinNode, BinTree } from './bin-tree.ts'
import { type BinnedTable, LANES } from './binned-table.ts'
import { columnsOf, type Groups, groupsWith } from './interactions.ts'
import type { Kernels } from './kernel-set.ts'
import { histogramAt, type Layout, rangeAt } from './layout.ts'
import type { Views } from './memory.ts'
import type { Units } from './objective.ts'
import { BASE, WORK } from './shard-work.ts'
import {
  childSums,
  clampedValue,
  emptySplit,
  type NodeSums,
  type Split,
  type SplitRules,
  type SplitSearch,
} from './split.ts'
import type { Team } from './team.ts'

export type Leaf = {
  sums: NodeSums
  depth: number
  /** Which buffer its records are in; BASE is the root's. */
  buffer: number
  /** The address of its sums. */
  histogram: number
  split: Split
  /** Columns that it may be asked. */
  tried: Uint8Array
  groups: Groups | undefined
  /** The node above, and whether it is its right child. */
  parent: number
  isRight: boolean
}

/** Which output's gradients a tree is grown on, how many rows of it, and by which columns. */
export type TreeTask = { output: number; sampled: number; tried: Uint8Array }

/** How one tree is grown; penalties are in its units. */
export type TreeRules = { split: SplitRules; units: Units; maxDepth: number; valueScale: number }

export type Grower = {
  kernels: Kernels
  views: Views
  layout: Layout
  table: BinnedTable
  team: Team
  search: SplitSearch
  leaves: Leaf[]
  groups: Groups | undefined
}

export function createLeaves(layout: Layout): Leaf[] {
  return Array.from({ length: layout.leaves }, (_, i): Leaf => {
    const sums: NodeSums = { gradient: 0, hessian: 0, rows: 0, low: -Infinity, high: Infinity }
    const place = { depth: 0, buffer: BASE, parent: -1, isRight: false }
    const tried = new Uint8Array(0)
    return { sums, ...place, histogram: histogramAt(layout, i), split: emptySplit(), tried, groups: undefined }
  })
}

/** The root of a tree on one output's gradients; the ranges of leaf 0 say where its records are. */
export function plantRoot(grower: Grower, output: number, sampled: number, tried: Uint8Array): Leaf {
  const { leaves, layout, views, team, table } = grower
  const root = leaves[0]!
  const isPart = sampled < layout.rows
  team.work([WORK.root, output, isPart ? 1 : 0], sampled, root.histogram)
  const sums: NodeSums = { gradient: 0, hessian: 0, rows: sampled, low: -Infinity, high: Infinity }
  for (let bin = 0, word = root.histogram / 4; bin <= table.valueBins[0]!; bin++, word += 2) {
    sums.hessian += views.words[word]! >>> 0
    sums.gradient += views.words[word + 1]!
  }
  Object.assign(root, { buffer: isPart ? 0 : BASE, depth: 0, parent: -1, isRight: false, sums, groups: grower.groups })
  root.tried = grower.groups ? columnsOf(grower.groups, tried) : tried
  return root
}

/**
 * `leaf` becomes the left child of itself, leaf number `count` the right one. With `summed` both get their histograms: that of
 * the smaller is summed, that of the other is what remains of the parent's.
 */
export function splitLeaf(
  grower: Grower,
  rules: TreeRules,
  { output, tried }: TreeTask,
  number: number,
  count: number,
  parent: number,
  summed: boolean,
): void {
  const { kernels, views, layout, team, leaves } = grower
  const [leaf, fresh] = [leaves[number]!, leaves[count]!]
  const { split, sums } = leaf
  const [left, right] = childSums(rules.split, sums, split)
  const leftIsSmaller = left.hessian <= right.hessian
  const smaller = leftIsSmaller ? number : count
  const [whole, part] = [leaf.histogram, fresh.histogram]
  views.bytes.set(split.goesLeft, layout.goesLeft)
  const work = [WORK.split, output, number, count, split.column, leaf.buffer, summed ? smaller : -1]
  team.work(work, sums.rows, summed ? part : 0)
  left.rows = rowsOf(grower, number)
  right.rows = sums.rows - left.rows
  const place = { depth: leaf.depth + 1, buffer: leaf.buffer === 0 ? 1 : 0, parent }
  Object.assign(leaf, place, { sums: left, isRight: false })
  Object.assign(fresh, place, { sums: right, isRight: true })
  leaf.groups = fresh.groups = leaf.groups && groupsWith(leaf.groups, split.column)
  leaf.tried = fresh.tried = leaf.groups ? columnsOf(leaf.groups, tried) : tried
  leaf.split.gain = fresh.split.gain = 0
  if (!summed) return
  kernels.subtractHistogram(whole, part, layout.histogramBytes)
  leaf.histogram = leftIsSmaller ? part : whole
  fresh.histogram = leftIsSmaller ? whole : part
}

function rowsOf({ views, layout }: Grower, leaf: number): number {
  let rows = 0
  for (let shard = 0; shard < layout.shards; shard++) {
    const range = rangeAt(layout, leaf, shard)
    rows += views.words[range + 1]! - views.words[range]!
  }
  return rows
}

/** The node that a leaf becomes, hung in where the leaf was; its children are leaves still. */
export function addNode(nodes: BinNode[], leaf: Leaf, number: number, count: number): void {
  const { column, bin, missingLeft, goesLeft, gain } = leaf.split
  if (leaf.parent >= 0) nodes[leaf.parent]![leaf.isRight ? 'right' : 'left'] = nodes.length
  const { rows } = leaf.sums
  nodes.push({ column, bin, missingLeft, goesLeft: goesLeft.slice(), left: ~number, right: ~count, gain, rows })
}

/** The tree of these leaves, whose values are added to the margins of their rows. */
export function finishTree(grower: Grower, rules: TreeRules, output: number, nodes: BinNode[], count: number): BinTree {
  const { leaves, views, layout, team } = grower
  const scale = (rules.valueScale * rules.units.gradient) / rules.units.hessian
  const values = new Float64Array(count)
  for (let i = 0; i < count; i++) {
    const { sums, buffer } = leaves[i]!
    // An empty hessian means that every row is certain already.
    values[i] = sums.hessian > 0 ? scale * clampedValue(rules.split, sums, sums.gradient, sums.hessian) : 0
    views.doubles[layout.leafValues / 8 + i] = values[i]!
    views.bytes[layout.leafBuffers + i] = buffer
  }
  team.work([WORK.finish, output, count], layout.rows, 0)
  return { nodes, leaves: values, leafRows: Float64Array.from(values, (_, i) => leaves[i]!.sums.rows) }
}

/** Of one column of a histogram. */
export function lanesOf(histogram: number, column: number): number {
  return histogram + column * LANES * 8
}
