/** What the prediction routes answer, and the answer as text. Their schemas are in predict-schemas.ts. */
import { type FeatureValue, featureJson } from './features.ts'

export type Prediction = {
  /** The join keys, in their types. */
  keys: readonly { name: string; value: FeatureValue }[]
  /** 1 when the probability reaches the model's threshold, else 0. */
  prediction: 0 | 1
  /** Of the positive label. */
  probability: number
  features: { names: readonly string[]; values: readonly FeatureValue[] }
  model: { name: string; version: string; run_id: string }
  /** The oldest moment among the views that the features came from. */
  featuresAsOf: string | null
}

/** What `GET /ready` and `GET /ready/{model}` answer when predictions can be made. */
export type ReadyAnswer = {
  status: 'ready'
  /** What answers; `problem` says why a newer version in Production does not. */
  models: { name: string; version: string; run_id: string; problem: string | null }[]
  feature_views: { view: string; valid_at: string; rows: number }[]
  /** What does not answer, of models that nobody has promoted yet. */
  warnings: string[]
}

/** The prediction as JSON text, features in the order of the service and integers with all their digits. */
export function predictionJson({ keys, prediction, probability, features, model, featuresAsOf }: Prediction): string {
  let text = '{'
  for (const { name, value } of keys) text += `${JSON.stringify(name)}:${featureJson(value)},`
  text += `"prediction":${prediction},"probability":${probability},"features_used":{`
  for (let i = 0; i < features.names.length; i++) {
    text += `${i === 0 ? '' : ','}${JSON.stringify(features.names[i])}:${featureJson(features.values[i] ?? null)}`
  }
  const asOf = featuresAsOf === null ? 'null' : `"${featuresAsOf.replace(/\.?0+Z$/, 'Z')}"`
  return `${text}},"model":${JSON.stringify(model)},"features_as_of":${asOf}}`
}
