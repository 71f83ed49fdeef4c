import { createPrng } from '../../../src/base/prng.ts'
import { type Fitted, fitLearner, type Learner } from '../../../src/ml/learn/learners.ts'
import type { Target } from '../../../src/ml/learn/task.ts'
import { createModel, type Model } from '../../../src/ml/model/model-file.ts'
import type { Outcome } from '../../../src/ml/model/outcome.ts'
import { smallTask } from '../boosting/small-boosted.ts'

const OUTCOMES: Record<Target['kind'], Outcome> = {
  binary: { kind: 'binary', classes: [0, 1], threshold: 0.5 },
  multiclass: { kind: 'multiclass', classes: ['a', 'b', 'c'] },
  regression: { kind: 'regression' },
}

/** 1,500 random rows of all types (small-boosted.ts), with two classes, three, or a number to learn. */
export function taskOf(kind: Target['kind'], count = 1_500) {
  const task = smallTask(count)
  const prng = createPrng(3)
  const value = (i: number, r: number) => (task.inputs[i]!.valid[r] === 1 ? Number(task.inputs[i]!.values[r]) : 0)
  const target: Target =
    kind === 'binary'
      ? task.target
      : kind === 'multiclass'
        ? {
            kind,
            classes: 3,
            labels: Uint8Array.from({ length: count }, (_, r) => Math.min(2, Math.max(0, Math.round(1 + value(6, r))))),
          }
        : { kind, values: Float64Array.from({ length: count }, (_, r) => 1e6 + 300 * value(6, r) + 50 * prng.normal()) }
  return { ...task, target }
}

export async function smallShapes(
  learner: Learner,
  kind: Target['kind'] = 'binary',
): Promise<{ model: Model; fitted: Fitted }> {
  const fitted = await fitLearner(taskOf(kind), learner, { threads: 0 })
  const { encoder, learned } = fitted
  return { model: createModel({ label: 'outcome', outcome: OUTCOMES[kind], encoder, learned }), fitted }
}
