import { PlatformError } from '../../base/errors.ts'
import { countRanked, rankScores } from './ranked.ts'

/**
 * How the probability is found from which a model says yes. `cost`: what a false yes and a false no cost, in one unit.
 * `precision` and `recall`: at least so much of it, and then as much as can be of the other.
 */
export type ThresholdRule =
  | { rule: 'f1' }
  | { rule: 'cost'; falsePositive: number; falseNegative: number }
  | { rule: 'precision'; atLeast: number }
  | { rule: 'recall'; atLeast: number }

/**
 * The threshold that is best by the rule on these rows; of equally good ones the highest. It lies half-way between the
 * scores of neighbouring rows, so that a new row near one of them does not decide it. Refuses (invalid_argument) a
 * precision that no threshold reaches.
 */
export function chooseThreshold(
  labels: Uint8Array,
  scores: Float64Array,
  rule: ThresholdRule,
  weights?: ArrayLike<number>,
): number {
  const ranked = rankScores(scores)
  const { positive, negative } = countRanked(ranked, labels, weights)
  const positives = positive.reduce((sum, n) => sum + n, 0)
  const scoreOf = (g: number) => scores[ranked.order[ranked.starts[g]!]!]!
  let best = -1
  let bestValue = -Infinity
  let tp = 0
  let fp = 0
  for (let g = 0; g < positive.length; g++) {
    tp += positive[g]!
    fp += negative[g]!
    const value = worth(rule, tp, fp, positives)
    if (value > bestValue) [best, bestValue] = [g, value]
  }
  if (best < 0) throw unreachable(rule)
  // To say no to everybody can be the cheapest.
  if (rule.rule === 'cost' && -rule.falseNegative * positives > bestValue) return 1
  return best + 1 < positive.length ? (scoreOf(best) + scoreOf(best + 1)) / 2 : scoreOf(best)
}

function worth(rule: ThresholdRule, tp: number, fp: number, positives: number): number {
  switch (rule.rule) {
    case 'f1':
      return (2 * tp) / (tp + fp + positives)
    case 'cost':
      return -(rule.falsePositive * fp + rule.falseNegative * (positives - tp))
    case 'precision':
      return tp / (tp + fp) >= rule.atLeast ? tp / positives : -Infinity
    case 'recall':
      return tp / positives >= rule.atLeast ? tp / (tp + fp) : -Infinity
  }
}

function unreachable(rule: ThresholdRule): PlatformError {
  const wanted = rule.rule === 'precision' ? `a precision of ${rule.atLeast}` : `the rule '${rule.rule}'`
  const message = `no threshold reaches ${wanted} on the rows that measure the model; ask for less, or give a number`
  return new PlatformError('invalid_argument', message)
}
