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

/** Numbers that a model gives for a row: the probability of the positive class, one for each of several classes, or the value. */
export function outputsOf(outcome: Outcome): number {
  return outcome.kind === 'multiclass' ? outcome.classes.length : 1
}

/** No and yes, as labels of type Bool and of 0 and 1 are answered. */
export function yesOrNo(threshold: number): Outcome {
  return { kind: 'binary', classes: [0, 1], threshold }
}
