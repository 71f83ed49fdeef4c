/** What the prediction routes take and answer: JSON Schemas for requests and documents, and the answer as text. */
import { type FeatureValue, featureJson } from './features.ts'

export type Prediction = {
  /** The join keys, as the caller sent them. */
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

/** Keys a batch may ask for. */
export const BATCH_MAX = 1_000

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

type Key = { name: string; type: string }
type Schema = Record<string, unknown>

/** Types only: what a key may hold is the feature store's to say. */
export function keySchema(keys: readonly Key[]): Schema {
  const properties = Object.fromEntries(
    keys.map(({ name, type }) => [name, type === 'String' ? { type: 'string', minLength: 1 } : { type: 'integer' }]),
  )
  return { type: 'object', required: keys.map((key) => key.name), properties }
}

/** `{"user_ids": […]}` for one join key; `{"keys": [{…}]}` for several. */
export function batchSchema(keys: readonly Key[]): Schema {
  const one = keySchema(keys)
  const member = batchMember(keys)
  const items = keys.length === 1 ? (one.properties as Record<string, Schema>)[keys[0]!.name] : one
  const list = { type: 'array', minItems: 1, maxItems: BATCH_MAX, items }
  return { type: 'object', required: [member], properties: { [member]: list } }
}

export function batchMember(keys: readonly Key[]): string {
  return keys.length === 1 ? `${keys[0]!.name}s` : 'keys'
}

export function predictionSchema(keys: readonly Key[]): Schema {
  const { properties } = keySchema(keys) as { properties: Schema }
  return {
    type: 'object',
    required: [...keys.map((key) => key.name), 'prediction', 'probability', 'features_used', 'model', 'features_as_of'],
    properties: {
      ...properties,
      prediction: { type: 'integer', enum: [0, 1], description: '1 when the probability reaches the threshold.' },
      probability: { type: 'number', minimum: 0, maximum: 1, description: 'Of the positive label.' },
      features_used: {
        type: 'object',
        additionalProperties: true,
        description: 'In the order of the feature service.',
      },
      model: {
        type: 'object',
        required: ['name', 'version', 'run_id'],
        properties: { name: { type: 'string' }, version: { type: 'string' }, run_id: { type: 'string' } },
      },
      features_as_of: { type: ['string', 'null'], description: 'The oldest moment among the features.' },
    },
  }
}

/** RFC 9457, with the members that say what was missing. */
export const PROBLEM_SCHEMA: Schema = {
  type: 'object',
  required: ['type', 'title', 'status', 'error', 'detail'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    error: { type: 'string' },
    detail: { type: 'string' },
    missing_features: { type: 'array', items: { type: 'string' } },
    stale_features: { type: 'array', items: { type: 'string' } },
    missing_views: { type: 'array', items: { type: 'string' } },
  },
  additionalProperties: true,
}
