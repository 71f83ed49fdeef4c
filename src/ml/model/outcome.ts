/**
 * What a model says of a row: which of two classes, which of several, or a number. It stands beside what was learned, which
 * gives the numbers alone (kinds.ts).
 */
export type Label = string | number | boolean

export type Outcome =
  /** `classes[1]` is the positive one: it is said from the probability `threshold` on. */
  | { kind: 'binary'; classes: readonly [Label, Label]; threshold: number }
  | { kind: 'multiclass'; classes: readonly Label[] }
  | { kind: 'regression' }

/** The number of a class is one byte, and one more is left for none. */
export const CLASSES_MAX = 255

/** Numbers that a model gives for a row: the probability of the positive class, one for each of several classes, or the value. */
export function outputsOf(outcome: Outcome): number {
  return outcome.kind === 'multiclass' ? outcome.classes.length : 1
}

/** No and yes, as labels of type Bool and of 0 and 1 are answered. */
export function yesOrNo(threshold: number): Outcome {
  return { kind: 'binary', classes: [0, 1], threshold }
}

/** Whether the answer is 0 or 1, as it was before there were other outcomes. */
export function isYesOrNo(outcome: Outcome): boolean {
  return outcome.kind === 'binary' && outcome.classes[0] === 0 && outcome.classes[1] === 1
}

/** What is said of the row whose outputs begin at `at`: its class, or the number. Of equally likely classes the first. */
export function saidBy(outcome: Outcome, outputs: Float64Array, at = 0): Label {
  switch (outcome.kind) {
    case 'binary':
      return outcome.classes[outputs[at]! >= outcome.threshold ? 1 : 0]
    case 'multiclass':
      return outcome.classes[likeliest(outputs, at, outcome.classes.length)]!
    case 'regression':
      return outputs[at]!
  }
}

/** The number of the greatest of `count` values, of equal ones the first. */
export function likeliest(values: Float64Array, at: number, count: number): number {
  let best = 0
  for (let c = 1; c < count; c++) if (values[at + c]! > values[at + best]!) best = c
  return best
}
