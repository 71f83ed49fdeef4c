import { explain } from '../ml/explain/explain.ts'
import type { InputValue } from '../ml/model/encoder.ts'
import { type Model, predictOne } from '../ml/model/model-file.ts'
import { likeliest } from '../ml/model/outcome.ts'
import type { Explanation } from '../wire/explanation.ts'
import type { FeatureValue } from '../wire/features.ts'
import { reasonsOf } from './reasons.ts'

/** `values` as the model takes them, `shown` as they are stored. Of what the model predicts for these values: of the positive label, of the label that is predicted, or of the value. */
export function explanationOf(
  model: Model,
  values: readonly InputValue[],
  shown: readonly FeatureValue[],
): Explanation {
  const { outcome } = model
  const said = explain(model, values)
  const of = outcome.kind === 'multiclass' ? likeliest(predictOne(model, values), 0, outcome.classes.length) : 0
  const { unit, base, contributions } = said[of]!
  const label = outcome.kind === 'regression' ? null : outcome.classes[outcome.kind === 'binary' ? 1 : of]!
  const numbers = { of: label, unit, base, contributions: [...contributions] }
  const names = model.encoder.spec.inputs.map(({ name }) => name)
  return { ...numbers, reasons: reasonsOf(numbers, names, shown) }
}
