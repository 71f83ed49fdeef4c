import { likeliest } from '../model/outcome.ts'
import { rocAuc } from './roc.ts'

/** Measures of a model of several classes: labels are 0 … classes - 1, scores one probability a class, row after row. */
export type ClassScores = { classes: number; scores: Float64Array }

/** How often a row of each class (outer) was said to be of each class (inner). The likeliest class is said; of equal ones the first. */
export function classConfusion(
  labels: ArrayLike<number>,
  { classes, scores }: ClassScores,
  weights?: ArrayLike<number>,
): number[][] {
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0))
  for (let r = 0; r < labels.length; r++) {
    counts[labels[r]!]![likeliest(scores, r * classes, classes)]! += weights?.[r] ?? 1
  }
  return counts
}

/** Share of right answers; NaN for no rows. */
export function classAccuracy(counts: readonly (readonly number[])[]): number {
  const right = counts.reduce((sum, row, c) => sum + row[c]!, 0)
  return right / counts.flat().reduce((sum, n) => sum + n, 0)
}

/** Mean of the classes' F1, each class counting the same; a class that is neither there nor said is left out. */
export function macroF1(counts: readonly (readonly number[])[]): number {
  const scores: number[] = []
  for (const [c, row] of counts.entries()) {
    const there = row.reduce((sum, n) => sum + n, 0)
    const said = counts.reduce((sum, other) => sum + other[c]!, 0)
    if (there + said > 0) scores.push((2 * row[c]!) / (there + said))
  }
  return scores.reduce((sum, f) => sum + f, 0) / scores.length
}

/** Mean negative log-likelihood of the class that came true, probabilities kept away from 0 as in two classes. */
export function classLogLoss(labels: ArrayLike<number>, { classes, scores }: ClassScores): number {
  const losses = rowClassLogLoss(labels, { classes, scores })
  return losses.reduce((sum, loss) => sum + loss, 0) / labels.length
}

/** The same of each row. */
export function rowClassLogLoss(labels: ArrayLike<number>, { classes, scores }: ClassScores): Float64Array {
  return Float64Array.from(labels, (label, r) => -Math.log(Math.max(Number.EPSILON, scores[r * classes + label]!)))
}

/** Each class against all others: its area under the ROC curve; NaN where the class, or any other, is absent. */
export function oneVersusRestAuc(labels: ArrayLike<number>, { classes, scores }: ClassScores): number[] {
  return Array.from({ length: classes }, (_, c) =>
    rocAuc(
      Uint8Array.from(labels, (label) => (label === c ? 1 : 0)),
      Float64Array.from(labels, (_label, r) => scores[r * classes + c]!),
    ),
  )
}
