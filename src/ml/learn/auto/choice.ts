import { type Learner, type LearnerKind, learnedBy, learnersOf, sizeOf } from '../learners.ts'
import type { TargetKind } from '../task.ts'
import { type Auto, isAuto } from './params.ts'

/** What can be learned: of 'auto' what any of those that it tries can. */
export function learnedByChoice(choice: Learner | Auto): readonly TargetKind[] {
  if (!isAuto(choice)) return learnedBy(choice)
  const kinds: readonly TargetKind[] = ['binary', 'multiclass', 'regression']
  const tried = (kind: LearnerKind) => choice.learners?.includes(kind) ?? true
  return kinds.filter((kind) => learnersOf(kind).some(tried))
}

/** How large a model it may give, or how long it searches, in a few words. */
export function sizeOfChoice(choice: Learner | Auto): string {
  return isAuto(choice) ? `a search of ${choice.budget} work units` : sizeOf(choice)
}
