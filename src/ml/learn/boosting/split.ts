import type { BinnedTable } from './binned-table.ts'
import type { Kernels } from './kernel-set.ts'
import type { Layout } from './layout.ts'
import type { Views } from './memory.ts'
import { shrink } from './score.ts'

/** Everything is in units of whole gradients and hessians, as the sums are. */
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
  /** Of both children; what splits are compared by. */
  score: number
  column: number
  /** Of a numeric column: values up to and in this bin go left. */
  bin: number
  missingLeft: boolean
  leftGradient: number
  leftHessian: number
  /** By bin 1 where it goes left, the missing included. */
  goesLeft: Uint8Array
}

/** What a search works with. */
export type SplitSearch = {
  table: BinnedTable
  kernels: Kernels
  views: Views
  layout: Pick<Layout, 'best'>
  /** For a node's categories. */
  order: number[]
  ratio: Float64Array
}

export function emptySplit(): Split {
  const nothing = { gain: 0, score: 0, column: -1, bin: 0, missingLeft: false, leftGradient: 0, leftHessian: 0 }
  return { ...nothing, goesLeft: new Uint8Array(256) }
}

/** Twice what a node as a leaf takes off the loss. */
export function scoreOf(gradient: number, hessian: number, l1: number, l2: number): number {
  const g = shrink(gradient, l1)
  return g === 0 ? 0 : (g * g) / (hessian + l2)
}

/** Gains below that part of a score are rounding, not gains. */
export const LEAST_GAIN = 1e-10

/** The least hessian of a child. Rows are not counted by bin: they are taken to be spread like the hessian. */
export function leastHessian(rules: SplitRules, { hessian, rows }: NodeSums): number {
  return Math.max(rules.minHessian, (rules.minSamplesLeaf - 0.5) * (hessian / rows), 1e-9)
}

/** Whether this split is better than the best so far; the first column of equals. */
export function isBetter(best: Split, score: number, column: number): boolean {
  return score > best.score || (score === best.score && column < best.column)
}

/** The value of a leaf, in units of gradient over units of hessian, not yet shortened by the learning rate. */
export function leafValue(gradient: number, hessian: number, { l1, l2 }: Pick<SplitRules, 'l1' | 'l2'>): number {
  return -shrink(gradient, l1) / (hessian + l2)
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

/** Whether the values of both children keep the order that the column must have. */
export function isAllowed(
  rules: SplitRules,
  sums: NodeSums,
  direction: number,
  leftGradient: number,
  leftHessian: number,
): boolean {
  if (direction === 0) return true
  const left = clampedValue(rules, sums, leftGradient, leftHessian)
  const right = clampedValue(rules, sums, sums.gradient - leftGradient, sums.hessian - leftHessian)
  return direction > 0 ? left <= right : left >= right
}

/** A monotone split parts the values that its children's leaves may have in the middle between them (as LightGBM's "basic"). */
export function childSums(rules: SplitRules, sums: NodeSums, split: Split): [NodeSums, NodeSums] {
  const { leftGradient, leftHessian } = split
  const { gradient, hessian, low, high } = sums
  const left: NodeSums = { gradient: leftGradient, hessian: leftHessian, rows: 0, low, high }
  const right: NodeSums = { gradient: gradient - leftGradient, hessian: hessian - leftHessian, rows: 0, low, high }
  const direction = rules.monotone[split.column]!
  if (direction === 0) return [left, right]
  const leftValue = clampedValue(rules, sums, left.gradient, left.hessian)
  const middle = (leftValue + clampedValue(rules, sums, right.gradient, right.hessian)) / 2
  if (direction > 0) left.high = right.low = middle
  else left.low = right.high = middle
  return [left, right]
}
