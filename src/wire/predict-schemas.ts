/** JSON Schemas of the prediction routes: requests are checked by them, and /openapi.json and /docs are made of them. */
import { limitOf } from './limits.ts'

type Schema = Record<string, unknown>
type Field = { name: string; type: string }

/** What a model takes and uses: its join keys, and its features in the order of the service. */
export type PredictionFields = { keys: readonly Field[]; features: readonly Field[] }

/** Keys a batch may ask for. */
export const BATCH_MAX = limitOf('predictKeys')

/** A customer of the reference project, so that "Try it out" in /docs works there. */
const KEY_EXAMPLE = '7590-VHVEG'

const EXAMPLES: Record<string, unknown> = {
  String: 'DSL',
  Int32: 3,
  Int64: 3,
  Float32: 29.850000381469727,
  Float64: 29.85,
  Bool: true,
  Date: '2024-01-31',
  UnixTimestamp: '2024-01-31T00:00:00Z',
}

const TYPES: Record<string, string> = {
  Int32: 'integer',
  Int64: 'integer',
  Float32: 'number',
  Float64: 'number',
  Bool: 'boolean',
}

const PROBABILITY = { type: 'number', minimum: 0, maximum: 1, examples: [0.1767] }

const MODEL_NAME = { type: 'string', description: 'Name of the registered model.', examples: ['streamflow_churn'] }
const VERSION = { type: 'string', description: 'Its version number.', examples: ['1'] }
const RUN_ID = {
  type: 'string',
  description: 'The run that trained it; empty when it was registered without one.',
  examples: ['5c19d191b7e05600e3abea856b3f8f49'],
}

const NAMES = { type: 'array', items: { type: 'string' } }
const PROBLEM_MEMBERS = {
  type: { type: 'string', description: 'A name for this kind of error.', examples: ['urn:weir:error:not_found'] },
  title: { type: 'string', description: 'The status in words.', examples: ['Not found'] },
  status: { type: 'integer', description: 'The HTTP status.', examples: [404] },
  error: { type: 'string', description: 'The code of the error, for programs.', examples: ['not_found'] },
  detail: {
    type: 'string',
    description: 'What was wrong, where, and what to do.',
    examples: ["no feature view of 'churn_features' knows user_id '999999'"],
  },
  missing_features: { ...NAMES, description: 'Features that have no value.', examples: [['months_active']] },
  stale_features: {
    ...NAMES,
    description: 'Features older than the ttl of their view.',
    examples: [['watch_hours_30d']],
  },
  missing_views: { ...NAMES, description: 'Feature views never materialized.', examples: [['subs_profile_fv']] },
  reasons: {
    ...NAMES,
    description: 'Why the server is not ready.',
    examples: [["feature view 'subs_profile_fv' is not materialized"]],
  },
  warnings: {
    ...NAMES,
    description: 'What is wrong beside that, and would not keep the server from being ready.',
    examples: [['no version of mailing_model is in Production']],
  },
}

/** RFC 9457, with the members that say what was missing. */
export const PROBLEM_SCHEMA: Schema = {
  type: 'object',
  required: ['type', 'title', 'status', 'error', 'detail'],
  properties: PROBLEM_MEMBERS,
  additionalProperties: true,
}

/** Nothing is taken after a `?`. */
export const NO_QUERY: Schema = { type: 'object', properties: {}, additionalProperties: false }

/** Types only: what a key may hold is the feature store's to say. */
export function keySchema(keys: readonly Field[]): Schema {
  const properties = Object.fromEntries(keys.map((key) => [key.name, keyPart(key)]))
  return { type: 'object', required: keys.map((key) => key.name), properties, additionalProperties: false }
}

/** `{"user_ids": […]}` for one join key; `{"keys": [{…}]}` for several. */
export function batchSchema(keys: readonly Field[]): Schema {
  const [only, second] = keys
  const items = only && !second ? keyPart(only) : keySchema(keys)
  const description = `The entities to predict, at most ${BATCH_MAX}.`
  const list = { type: 'array', minItems: 1, maxItems: BATCH_MAX, items, description }
  const member = batchMember(keys)
  return { type: 'object', required: [member], properties: { [member]: list }, additionalProperties: false }
}

export function batchMember(keys: readonly Field[]): string {
  return keys.length === 1 ? `${keys[0]!.name}s` : 'keys'
}

export function predictionSchema({ keys, features }: PredictionFields): Schema {
  const members: Record<string, Schema> = {
    ...Object.fromEntries(keys.map((key) => [key.name, keyAnswer(key)])),
    prediction: {
      type: 'integer',
      enum: [0, 1],
      description: "1 when the probability reaches the model's threshold, else 0.",
      examples: [0],
    },
    probability: { ...PROBABILITY, description: 'Of the positive label.' },
    features_used: {
      type: 'object',
      description: 'The live features, in the order of the feature service. A null is a value.',
      required: features.map((f) => f.name),
      properties: Object.fromEntries(features.map((f) => [f.name, featureValue(f)])),
    },
    model: {
      type: 'object',
      description: 'The version that answered.',
      required: ['name', 'version', 'run_id'],
      properties: {
        name: MODEL_NAME,
        version: VERSION,
        run_id: RUN_ID,
      },
    },
    features_as_of: {
      type: ['string', 'null'],
      description: 'The oldest moment that any of the features describes.',
      examples: ['2024-01-31T00:00:00Z'],
    },
  }
  return { type: 'object', required: Object.keys(members), properties: members }
}

export function batchAnswerSchema(fields: PredictionFields): Schema {
  return {
    type: 'object',
    required: ['predictions', 'errors'],
    properties: {
      predictions: { type: 'array', items: predictionSchema(fields), description: 'In the order asked for.' },
      errors: {
        type: 'array',
        description: 'Keys that were not predicted, and why.',
        items: {
          type: 'object',
          required: ['key', 'error', 'detail'],
          properties: {
            key: { description: 'As it was sent.', examples: ['999999'] },
            error: PROBLEM_MEMBERS.error,
            detail: PROBLEM_MEMBERS.detail,
            missing_features: PROBLEM_MEMBERS.missing_features,
            stale_features: PROBLEM_MEMBERS.stale_features,
          },
          additionalProperties: true,
        },
      },
    },
  }
}

/** Which of the layouts is given, and that it is whole, is wire/invocations.ts's to say. */
export function invocationSchema(features: readonly Field[]): Schema {
  const row = Object.fromEntries(features.map((f) => [f.name, exampleOf(f.type)]))
  const rows = { type: 'array', description: 'One object for each row.', examples: [[row]] }
  const split = { columns: Object.keys(row), data: [Object.values(row)] }
  const columns = Object.fromEntries(Object.entries(row).map(([name, value]) => [name, [value]]))
  return {
    type: 'object',
    description: 'Exactly one of the four layouts. Columns that the model does not take are ignored.',
    properties: {
      dataframe_split: { description: 'Names of the columns, and rows.', examples: [split] },
      dataframe_records: rows,
      instances: rows,
      inputs: { description: 'A list for each column, or a list of rows.', examples: [columns] },
    },
    examples: [{ dataframe_split: split }],
  }
}

export const INVOCATION_ANSWER: Schema = {
  type: 'object',
  required: ['predictions'],
  properties: {
    predictions: {
      type: 'array',
      description: 'One for each row, in order.',
      items: {
        type: 'object',
        required: ['label', 'probability'],
        properties: {
          label: {
            type: 'integer',
            enum: [0, 1],
            description: "1 when the probability reaches the model's threshold.",
          },
          probability: { ...PROBABILITY, description: 'Of the positive label.' },
        },
      },
    },
  },
}

export const HEALTH_ANSWER: Schema = {
  type: 'object',
  required: ['status'],
  properties: { status: { type: 'string', enum: ['ok'], description: 'The process answers.' } },
}

export const READY_ANSWER: Schema = {
  type: 'object',
  required: ['status', 'models', 'feature_views', 'warnings'],
  properties: {
    status: { type: 'string', enum: ['ready'], description: 'Predictions can be answered.' },
    models: {
      type: 'array',
      description: 'What answers for each model of the project.',
      items: {
        type: 'object',
        required: ['name', 'version', 'run_id', 'problem'],
        properties: {
          name: MODEL_NAME,
          version: VERSION,
          run_id: RUN_ID,
          problem: {
            type: ['string', 'null'],
            description: 'Why a newer version in Production does not answer.',
            examples: [null],
          },
        },
      },
    },
    feature_views: {
      type: 'array',
      description: 'What is online.',
      items: {
        type: 'object',
        required: ['view', 'valid_at', 'rows'],
        properties: {
          view: { type: 'string', description: 'Name of the feature view.', examples: ['subs_profile_fv'] },
          valid_at: { type: 'string', description: 'The moment its values describe.', examples: ['2024-01-31'] },
          rows: { type: 'integer', description: 'Entities that have values.', examples: [7043] },
        },
      },
    },
    warnings: {
      ...NAMES,
      description: 'What does not answer or is not fresh, of models that nobody has promoted yet.',
      examples: [[]],
    },
  },
}

export const MODEL_PARAM: Schema = {
  type: 'object',
  required: ['model'],
  properties: { model: MODEL_NAME },
}

function keyPart({ type }: Field): Schema {
  const description = `Join key, ${type}.`
  if (type === 'String') return { type: 'string', minLength: 1, description, examples: [KEY_EXAMPLE] }
  if (type === 'Int32' || type === 'Int64') {
    const says = `${description} Beyond 2^53 a program may lose digits of a number; text keeps them.`
    return { type: ['integer', 'string'], description: says, examples: [1] }
  }
  return { type: TYPES[type] ?? 'string', description, examples: [exampleOf(type)] }
}

/** The key as it is answered: in its type, whether it came as text or not. */
function keyAnswer({ type }: Field): Schema {
  return {
    type: TYPES[type] ?? 'string',
    description: `Join key, ${type}.`,
    examples: [type === 'String' ? KEY_EXAMPLE : exampleOf(type)],
  }
}

function featureValue({ type }: Field): Schema {
  return { type: [TYPES[type] ?? 'string', 'null'], description: `${type}.`, examples: [exampleOf(type)] }
}

function exampleOf(type: string): unknown {
  return EXAMPLES[type] ?? null
}
