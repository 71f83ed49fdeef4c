/**
 * Grows one symmetric tree: level by level all leaves are asked one question, the one that helps them most together (oblivious
 * trees; Kohavi 1994, Prokhorenkova et al. 2018, CatBoost). A leaf of which a side would have too few rows is not split by it.
 */

import type { BinNode, BinTree } from './bin-tree.ts'
import { LANES } from './binned-table.ts'
import {
  addNode,
  finishTree,
  type Grower,
  type Leaf,
  lanesOf,
  plantRoot,
  splitLeaf,
  type TreeRules,
  type TreeTask,
} from './leaf.ts'
import { scoreOfTwo } from './score.ts'
import { markCategories, orderCategories } from './search-categories.ts'
import { emptySplit, isAllowed, LEAST_GAIN, leastHessian, type Split, scoreOf } from './split.ts'
import { markBins } from './split-search.ts'

export function growSymmetric(grower: Grower, rules: TreeRules, task: TreeTask): BinTree {
  const { leaves, layout } = grower
  const nodes: BinNode[] = []
  plantRoot(grower, task.output, task.sampled, task.tried)
  let count = 1
  for (let depth = 0; depth < rules.maxDepth && 2 * count <= layout.leaves; depth++) {
    const level = leaves.slice(0, count)
    const question = bestTogether(grower, rules, level, task.tried)
    if (question.column < 0) break
    const goesOn = depth + 1 < rules.maxDepth && 4 * count <= layout.leaves
    let fresh = count
    for (const [number, leaf] of level.entries()) {
      if (!answers(grower, rules, leaf, question)) continue
      addNode(nodes, leaf, number, fresh)
      splitLeaf(grower, rules, task, number, fresh, nodes.length - 1, goesOn)
      fresh++
    }
    if (fresh === count) break
    count = fresh
  }
  return finishTree(grower, rules, task.output, nodes, count)
}

/** Sets the leaf's split to the question, where both sides of it have enough rows. */
function answers(grower: Grower, rules: TreeRules, leaf: Leaf, question: Split): boolean {
  if (leaf.tried[question.column] !== 1) return false
  const { table, views } = grower
  const { column } = question
  const word = lanesOf(leaf.histogram, column) / 4
  let [leftGradient, leftHessian] = [0, 0]
  for (let bin = 0; bin <= table.valueBins[column]!; bin++) {
    if (question.goesLeft[bin] !== 1) continue
    leftHessian += views.words[word + 2 * bin]! >>> 0
    leftGradient += views.words[word + 2 * bin + 1]!
  }
  const { sums } = leaf
  const least = leastHessian(rules.split, sums)
  if (leftHessian < least || sums.hessian - leftHessian < least) return false
  if (!isAllowed(rules.split, sums, rules.split.monotone[column]!, leftGradient, leftHessian)) return false
  const score = pairScore(rules, leaf, leftGradient, leftHessian)
  Object.assign(leaf.split, { ...question, goesLeft: leaf.split.goesLeft, leftGradient, leftHessian })
  leaf.split.goesLeft.set(question.goesLeft)
  leaf.split.gain = Math.max(0, score - ownScore(rules, leaf))
  return true
}

function bestTogether(grower: Grower, rules: TreeRules, level: readonly Leaf[], tried: Uint8Array): Split {
  const { table } = grower
  const best = emptySplit()
  const parents = level.reduce((sum, leaf) => sum + ownScore(rules, leaf), 0)
  best.score = parents * (1 + LEAST_GAIN)
  for (let c = 0; c < table.columns; c++) {
    if (tried[c] !== 1 || level.every((leaf) => leaf.tried[c] !== 1)) continue
    if (table.isCategory[c] === 1) searchSets(grower, rules, level, c, best)
    else searchThresholds(grower, rules, level, c, best)
  }
  best.gain = best.column < 0 ? 0 : best.score - parents
  return best
}

function searchThresholds(grower: Grower, rules: TreeRules, level: readonly Leaf[], column: number, best: Split): void {
  const { table, views } = grower
  const bins = table.valueBins[column]!
  const missing = level.some(({ histogram }) => views.words[lanesOf(histogram, column) / 4 + 2 * bins] !== 0)
  const order = Int32Array.from({ length: bins }, (_, b) => b)
  const rows = rowsOnSides(grower, level, column, order)
  for (const missingLeft of missing ? [false, true] : [false]) {
    const steps = missing && !missingLeft ? bins : bins - 1
    const scores = scoresOf(grower, rules, level, column, order.subarray(0, steps), missingLeft ? bins : -1)
    for (let b = 0; b < steps; b++) {
      if (scores[b]! <= best.score) continue
      Object.assign(best, { score: scores[b], column, bin: b, missingLeft: missing ? missingLeft : rows[b]! >= 0 })
      markBins(table, best)
    }
  }
}

/** By each step of the order, how much more hessian is left than right. */
function rowsOnSides({ views }: Grower, level: readonly Leaf[], column: number, order: Int32Array): Float64Array {
  const more = new Float64Array(order.length)
  let left = 0
  const all = level.reduce((sum, { sums }) => sum + sums.hessian, 0)
  for (const [i, bin] of order.entries()) {
    for (const { histogram } of level) left += views.words[lanesOf(histogram, column) / 4 + 2 * bin]! >>> 0
    more[i] = 2 * left - all
  }
  return more
}

/** Sets by the order that the categories have in all leaves together. */
function searchSets(grower: Grower, rules: TreeRules, level: readonly Leaf[], column: number, best: Split): void {
  const { kernels, layout, search, table } = grower
  const bins = table.valueBins[column]! + 1
  const together = layout.scratch
  kernels.clear(together, LANES * 8)
  for (const { histogram } of level) kernels.addHistogram(together, lanesOf(histogram, column), LANES * 8)
  orderCategories(search, rules.split, together, bins)
  const order = Int32Array.from(search.order)
  const rows = rowsOnSides(grower, level, column, order)
  const scores = scoresOf(grower, rules, level, column, order.subarray(0, -1), -1)
  for (let i = 0; i < scores.length; i++) {
    if (scores[i]! <= best.score) continue
    Object.assign(best, { score: scores[i], column, bin: 0 })
    markCategories(search.order, i + 1, bins - 1, best, rows[i]! >= 0)
  }
}

/** What all leaves come to together when the bins up to each step of the order go left. */
function scoresOf(
  { views }: Grower,
  rules: TreeRules,
  level: readonly Leaf[],
  column: number,
  order: Int32Array,
  missing: number,
): Float64Array {
  const { words } = views
  const scores = new Float64Array(order.length)
  const direction = rules.split.monotone[column]!
  for (const leaf of level) {
    const { sums } = leaf
    const own = ownScore(rules, leaf)
    const first = lanesOf(leaf.histogram, column) / 4
    const least = leaf.tried[column] === 1 ? leastHessian(rules.split, sums) : Infinity
    let leftHessian = missing < 0 ? 0 : words[first + 2 * missing]! >>> 0
    let leftGradient = missing < 0 ? 0 : words[first + 2 * missing + 1]!
    for (let i = 0; i < order.length; i++) {
      leftHessian += words[first + 2 * order[i]!]! >>> 0
      leftGradient += words[first + 2 * order[i]! + 1]!
      const fits = leftHessian >= least && sums.hessian - leftHessian >= least
      scores[i]! +=
        fits && isAllowed(rules.split, sums, direction, leftGradient, leftHessian)
          ? pairScore(rules, leaf, leftGradient, leftHessian)
          : own
    }
  }
  return scores
}

function pairScore(rules: TreeRules, { sums }: Leaf, leftGradient: number, leftHessian: number): number {
  const { l1, l2 } = rules.split
  return scoreOfTwo(leftGradient, leftHessian, sums.gradient - leftGradient, sums.hessian - leftHessian, l1, l2)
}

function ownScore(rules: TreeRules, { sums }: Leaf): number {
  return scoreOf(sums.gradient, sums.hessian, rules.split.l1, rules.split.l2)
}
