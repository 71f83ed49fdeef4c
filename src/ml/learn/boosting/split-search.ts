/**
 * The best split of a node by its histogram: the one that most lowers the second-order approximation of the loss, with L1 and
 * L2 penalties on the values of the leaves (Chen & Guestrin 2016, equations 6 and 7). What is missing is tried on both sides
 * (algorithm 3 there). Categories are ordered by gradient over hessian and split like numbers, which for a convex loss finds
 * the best set (Fisher 1958; Ke et al. 2017).
 */
import type { BinnedTable } from './binned-table.ts'
import type { Histogram } from './histogram.ts'

/** Everything is in units of quantised gradients and hessians, as the sums are. */
export type SplitRules = {
  l1: number
  l2: number
  minHessian: number
  minSamplesLeaf: number
  /** By column: 1 where the answer may only rise with it, -1 where it may only fall, 0 where it is free. */
  monotone: Int8Array
  /** Added to the hessian where categories are ordered, and to L2 where one of many categories is split off. */
  categorySmooth: number
  categoryL2: number
}

/** What a split must know of its node. `low` and `high`: what monotone splits above allow as a leaf's value. */
export type NodeSums = { gradient: number; hessian: number; rows: number; low: number; high: number }

export type Split = {
  /** How much better than the node as a leaf, in units; 0 where there is no split. */
  gain: number
  column: number
  /** Of a numeric column: values up to and in this bin go left. */
  bin: number
  missingLeft: boolean
  leftGradient: number
  leftHessian: number
  /** By bin 1 where it goes left, the missing included. */
  goesLeft: Uint8Array
}

export type SplitSearch = {
  table: BinnedTable
  rules: SplitRules
  /** For a node's categories. */
  order: number[]
  ratio: Float64Array
}

/** With so few categories, a set is as cautious as a threshold. */
const FEW_CATEGORIES = 4
/** The smaller side of a set is not more than that. */
const SET_SIZE_MAX = 32

export function createSplitSearch(table: BinnedTable, rules: SplitRules): SplitSearch {
  return { table, rules, order: [], ratio: new Float64Array(256) }
}

export function emptySplit(): Split {
  const nothing = { gain: 0, column: -1, bin: 0, missingLeft: false, leftGradient: 0, leftHessian: 0 }
  return { ...nothing, goesLeft: new Uint8Array(256) }
}

/** Finds the best split over the columns that `tried` marks, and writes it to `best`; the first of equals. */
export function findBestSplit(search: SplitSearch, sums: NodeSums, node: Histogram, tried: Uint8Array, best: Split) {
  const { table, rules } = search
  best.gain = 0
  best.column = -1
  if (sums.rows < 2 * rules.minSamplesLeaf) return
  // Rows are not counted by bin: they are taken to be spread like the hessian.
  const rowsToHessian = sums.hessian / sums.rows
  const least = Math.max(rules.minHessian, (rules.minSamplesLeaf - 0.5) * rowsToHessian, 1e-9)
  for (let c = 0; c < table.columns; c++) {
    if (tried[c] !== 1) continue
    if (table.isCategory[c] === 1) searchCategories(search, sums, node, c, least, best)
    else searchNumbers(search, sums, node, c, least, best)
  }
  if (best.column >= 0 && table.isCategory[best.column] === 0) markBins(table, best)
}

function searchNumbers(
  { table, rules }: SplitSearch,
  sums: NodeSums,
  node: Histogram,
  column: number,
  least: number,
  best: Split,
): void {
  const first = 2 * table.offsets[column]!
  const valueBins = table.valueBins[column]!
  const missing = first + 2 * valueBins
  const missingGradient = node[missing]!
  const missingHessian = node[missing + 1]!
  const hasMissing = missingHessian > 0 || missingGradient !== 0
  const { gradient, hessian } = sums
  const { l1, l2 } = rules
  const direction = rules.monotone[column]!
  const parent = scoreOf(gradient, hessian, l1, l2)
  for (let side = 0; side <= (hasMissing ? 1 : 0); side++) {
    const missingLeft = side === 1
    let leftGradient = missingLeft ? missingGradient : 0
    let leftHessian = missingLeft ? missingHessian : 0
    // The last bin too, where that parts the missing from all values.
    const bins = hasMissing && !missingLeft ? valueBins : valueBins - 1
    for (let b = 0, place = first; b < bins; b++, place += 2) {
      const binGradient = node[place]!
      const binHessian = node[place + 1]!
      // Most bins of a small node are empty; the split behind them is the one before.
      if (binHessian === 0 && binGradient === 0) continue
      leftGradient += binGradient
      leftHessian += binHessian
      if (leftHessian < least) continue
      const rightHessian = hessian - leftHessian
      if (rightHessian < least) break
      const rightGradient = gradient - leftGradient
      const gain = scoreOf(leftGradient, leftHessian, l1, l2) + scoreOf(rightGradient, rightHessian, l1, l2) - parent
      if (gain <= best.gain) continue
      if (!isAllowed(rules, sums, direction, leftGradient, leftHessian)) continue
      best.gain = gain
      best.column = column
      best.bin = b
      // Where training saw nothing missing, what is missing later goes where most rows go.
      best.missingLeft = hasMissing ? missingLeft : leftHessian >= rightHessian
      best.leftGradient = leftGradient
      best.leftHessian = leftHessian
    }
  }
}

/** The missing are one more category. Those of which the node has nothing go where the missing go. */
function searchCategories(
  search: SplitSearch,
  sums: NodeSums,
  node: Histogram,
  column: number,
  least: number,
  best: Split,
): void {
  const { table, rules, order, ratio } = search
  const first = 2 * table.offsets[column]!
  const bins = table.valueBins[column]! + 1
  order.length = 0
  for (let b = 0; b < bins; b++) {
    const hessian = node[first + 2 * b + 1]!
    const gradient = node[first + 2 * b]!
    if (hessian === 0 && gradient === 0) continue
    order.push(b)
    ratio[b] = gradient / (hessian + rules.categorySmooth)
  }
  order.sort((a, b) => ratio[a]! - ratio[b]! || a - b)
  const { gradient, hessian } = sums
  const l2 = rules.l2 + (order.length > FEW_CATEGORIES ? rules.categoryL2 : 0)
  const parent = scoreOf(gradient, hessian, rules.l1, rules.l2)
  let leftGradient = 0
  let leftHessian = 0
  let found = 0
  for (let size = 1; size < order.length; size++) {
    const place = first + 2 * order[size - 1]!
    leftGradient += node[place]!
    leftHessian += node[place + 1]!
    if (Math.min(size, order.length - size) > SET_SIZE_MAX) continue
    if (leftHessian < least) continue
    const rightHessian = hessian - leftHessian
    if (rightHessian < least) break
    const gain =
      scoreOf(leftGradient, leftHessian, rules.l1, l2) +
      scoreOf(gradient - leftGradient, rightHessian, rules.l1, l2) -
      parent
    if (gain <= best.gain) continue
    best.gain = gain
    best.column = column
    best.leftGradient = leftGradient
    best.leftHessian = leftHessian
    found = size
  }
  if (found === 0) return
  const missing = bins - 1
  const at = order.indexOf(missing)
  best.missingLeft = at < 0 ? 2 * best.leftHessian >= hessian : at < found
  best.goesLeft.fill(best.missingLeft ? 1 : 0)
  for (const [i, bin] of order.entries()) best.goesLeft[bin] = i < found ? 1 : 0
}

function markBins(table: BinnedTable, best: Split): void {
  const missing = table.valueBins[best.column]!
  best.goesLeft.fill(0)
  best.goesLeft.fill(1, 0, best.bin + 1)
  best.goesLeft[missing] = best.missingLeft ? 1 : 0
}

/** Twice what a node as a leaf takes off the loss. */
function scoreOf(gradient: number, hessian: number, l1: number, l2: number): number {
  const g = shrink(gradient, l1)
  return (g * g) / (hessian + l2)
}

/** A gradient that the L1 penalty has drawn towards 0. */
function shrink(gradient: number, l1: number): number {
  if (l1 === 0) return gradient
  return gradient > l1 ? gradient - l1 : gradient < -l1 ? gradient + l1 : 0
}

/** The value of a leaf, in units of gradient over units of hessian, not yet shortened by the learning rate. */
export function leafValue(gradient: number, hessian: number, rules: Pick<SplitRules, 'l1' | 'l2'>): number {
  return -shrink(gradient, rules.l1) / (hessian + rules.l2)
}

/** Whether the values of both children keep the order that the column must have. */
function isAllowed(rules: SplitRules, sums: NodeSums, direction: number, leftGradient: number, leftHessian: number) {
  if (direction === 0) return true
  const left = clampedValue(rules, sums, leftGradient, leftHessian)
  const right = clampedValue(rules, sums, sums.gradient - leftGradient, sums.hessian - leftHessian)
  return direction > 0 ? left <= right : left >= right
}

/** A leaf's value within what monotone splits above it allow. */
export function clampedValue(
  rules: SplitRules,
  { low, high }: Pick<NodeSums, 'low' | 'high'>,
  gradient: number,
  hessian: number,
): number {
  return Math.min(high, Math.max(low, leafValue(gradient, hessian, rules)))
}
