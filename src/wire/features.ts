/** What `GET /features/{key}` answers, and how feature values are written as JSON. */

import type { Value } from '../values/values.ts'

export type FeatureValue = Value

/**
 * PRESENT: the value. NULL_VALUE: the entity is known and its value is null. NOT_FOUND: the view does not know the
 * entity. OUTSIDE_MAX_AGE: there is a value, but it is older than the view's ttl and not given.
 */
export const FEATURE_STATUSES = ['PRESENT', 'NULL_VALUE', 'NOT_FOUND', 'OUTSIDE_MAX_AGE'] as const
export type FeatureStatus = (typeof FEATURE_STATUSES)[number]

export type FeaturesAnswer = {
  /** Each join key with its value. */
  keys: readonly { name: string; value: FeatureValue }[]
  names: readonly string[]
  values: readonly FeatureValue[]
  statuses: readonly FeatureStatus[]
  eventTimestamps: readonly (string | null)[]
}

/** A value as JSON text: a bigint with all its digits, which JSON.stringify refuses to write. */
export function featureJson(value: FeatureValue): string {
  return typeof value === 'bigint' ? value.toString() : JSON.stringify(value)
}

/** The answer as JSON text, with members in the order of the feature service. */
export function featuresAnswerJson(answer: FeaturesAnswer): string {
  const { keys, names } = answer
  const timestamps = answer.eventTimestamps.map((t) => t?.replace(/\.?0+Z$/, 'Z') ?? null)
  const members = [
    ...keys.map(({ name, value }) => `${JSON.stringify(name)}:${featureJson(value)}`),
    `"features":${objectJson(names, answer.values)}`,
    `"statuses":${objectJson(names, answer.statuses)}`,
    `"event_timestamps":${objectJson(names, timestamps)}`,
  ]
  return `{${members.join(',')}}`
}

/** The JSON Schema of the answer, for the OpenAPI document. */
export function featuresAnswerSchema(keyName: string): Record<string, unknown> {
  const statuses = FEATURE_STATUSES.join(', ')
  return {
    type: 'object',
    required: [keyName, 'features', 'statuses', 'event_timestamps'],
    properties: {
      [keyName]: { type: ['string', 'integer'] },
      features: { type: 'object', additionalProperties: true, description: 'By name, in the order of the service.' },
      statuses: {
        type: 'object',
        additionalProperties: { type: 'string', enum: [...FEATURE_STATUSES] },
        description: `By feature name: ${statuses}.`,
      },
      event_timestamps: {
        type: 'object',
        additionalProperties: { type: ['string', 'null'], format: 'date-time' },
        description: 'By feature name: the moment that the value describes.',
      },
    },
  }
}

function objectJson(names: readonly string[], values: readonly FeatureValue[]): string {
  return `{${names.map((name, i) => `${JSON.stringify(name)}:${featureJson(values[i] ?? null)}`).join(',')}}`
}
