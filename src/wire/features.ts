/** `GET /features/{key}` and `/feature-views`: what they answer, and how feature values are written as JSON. */

import { z } from 'zod'
import { VALUE_TYPES, type Value } from '../values/values.ts'
import { answeredFeature, answeredKey, type Field, members } from './values.ts'

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
  if (typeof value === 'number') return Number.isFinite(value) ? `${value}` : 'null'
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

function objectJson(names: readonly string[], values: readonly FeatureValue[]): string {
  return `{${names.map((name, i) => `${JSON.stringify(name)}:${featureJson(values[i] ?? null)}`).join(',')}}`
}

const status = z.enum(FEATURE_STATUSES).meta({
  description:
    'PRESENT: the value. NULL_VALUE: the entity is known and its value is null. NOT_FOUND: the view does not know the entity. OUTSIDE_MAX_AGE: the value is older than the ttl of its view, and not given.',
})
const moment = z.string().meta({ format: 'date-time' })

/** The live features of one entity: the keys and features of one service, by name. */
export function featuresOf({ keys, features }: { keys: readonly Field[]; features: readonly Field[] }) {
  return z.object({
    ...members(keys, answeredKey),
    features: z
      .object(members(features, answeredFeature))
      .meta({ description: 'By name, in the order of the service.' }),
    statuses: z.object(members(features, () => status)).meta({ description: 'By feature name.' }),
    event_timestamps: z
      .object(members(features, () => moment.nullable()))
      .meta({ description: 'By feature name: the moment that the value describes.' }),
  })
}

/** The same for any service; beside these members stand its join keys. */
export type EntityFeatures = {
  features: Record<string, unknown>
  statuses: Record<string, FeatureStatus>
  event_timestamps: Record<string, string | null>
}

export const keyParam = z.object({
  key: z.string().min(1).meta({
    description:
      'The join key; a number is written as its digits. With several join keys a JSON object with a member for each, percent-encoded.',
  }),
})

const viewHead = {
  name: z.string().meta({ description: 'Name of the feature view.' }),
  materialized: z.boolean().meta({ description: 'Whether there are live values by its present definition.' }),
  valid_at: moment.nullable().meta({ description: 'The newest moment that they describe.' }),
  materialized_at: moment.nullable().meta({ description: 'When they were brought.' }),
  rows: z.int().meta({ description: 'Entities that have values.' }),
  ttl_seconds: z.number().nullable().meta({ description: 'Longest age of a value, null for no limit.' }),
  entity: z
    .string()
    .nullable()
    .meta({ description: 'Whose features they are; null for values that hold for everyone.' }),
  owner: z.string().nullable().meta({ description: 'Who answers questions about it.' }),
  source: z.string().meta({ description: 'Where its values come from.' }),
  features: z.array(
    z.object({
      name: z.string(),
      type: z.enum(VALUE_TYPES),
      column: z
        .string()
        .nullable()
        .meta({ description: 'The column of the source that it is; null of an expression.' }),
      sql: z.string().nullable().meta({ description: 'The expression that it is; null of a column.' }),
    }),
  ),
  models: z
    .array(z.object({ name: z.string(), service: z.string() }))
    .meta({ description: 'Models that use it, each by its feature service.' }),
}

export const featureViewsAnswer = z.object({ feature_views: z.array(z.object(viewHead)) })
export type FeatureViewsAnswer = z.output<typeof featureViewsAnswer>

export const featureViewAnswer = z.object({
  ...viewHead,
  source_kind: z.enum(['snapshot', 'changes']),
  keys: z
    .array(z.object({ name: z.string(), type: z.enum(VALUE_TYPES), column: z.string() }))
    .meta({ description: 'The join keys, each with its column in the source.' }),
  services: z.array(z.object({ name: z.string(), features: z.array(z.string()) })),
  on_demand_views: z.array(z.string()).meta({ description: 'Views that are computed from it.' }),
})
export type FeatureViewAnswer = z.output<typeof featureViewAnswer>

export const viewParam = z.object({ name: z.string().meta({ description: 'Name of a feature view.' }) })

export const statisticsQuery = z.strictObject({
  as_of: z
    .string()
    .optional()
    .meta({ description: 'A moment, such as 2024-01-31; the newest snapshot where left out.' }),
})

const scalar = z.union([z.string(), z.number(), z.boolean()])
const quantile = z.union([z.number(), z.string()])

const statisticsShape = {
  view: z.string().meta({ description: 'Name of the feature view.' }),
  snapshot: z.string().meta({ description: 'The snapshot that was looked at.' }),
  validAt: moment.meta({ description: 'The moment that it describes.' }),
  recordedAt: moment.meta({ description: 'When it was taken in.' }),
  rows: z.int().meta({ description: 'Of that snapshot; of a source of changes one delivery alone.' }),
  features: z.array(
    z.object({
      name: z.string(),
      type: z.enum(VALUE_TYPES),
      nulls: z.int(),
      nullShare: z.number().nullable(),
      distinct: z.int(),
      min: scalar.nullable(),
      max: scalar.nullable(),
      mean: z.number().nullable().meta({ description: 'Of numbers only.' }),
      quantiles: z
        .object({ p05: quantile, p25: quantile, p50: quantile, p75: quantile, p95: quantile })
        .nullable()
        .meta({ description: 'Of numbers only; an integer beyond 2^53 as its text.' }),
      top: z
        .array(z.object({ value: z.string(), count: z.int() }))
        .nullable()
        .meta({ description: 'The most frequent values, at most ten; not of numbers.' }),
    }),
  ),
}

export const statisticsAnswer = z.object({
  ...statisticsShape,
  live: z
    .object({ rows: z.int(), validAt: moment.nullable() })
    .nullable()
    .meta({ description: 'Of changes: what all deliveries together have put online; null for whole states.' }),
})

/** The newest moments are told of; a page of them is drawn at once. */
export const STATISTICS_MOMENTS_MAX = 24

export const momentsStatisticsQuery = z.strictObject({
  limit: z
    .string()
    .optional()
    .meta({ description: `How many moments, 12 where left out; at most ${STATISTICS_MOMENTS_MAX}.` }),
})
export const momentsStatisticsAnswer = z.object({
  view: z.string(),
  moments: z.array(z.object(statisticsShape)).meta({ description: 'The newest last.' }),
})
export type MomentsStatisticsAnswer = z.output<typeof momentsStatisticsAnswer>
