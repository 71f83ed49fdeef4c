/** What the prediction routes take and answer, as JSON Schemas (checked and serialised by the server). */
import type { FeatureValue } from './features.ts'

export type Prediction = {
  key: { name: string; value: FeatureValue }
  /** 1 when the probability reaches the model's threshold, else 0. */
  prediction: 0 | 1
  probability: number
  features: { names: readonly string[]; values: readonly FeatureValue[] }
  model: { name: string; version: string; run_id: string }
  /** The oldest moment among the views that the features came from. */
  featuresAsOf: string | null
}

const KEY_LENGTH_MAX = 500

/** Keys a batch may ask for. */
export const BATCH_MAX = 1_000

/** A key may be text or a whole number; the feature store checks it against the entity's type. */
const keySchema = { type: ['string', 'integer'], minLength: 1, maxLength: KEY_LENGTH_MAX }

export function predictBodySchema(keyName: string): Record<string, unknown> {
  return { type: 'object', required: [keyName], properties: { [keyName]: keySchema } }
}

export function batchBodySchema(keyName: string): Record<string, unknown> {
  const list = { type: 'array', minItems: 1, maxItems: BATCH_MAX, items: keySchema }
  return { type: 'object', required: [`${keyName}s`], properties: { [`${keyName}s`]: list } }
}

export function predictionSchema(keyName: string): Record<string, unknown> {
  return {
    type: 'object',
    required: [keyName, 'prediction', 'probability', 'features_used', 'model', 'features_as_of'],
    properties: {
      [keyName]: { type: ['string', 'integer'] },
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
