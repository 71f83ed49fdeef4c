/** `POST /predict` and `/predict/batch`, for one model or for all: what is sent, and what is answered. */
import { z } from 'zod'
import { type Explanation, explanationOf } from './explanation.ts'
import type { FeatureValue } from './features.ts'
import { limitOf } from './limits.ts'
import { refusalMembers } from './problem.ts'
import { answeredFeature, answeredKey, type Field, keyOf, keyPart, members } from './values.ts'

/** What a model takes and uses: its join keys, and its features in the order of the service. */
export type PredictionFields = { name: string; keys: readonly Field[]; features: readonly Field[]; says: Says }

/** What a model predicts: one of two outcomes, one of several, or a number; and how outcomes are said. */
export type Says = {
  kind: 'binary' | 'multiclass' | 'regression'
  labels: 'flag' | 'text' | 'integer' | 'number'
}

/** Keys a batch may ask for. */
export const BATCH_MAX = limitOf('predictKeys')

/** `{"user_id": …}`, or a member for each join key. */
export const predictRequest = (keys: readonly Field[]) => keyOf(keys)

/** `{"user_ids": […]}` for one join key; `{"keys": [{…}]}` for several. */
export function batchRequest(keys: readonly Field[]) {
  const [only, second] = keys
  const key = only && !second ? keyPart(only) : keyOf(keys)
  const most = BATCH_MAX.toLocaleString('en-US')
  const description = `The entities to predict, at most ${most} (limit predictKeys).`
  const list = z.array(key).min(1).max(BATCH_MAX).meta({ description })
  return z.strictObject({ [batchMember(keys)]: list })
}

export function batchMember(keys: readonly { name: string }[]): string {
  return keys.length === 1 ? `${keys[0]!.name}s` : 'keys'
}

const probability = z.number().min(0).max(1).meta({ description: 'Of the positive label.' })
const flag = z.literal([0, 1]).meta({ description: "1 when the probability reaches the model's threshold, else 0." })
const probabilities = z.record(z.string(), z.number().min(0).max(1)).meta({ description: 'Of each label, together 1.' })

/** The members that say what is predicted; `member` is what the prediction itself is called. */
function saidMembers({ kind, labels }: Says, member: 'prediction' | 'label') {
  if (kind === 'regression') {
    const value = z.number().meta({ description: 'The number that is predicted, in the unit of the label.' })
    return { [member === 'label' ? 'value' : member]: value }
  }
  if (kind === 'binary' && labels === 'flag') return { [member]: flag, probability }
  const said = labels === 'text' ? z.string() : z.int()
  if (kind === 'multiclass') {
    return {
      [member]: said.meta({ description: 'The likeliest label; of equally likely ones the first.' }),
      probabilities,
    }
  }
  const description = "The positive label when its probability reaches the model's threshold, else the other."
  // Whole numbers that come to 0 and 1 are said as yes and no are, without names.
  const each = labels === 'text' ? probabilities : probabilities.optional()
  return { [member]: said.meta({ description }), probability, probabilities: each }
}

export const versionMembers = {
  name: z.string().meta({ description: 'Name of the registered model.' }),
  version: z.string().meta({ description: 'Its version number.' }),
  run_id: z.string().meta({ description: 'The run that trained it; empty when it was registered without one.' }),
}

/** Which version answered, and as what. */
const answeredBy = {
  ...versionMembers,
  arm: z.enum(['champion', 'canary']).meta({
    description: 'champion: the version in Production. canary: one that answers for a share of the keys.',
  }),
  instead_of: z
    .string()
    .optional()
    .meta({ description: 'The canary that was asked for this key and failed: the champion answers instead.' }),
}

const otherMembers = {
  features_used: z
    .record(z.string(), z.unknown())
    .meta({ description: 'The live features, in the order of the feature service. A null is a value.' }),
  model: z.object(answeredBy).meta({ description: 'The version that answered.' }),
  feature_times: z.record(z.string(), z.string().nullable().meta({ format: 'date-time' })).meta({
    description:
      'By feature view, the moment that its values of this entity describe; null where the view does not know it.',
  }),
  features_as_of: z
    .string()
    .nullable()
    .meta({ description: 'The oldest moment that any of the features describes.', format: 'date-time' }),
}

const staleMembers = {
  stale: z.literal(true).optional().meta({
    description: 'The features are the last known ones: where they are kept does not answer. Else it is left out.',
  }),
  features_read_at: z
    .string()
    .optional()
    .meta({ description: 'When these were read; only where stale is true.', format: 'date-time' }),
}

/** Any model's prediction; beside these members stand its join keys. */
export const prediction = z.looseObject({
  prediction: z.union([z.number(), z.string()]),
  probability: probability.optional(),
  probabilities: probabilities.optional(),
  ...otherMembers,
  ...staleMembers,
})
export type PredictionAnswer = z.output<typeof prediction>

/** The prediction of one model, with its keys and features by name. */
export function predictionOf({ name, keys, features, says }: PredictionFields) {
  const { features_used: all, model } = otherMembers
  const used = z.object(members(features, answeredFeature)).meta({ description: all.description })
  const named = { ...answeredBy, name: versionMembers.name.meta({ examples: [name] }) }
  return z.object({
    ...members(keys, answeredKey),
    ...saidMembers(says, 'prediction'),
    ...otherMembers,
    features_used: used,
    model: z.object(named).meta({ description: model.description }),
    ...staleMembers,
    explanation: explanationOf(features).optional(),
  })
}

const unpredicted = z.looseObject({
  key: z.unknown().meta({ description: 'As it was sent.' }),
  error: refusalMembers.error,
  detail: refusalMembers.detail,
  missing_features: refusalMembers.missing_features,
  stale_features: refusalMembers.stale_features,
})

export function batchOf(fields: PredictionFields) {
  return z.object({
    predictions: z.array(predictionOf(fields)).meta({ description: 'In the order asked for.' }),
    errors: z.array(unpredicted).meta({ description: 'Keys that were not predicted, and why.' }),
  })
}

export type BatchAnswer = { predictions: PredictionAnswer[]; errors: z.output<typeof unpredicted>[] }

export function invocationAnswerOf(says: Says) {
  const one = z.object(saidMembers(says, 'label'))
  return z.object({
    predictions: z.array(one).meta({ description: 'One for each row, in order.' }),
    model: z.object(answeredBy).meta({ description: 'The version that answered.' }),
  })
}
export type InvocationAnswer = { predictions: Record<string, unknown>[]; model: Prediction['model'] }

/** What a model says of a row: the label or the number, and the probabilities where there are some. */
export type Said = {
  prediction: string | number
  /** Of the positive label, where there are two. */
  probability?: number
  /** By label, where labels have names. */
  probabilities?: readonly (readonly [label: string, probability: number])[]
}

/**
 * What the prediction is before it is written (predict-json.ts). The lists of names and the object of the version are the same
 * for all predictions of a version.
 */
export type Prediction = {
  /** The join keys, in their types. */
  keys: readonly { name: string; value: FeatureValue }[]
  said: Said
  features: { names: readonly string[]; values: readonly FeatureValue[] }
  model: { name: string; version: string; run_id: string; arm: 'champion' | 'canary'; instead_of?: string }
  /** By view, its own event time of this entity. */
  times: { views: readonly string[]; at: readonly (string | null)[] }
  /** The oldest moment among the views that the features came from. */
  featuresAsOf: string | null
  /** When the features were read, where they are the last known ones. */
  readAt?: string
  explanation?: Explanation
}
