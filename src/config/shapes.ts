/** The shape of a project definition as a person writes it. References between parts are checked in normalize.ts. */
import { z } from 'zod'
import { isTimeZone } from '../values/time-zone.ts'
import { parseDurationMs } from './duration.ts'
import { formatShape } from './format-shape.ts'
import { type OnDemandView, VALUE_TYPES } from './project.ts'

const severity = z.enum(['error', 'warn']).default('error')
const scalar = z.union([z.string(), z.number(), z.boolean()])
const name = z.string().regex(/^[A-Za-z_][\w-]*$/, 'use letters, digits, _ and -, beginning with a letter')
const duration = z
  .string()
  .refine((text) => parseDurationMs(text) !== undefined, 'write a duration like 45d, 12h or 30m')
const valueType = z.enum(VALUE_TYPES)

const columnCheck = z.discriminatedUnion('rule', [
  z.strictObject({ rule: z.literal('required'), severity }),
  z.strictObject({ rule: z.literal('unique'), severity }),
  z.strictObject({ rule: z.literal('range'), min: z.number().optional(), max: z.number().optional(), severity }),
  z.strictObject({ rule: z.literal('allowed'), values: z.array(scalar).min(1).readonly(), severity }),
  z.strictObject({ rule: z.literal('pattern'), pattern: z.string(), severity }),
  z.strictObject({
    rule: z.literal('null_only_when'),
    column: z.string(),
    values: z.array(scalar).min(1).readonly(),
    severity,
  }),
])

const tableCheck = z.discriminatedUnion('rule', [
  z.strictObject({ rule: z.literal('one_row_per_key'), severity }),
  z.strictObject({ rule: z.literal('same_keys_as'), source: z.string(), severity }),
  z.strictObject({
    rule: z.literal('row_count_change'),
    share: z.number().positive(),
    severity: severity.default('warn'),
  }),
  z.strictObject({ rule: z.literal('extra_columns'), severity: severity.default('warn') }),
  z.strictObject({ rule: z.literal('key_spaces'), severity: severity.default('warn') }),
  z.strictObject({ rule: z.literal('missing_words'), severity: severity.default('warn') }),
  z.strictObject({ rule: z.literal('total_row'), severity }),
])

const column = z.union([
  valueType,
  z.strictObject({ type: valueType, checks: z.array(columnCheck).readonly().default([]) }),
])

const postgres = z
  .strictObject({
    table: z.string().min(1).nullable().default(null),
    query: z.string().min(1).nullable().default(null),
    connection: z
      .string()
      .regex(/^[A-Z][A-Z0-9_]*$/, 'name the environment variable that holds the URL, like WAREHOUSE_URL')
      .default('WEIR_SOURCE_URL'),
  })
  .refine((p) => (p.table === null) !== (p.query === null), 'write either a table or a query')

const source = z.strictObject({
  kind: z.enum(['snapshot', 'changes']).default('snapshot'),
  file: z.string().optional(),
  postgres: postgres.nullable().default(null),
  eventTime: z.string().nullable().default(null),
  availableAt: z.string().nullable().default(null),
  deleted: z.string().nullable().default(null),
  key: z.union([z.string(), z.array(z.string()).min(1)]),
  timeZone: z.string().refine(isTimeZone, "write the zone's IANA name, like Europe/Paris").nullable().default(null),
  format: formatShape.prefault({}),
  columns: z.record(z.string(), column),
  checks: z.array(tableCheck).readonly().default([]),
  publishDelay: duration.default('0s'),
})

const featureView = z.strictObject({
  entity: z.string().nullable(),
  source: z.string(),
  keys: z.record(z.string(), z.string()).default({}),
  ttl: duration.nullable().default(null),
  features: z.record(
    z.string(),
    z.union([
      valueType,
      z.strictObject({ type: valueType, column: z.string().optional() }),
      z.strictObject({ type: valueType, sql: z.string().min(1) }),
    ]),
  ),
})

const onDemandView = z.strictObject({
  inputs: z.array(z.string()).default([]),
  request: z.record(z.string(), valueType).default({}),
  features: z.record(z.string(), valueType),
  compute: z.custom<OnDemandView['compute']>((value) => typeof value === 'function', 'write a function of one row'),
})

const serviceEntry = z.union([
  z.string(),
  z.strictObject({
    view: z.string(),
    as: name,
    keys: z.record(z.string(), z.string()),
    features: z.array(z.string()).min(1).optional(),
  }),
])

const featureService = z.union([
  z.array(serviceEntry).min(1),
  z.strictObject({ features: z.array(serviceEntry).min(1), fullNames: z.boolean().default(false) }),
])

const label = z.strictObject({
  entity: z.string(),
  source: z.string(),
  column: z.string(),
  horizon: duration.default('0s'),
})

const learner = z.strictObject({
  kind: z.literal('random_forest'),
  trees: z.int().min(1).max(10_000).default(300),
  maxDepth: z.int().min(1).nullable().default(null),
  minSamplesLeaf: z.int().min(1).default(1),
  minSamplesSplit: z.int().min(2).default(2),
  maxFeatures: z.union([z.enum(['sqrt', 'all']), z.int().min(1)]).default('sqrt'),
  classWeight: z.enum(['balanced', 'none']).default('balanced'),
  bootstrap: z.boolean().default(true),
  seed: z.int().min(0).default(42),
})

const model = z.strictObject({
  experiment: z.string().min(1),
  runName: z.string().default('{as_of}'),
  features: z.string(),
  label: z.string(),
  learner,
  split: z
    .strictObject({
      testShare: z.number().gt(0).lt(1).default(0.25),
      seed: z.int().min(0).default(42),
      stratify: z.boolean().default(true),
    })
    .default({ testShare: 0.25, seed: 42, stratify: true }),
  threshold: z.number().gt(0).lt(1).default(0.5),
})

/** Credentials come from the environment, so that no file of a project holds them. */
const trackingUrl = z
  .url({ protocol: /^https?$/, error: 'write the address of an MLflow server, like http://mlflow.example:5000' })
  .refine(
    (text) => !/^[^/]*\/\/[^/]*@/.test(text),
    'put credentials into MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD',
  )
  .refine((text) => !/[?#]/.test(text), 'leave out what follows ? or #')

export const projectShape = z.strictObject({
  name,
  tracking: trackingUrl.nullable().default(null),
  sources: z.record(name, source),
  entities: z.record(name, z.strictObject({ joinKeys: z.record(z.string(), valueType) })),
  featureViews: z.record(name, featureView).default({}),
  onDemandViews: z.record(name, onDemandView).default({}),
  featureServices: z.record(name, featureService).default({}),
  labels: z.record(name, label).default({}),
  models: z.record(name, model).default({}),
  defaultModel: z.string().nullable().default(null),
})

export type ProjectShape = z.output<typeof projectShape>
