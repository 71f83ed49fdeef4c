import { scoreOfTwo } from './score.ts'
import { isBetter, type NodeSums, type Split, type SplitRules, type SplitSearch } from './split.ts'

/** With so few categories, a set is as cautious as a threshold. */
const FEW_CATEGORIES = 4
/** The smaller side of a set is not more than that. */
const SET_SIZE_MAX = 32

/**
 * Categories are ordered by gradient over hessian and split like numbers, which for a convex loss finds the best set (Fisher
 * 1958; Ke et al. 2017). The missing are one more category. Those of which the node has nothing go where the missing go.
 */
export function searchCategories(
  search: Pick<SplitSearch, 'table' | 'views' | 'order' | 'ratio'>,
  rules: SplitRules,
  sums: NodeSums,
  lanes: number,
  column: number,
  least: number,
  best: Split,
): void {
  const { table, views, order } = search
  const { words } = views
  const first = lanes / 4
  const bins = table.valueBins[column]! + 1
  orderCategories(search, rules, lanes, bins)
  const { gradient, hessian } = sums
  const l2 = rules.l2 + (order.length > FEW_CATEGORIES ? rules.categoryL2 : 0)
  let leftGradient = 0
  let leftHessian = 0
  let found = 0
  for (let size = 1; size < order.length; size++) {
    const place = first + 2 * order[size - 1]!
    leftHessian += words[place]! >>> 0
    leftGradient += words[place + 1]!
    if (Math.min(size, order.length - size) > SET_SIZE_MAX) continue
    const rightHessian = hessian - leftHessian
    if (leftHessian < least || rightHessian < least) continue
    const score = scoreOfTwo(leftGradient, leftHessian, gradient - leftGradient, rightHessian, rules.l1, l2)
    if (!isBetter(best, score, column)) continue
    Object.assign(best, { score, column, leftGradient, leftHessian })
    found = size
  }
  if (found > 0) markCategories(order, found, bins - 1, best, 2 * best.leftHessian >= hessian)
}

/** Those that the node has, by gradient over hessian. */
export function orderCategories(
  { views, order, ratio }: Pick<SplitSearch, 'views' | 'order' | 'ratio'>,
  rules: SplitRules,
  lanes: number,
  bins: number,
): void {
  const { words } = views
  const first = lanes / 4
  order.length = 0
  for (let b = 0; b < bins; b++) {
    const hessian = words[first + 2 * b]! >>> 0
    const gradient = words[first + 2 * b + 1]!
    if (hessian === 0 && gradient === 0) continue
    order.push(b)
    ratio[b] = gradient / (hessian + rules.categorySmooth)
  }
  order.sort((a, b) => ratio[a]! - ratio[b]! || a - b)
}

export function markCategories(
  order: readonly number[],
  size: number,
  missing: number,
  best: Split,
  mostLeft: boolean,
): void {
  const at = order.indexOf(missing)
  best.missingLeft = at < 0 ? mostLeft : at < size
  best.goesLeft.fill(best.missingLeft ? 1 : 0)
  for (const [i, bin] of order.entries()) best.goesLeft[bin] = i < size ? 1 : 0
}
