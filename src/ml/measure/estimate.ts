/**
 * What the measures of a two-class model are expected to be before any label is known: each row is positive with its own
 * chance, which is a calibrated probability. (Confidence-based performance estimation, as NannyML has it.) True where the
 * chances are: what the same features mean must not have changed.
 */
import { accuracy, type Confusion, f1 } from './classification.ts'
import type { Ranked } from './ranked.ts'

/** Each cell is a sum of chances: how many rows are expected in it. */
export function expectedConfusion(chances: Float64Array, scores: Float64Array, threshold: number): Confusion {
  const cells = { trueNegative: 0, falsePositive: 0, falseNegative: 0, truePositive: 0 }
  for (let i = 0; i < chances.length; i++) {
    const chance = chances[i]!
    if (scores[i]! >= threshold) {
      cells.truePositive += chance
      cells.falsePositive += 1 - chance
    } else {
      cells.falseNegative += chance
      cells.trueNegative += 1 - chance
    }
  }
  return cells
}

/**
 * The area under the curve of the expected rates, rows in the order of what the model said. Rows of one score share one step
 * (NannyML's depends on their order). NaN where a class is not expected at all.
 */
export function expectedAuc({ order, starts }: Ranked, chances: Float64Array): number {
  let [positives, negatives, doubledWins] = [0, 0, 0]
  for (let g = 0; g + 1 < starts.length; g++) {
    let positive = 0
    for (let i = starts[g]!; i < starts[g + 1]!; i++) positive += chances[order[i]!]!
    const negative = starts[g + 1]! - starts[g]! - positive
    doubledWins += negative * (2 * positives + positive)
    positives += positive
    negatives += negative
  }
  return doubledWins / (2 * positives * negatives)
}

/** The mean of the log-loss of both outcomes, each by its chance. */
export function expectedLogLoss(chances: Float64Array, scores: Float64Array): number {
  let sum = 0
  for (let i = 0; i < chances.length; i++) {
    const p = Math.min(1 - Number.EPSILON, Math.max(Number.EPSILON, scores[i]!))
    sum -= chances[i]! * Math.log(p) + (1 - chances[i]!) * Math.log(1 - p)
  }
  return sum / chances.length
}

export function expectedBrier(chances: Float64Array, scores: Float64Array): number {
  let sum = 0
  for (let i = 0; i < chances.length; i++) {
    const [chance, score] = [chances[i]!, scores[i]!]
    sum += chance * (1 - score) ** 2 + (1 - chance) * score ** 2
  }
  return sum / chances.length
}

/** Of those that are called positive, the share that is; 0 where none is called so, as scikit-learn has it. */
export function precision({ truePositive, falsePositive }: Confusion): number {
  return truePositive + falsePositive === 0 ? 0 : truePositive / (truePositive + falsePositive)
}

/** Of those that are positive, the share that is called so; 0 where none is, as scikit-learn has it. */
export function recall({ truePositive, falseNegative }: Confusion): number {
  return truePositive + falseNegative === 0 ? 0 : truePositive / (truePositive + falseNegative)
}

/** What is read from a confusion, counted or expected. */
export function ofConfusion(cells: Confusion): Record<'accuracy' | 'precision' | 'recall' | 'f1', number> {
  return { accuracy: accuracy(cells), precision: precision(cells), recall: recall(cells), f1: f1(cells) }
}
