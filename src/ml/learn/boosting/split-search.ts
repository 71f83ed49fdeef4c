/**
 * The best split of a node by its histogram: the one that most lowers the second-order approximation of the loss, with L1 and
 * L2 penalties on the values of the leaves (Chen & Guestrin 2016, equations 6 and 7). What is missing is tried on both sides
 * (algorithm 3 there).
 */
import { type BinnedTable, LANES } from './binned-table.ts'
import { searchCategories } from './search-categories.ts'
import { searchMonotone } from './search-monotone.ts'
import {
  LEAST_GAIN,
  leastHessian,
  type NodeSums,
  type Split,
  type SplitRules,
  type SplitSearch,
  scoreOf,
} from './split.ts'

export function createSplitSearch(parts: Pick<SplitSearch, 'table' | 'kernels' | 'views' | 'layout'>): SplitSearch {
  return { ...parts, order: [], ratio: new Float64Array(LANES) }
}

/**
 * Finds the best split over the columns that `tried` marks, and writes it to `best`; the first column of equals. `node` is the
 * address of the histogram.
 */
export function findBestSplit(
  search: SplitSearch,
  rules: SplitRules,
  sums: NodeSums,
  node: number,
  tried: Uint8Array,
  best: Split,
): void {
  const { table } = search
  const parent = scoreOf(sums.gradient, sums.hessian, rules.l1, rules.l2)
  best.gain = 0
  best.score = parent * (1 + LEAST_GAIN)
  best.column = -1
  if (sums.rows < 2 * rules.minSamplesLeaf) return
  const least = leastHessian(rules, sums)
  searchNumbers(search, rules, sums, node, tried, least, best)
  for (let c = 0; c < table.columns; c++) {
    if (tried[c] !== 1) continue
    const lanes = node + c * LANES * 8
    if (table.isCategory[c] === 1) searchCategories(search, rules, sums, lanes, c, least, best)
    else if (rules.monotone[c] !== 0) searchMonotone(search, rules, sums, lanes, c, least, best)
  }
  if (best.column < 0) return
  best.gain = best.score - parent
  if (table.isCategory[best.column] === 0) markBins(table, best)
}

/** The columns of numbers that may rise and fall: the kernel keeps the best of them. */
function searchNumbers(
  { table, kernels, views, layout }: SplitSearch,
  rules: SplitRules,
  { gradient, hessian }: NodeSums,
  node: number,
  tried: Uint8Array,
  least: number,
  best: Split,
): void {
  const { words, doubles } = views
  const [number, word] = [layout.best / 8, layout.best / 4]
  const { l1, l2, monotone } = rules
  doubles[number] = best.score
  words[word + 6] = -1
  for (let c = 0; c < table.columns; c++) {
    if (tried[c] !== 1 || table.isCategory[c] === 1 || monotone[c] !== 0) continue
    const lanes = node + c * LANES * 8
    const bins = table.valueBins[c]!
    const missing = lanes / 4 + 2 * bins
    if (words[missing] === 0 && words[missing + 1] === 0) {
      kernels.searchColumn(lanes, bins - 1, -1, gradient, hessian, l1, l2, least, c, layout.best)
      continue
    }
    // Where something is missing, all values against it are a split too.
    kernels.searchColumn(lanes, bins, -1, gradient, hessian, l1, l2, least, c, layout.best)
    kernels.searchColumn(lanes, bins - 1, bins, gradient, hessian, l1, l2, least, c, layout.best)
  }
  const column = words[word + 6]!
  if (column < 0) return
  const missing = (node + column * LANES * 8) / 4 + 2 * table.valueBins[column]!
  const hasMissing = words[missing] !== 0 || words[missing + 1] !== 0
  best.score = doubles[number]!
  best.column = column
  best.bin = words[word + 7]!
  best.leftGradient = doubles[number + 1]!
  best.leftHessian = doubles[number + 2]!
  best.missingLeft = hasMissing ? words[word + 8] === 1 : 2 * best.leftHessian >= hessian
}

/** Where training saw nothing missing, what is missing later goes where most rows go. */
export function markBins(table: BinnedTable, best: Split): void {
  const missing = table.valueBins[best.column]!
  best.goesLeft.fill(0)
  best.goesLeft.fill(1, 0, best.bin + 1)
  best.goesLeft[missing] = best.missingLeft ? 1 : 0
}
