/** The shape of a project definition as a person writes it. References between parts are checked in normalize.ts. */
import { z } from 'zod'
import { isTimeZone } from '../values/time-zone.ts'
import { alert, alertChannel } from './alert-shapes.ts'
import { columnCheck, tableCheck } from './check-shapes.ts'
import { duration } from './duration-shape.ts'
import { formatShape } from './format-shape.ts'
import { model } from './model-shapes.ts'
import { type OnDemandView, VALUE_TYPES } from './project.ts'
import { said } from './said.ts'
import { schedule } from './schedule-shapes.ts'

const name = z.string().regex(/^[A-Za-z_][\w-]*$/, 'use letters, digits, _ and -, beginning with a letter')
const valueType = z.enum(VALUE_TYPES)

const column = z.union([
  valueType,
  z.strictObject({
    type: said(valueType, 'Its type; [types](types.md) says what is read as it.', 'Int64'),
    checks: said(z.array(columnCheck).readonly().default([]), 'Rules for its values.', [{ rule: 'required' }]),
  }),
])

const postgres = z
  .strictObject({
    table: said(z.string().min(1).nullable().default(null), 'The table, with its schema.', 'crm.customers'),
    query: said(
      z.string().min(1).nullable().default(null),
      'A query instead; {as_of} stands for the moment.',
      "select * from crm.customers_at('{as_of}')",
    ),
    connection: said(
      z
        .string()
        .regex(/^[A-Z][A-Z0-9_]*$/, 'name the environment variable that holds the URL, like WAREHOUSE_URL')
        .default('WEIR_SOURCE_URL'),
      'The environment variable that holds the address of the database.',
      'WAREHOUSE_URL',
    ),
  })
  .refine((p) => (p.table === null) !== (p.query === null), 'write either a table or a query')

const source = z.strictObject({
  kind: said(
    z.enum(['snapshot', 'changes']).default('snapshot'),
    'snapshot: a delivery is the whole state at one moment. changes: each row has a moment of its own.',
    'changes',
  ),
  file: said(
    z.string().optional(),
    'The file, or folder of parts, in the folder of a delivery; by default NAME.csv.',
    'users.parquet',
  ),
  postgres: said(postgres.nullable().default(null), 'Read from a database instead of a file.', {
    table: 'crm.customers',
  }),
  eventTime: said(
    z.string().nullable().default(null),
    'Of changes: the column with the moment of each row.',
    'paid_at',
  ),
  availableAt: said(
    z.string().nullable().default(null),
    'Of changes: the column that says when a row could first be known.',
    'booked_at',
  ),
  deleted: said(
    z.string().nullable().default(null),
    'Of changes: the Bool column that says that the key is gone.',
    'is_deleted',
  ),
  key: said(
    z.union([z.string(), z.array(z.string()).min(1)]),
    'The column, or the columns, that name a row.',
    'user_id',
  ),
  timeZone: said(
    z.string().refine(isTimeZone, "write the zone's IANA name, like Europe/Paris").nullable().default(null),
    'The zone of times that are written without one; UTC by default.',
    'Europe/Paris',
  ),
  format: said(formatShape.prefault({}), 'How its files are written, where that is not as usual.', { delimiter: ';' }),
  columns: said(z.record(z.string(), column), 'Its columns by name, each a type, or a type with checks.', {
    user_id: 'String',
  }),
  checks: said(z.array(tableCheck).readonly().default([]), 'Rules for the table as a whole.', [
    { rule: 'one_row_per_key' },
  ]),
  publishDelay: said(duration.default('0s'), 'How long after its moment a first delivery is known to the world.', '3d'),
})

const entity = z.strictObject({
  joinKeys: said(z.record(z.string(), valueType), 'The keys that name one such thing, with their types.', {
    user_id: 'String',
  }),
})

const featureView = z.strictObject({
  entity: said(z.string().nullable(), 'Whose features they are; null for values that hold for everyone.', 'user'),
  source: said(z.string(), 'Where they come from.', 'users'),
  keys: said(z.record(z.string(), z.string()).default({}), 'Join keys whose column in the source has another name.', {
    user_id: 'customer_no',
  }),
  ttl: said(duration.nullable().default(null), 'The longest age at which a value is used; null for no limit.', '45d'),
  owner: said(
    z.string().min(1).max(200).nullable().default(null),
    'Who answers questions about it.',
    'growth@example.com',
  ),
  features: said(
    z.record(
      z.string(),
      z.union([
        valueType,
        z.strictObject({
          type: said(valueType, 'Its type.', 'Float32'),
          column: said(z.string().optional(), 'The column that it is, where that has another name.', 'fee_eur'),
        }),
        z.strictObject({
          type: said(valueType, 'Its type.', 'Float32'),
          sql: said(z.string().min(1), 'An expression of DuckDB over the columns of one row.', 'fee / 12'),
        }),
      ]),
    ),
    'Features by name: a type for the column of that name, or a type with a column or an expression.',
    { monthly_fee: 'Float32' },
  ),
})

const onDemandView = z.strictObject({
  inputs: said(z.array(z.string()).default([]), 'What it is computed from: view:feature, or a whole view.', [
    'profile:age',
  ]),
  request: said(z.record(z.string(), valueType).default({}), 'Columns that the caller must send along.', {
    basket: 'Float64',
  }),
  features: said(z.record(z.string(), valueType), 'What it gives.', { per_year: 'Float64' }),
  compute: said(
    z.custom<OnDemandView['compute']>((value) => typeof value === 'function', 'write a function of one row'),
    'A function from one row of inputs to one of features, the same in training and when served. It must give the same for the same.',
    '({ age }) => ({ per_year: 1 / age })',
  ),
})

const serviceEntry = z.union([
  z.string(),
  z.strictObject({
    view: said(z.string(), 'A view that is used for another entity of the row.', 'profile'),
    as: said(name, 'Its name there, put before its features: driver__age.', 'driver'),
    keys: said(z.record(z.string(), z.string()), 'Its join keys, each with the column of the row.', {
      person: 'driver_id',
    }),
    features: said(z.array(z.string()).min(1).optional(), 'Some of its features; all where left out.', ['age']),
  }),
])

const serviceEntries = z.array(serviceEntry).min(1)
const featureService = z.union([
  serviceEntries,
  z.strictObject({
    features: said(serviceEntries, 'Its features in order: view, view:feature, or a view in a role.', ['profile']),
    fullNames: said(z.boolean().default(false), 'Calls them view__feature, where names would be the same.', true),
  }),
])

const label = z.strictObject({
  entity: said(z.string(), 'Whom it is about.', 'user'),
  source: said(z.string(), 'Where the outcomes are.', 'labels'),
  column: said(z.string(), 'The column that says it.', 'churned'),
  horizon: said(duration.default('0s'), 'How long after its moment an outcome is known.', '30d'),
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
  name: said(name, 'The name of the project.', 'streamflow'),
  tracking: said(
    trackingUrl.nullable().default(null),
    'Another MLflow server, to which our flows log and from which serving loads; null for this one.',
    'http://mlflow.example:5000',
  ),
  sources: said(z.record(name, source), 'What is delivered, by name.', { users: { key: 'user_id', columns: {} } }),
  entities: said(z.record(name, entity), 'What rows and features are about.', { user: { joinKeys: {} } }),
  featureViews: said(z.record(name, featureView).default({}), 'Features of one source.', { profile: {} }),
  onDemandViews: said(z.record(name, onDemandView).default({}), 'Features that are computed when asked for.', {}),
  featureServices: said(z.record(name, featureService).default({}), 'The features of a model, in order.', {
    churn_features: ['profile'],
  }),
  labels: said(z.record(name, label).default({}), 'What there is to learn.', { churned: {} }),
  models: said(z.record(name, model).default({}), 'What is trained, registered and served.', { churn: {} }),
  schedules: said(z.record(name, schedule).default({}), 'What begins by itself, and when.', {
    retrain: { flow: 'train_baseline', input: { model: 'churn', asOf: '{month}' }, cron: '0 6 2 * *' },
  }),
  alerts: said(z.record(name, alert).default({}), 'What is watched, and from where on it is wrong.', {
    churn_drifts: { metric: 'drift.share', of: { model: 'churn' }, above: 0.3 },
  }),
  alertChannels: said(z.record(name, alertChannel).default({}), 'Who is told of alerts.', {
    team: { webhook: 'ops' },
  }),
  defaultModel: said(
    z.string().nullable().default(null),
    'The model that is meant where a caller names none; by default the only one.',
    'churn',
  ),
})

export type ProjectShape = z.output<typeof projectShape>
