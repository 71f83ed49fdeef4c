import type { Model } from '../ml/model/model-file.ts'
import { isYesOrNo, saidBy } from '../ml/model/outcome.ts'
import type { Said } from '../wire/predict.ts'

/** What the model says of the row whose outputs begin at `at`. */
export function saidOf({ outcome }: Model, outputs: Float64Array, at: number): Said {
  const prediction = saidBy(outcome, outputs, at)
  const said = { prediction: typeof prediction === 'boolean' ? Number(prediction) : prediction }
  if (outcome.kind === 'regression') return said
  if (outcome.kind === 'multiclass') {
    return { ...said, probabilities: outcome.classes.map((label, c) => [String(label), outputs[at + c]!]) }
  }
  const probability = outputs[at]!
  if (isYesOrNo(outcome)) return { ...said, probability }
  const [other, positive] = outcome.classes
  return {
    ...said,
    probability,
    probabilities: [
      [String(other), 1 - probability],
      [String(positive), probability],
    ],
  }
}

/** The same as a row of `/invocations` has it: MLflow's clients know `label` and `probability`, and a number is `value`. */
export function invocationOf({ prediction, probability, probabilities }: Said): Record<string, unknown> {
  if (probability === undefined && probabilities === undefined) return { value: prediction }
  return {
    label: prediction,
    ...(probability === undefined ? {} : { probability }),
    ...(probabilities === undefined ? {} : { probabilities: Object.fromEntries(probabilities) }),
  }
}
