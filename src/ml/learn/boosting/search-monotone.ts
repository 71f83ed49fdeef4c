import { scoreOfTwo } from './score.ts'
import { isAllowed, isBetter, type NodeSums, type Split, type SplitRules, type SplitSearch } from './split.ts'

/** A column with which the answer may only rise, or only fall: thresholds that would break that are passed over. */
export function searchMonotone(
  { table, views }: Pick<SplitSearch, 'table' | 'views'>,
  rules: SplitRules,
  sums: NodeSums,
  lanes: number,
  column: number,
  least: number,
  best: Split,
): void {
  const { words } = views
  const first = lanes / 4
  const bins = table.valueBins[column]!
  const missingHessian = words[first + 2 * bins]! >>> 0
  const missingGradient = words[first + 2 * bins + 1]!
  const hasMissing = missingHessian > 0 || missingGradient !== 0
  const direction = rules.monotone[column]!
  for (const missingLeft of hasMissing ? [false, true] : [false]) {
    let leftGradient = missingLeft ? missingGradient : 0
    let leftHessian = missingLeft ? missingHessian : 0
    // The last bin too, where that parts the missing from all values.
    const last = hasMissing && !missingLeft ? bins : bins - 1
    for (let b = 0; b < last; b++) {
      leftHessian += words[first + 2 * b]! >>> 0
      leftGradient += words[first + 2 * b + 1]!
      const rightHessian = sums.hessian - leftHessian
      if (leftHessian < least || rightHessian < least) continue
      const rightGradient = sums.gradient - leftGradient
      const score = scoreOfTwo(leftGradient, leftHessian, rightGradient, rightHessian, rules.l1, rules.l2)
      if (!isBetter(best, score, column)) continue
      if (!isAllowed(rules, sums, direction, leftGradient, leftHessian)) continue
      Object.assign(best, { score, column, bin: b, leftGradient, leftHessian })
      best.missingLeft = hasMissing ? missingLeft : leftHessian >= rightHessian
    }
  }
}
