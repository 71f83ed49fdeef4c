/** A drift report: what is stored, answered, drawn and written as JSON. Shares are of 1; a value that does not exist is null. */
import { z } from 'zod'

export const DRIFT_TESTS = [
  'ks',
  'chi_square',
  'z',
  'wasserstein',
  'jensen_shannon',
  'psi',
  'hellinger',
  'tvd',
  'kl',
  'anderson_darling',
  'cramer_von_mises',
] as const

export type DriftTest = (typeof DRIFT_TESTS)[number]

const both = <Shape extends z.ZodType>(shape: Shape) => z.object({ reference: shape, current: shape })

const summary = z.object({
  rows: z.int().meta({ description: 'Rows, nulls too.' }),
  distinct: z.int().meta({ description: 'Different values, null not among them.' }),
  mean: z.number().nullable(),
  min: z.number().nullable(),
  max: z.number().nullable(),
})

export const histogramShape = z.object({
  kind: z.enum(['numbers', 'categories']),
  edges: z.array(z.number()).meta({ description: 'Of numbers: one more than there are bars.' }),
  names: z.array(z.string()).meta({ description: 'Of categories; the last may stand for all others.' }),
  reference: z.array(z.number()).meta({ description: 'The share of the rows that have a value, by bar.' }),
  current: z.array(z.number()),
})

export const columnDrift = z.object({
  column: z.string(),
  type: z.string().meta({ description: 'The declared type.' }),
  test: z.enum(DRIFT_TESTS).nullable().meta({ description: 'Null where one of the two sides has no value.' }),
  value: z.number().nullable().meta({ description: 'The distance, or the p-value.' }),
  threshold: z.number().nullable(),
  moved: z.boolean().meta({ description: 'What the test says of the values.' }),
  drifted: z
    .boolean()
    .meta({ description: 'The values moved, or the share of nulls, or there are categories never seen.' }),
  nulls: z.object({ reference: z.number(), current: z.number(), p: z.number(), drifted: z.boolean() }),
  unseen: z.array(z.object({ value: z.string(), rows: z.int() })).meta({
    description: 'Categories of the current side that the reference has not, the most frequent first; up to 20.',
  }),
  unseen_values: z.int(),
  unseen_rows: z.int(),
  unseen_drifted: z.boolean(),
  effect: z
    .object({
      share: z.number().meta({ description: 'Of the mean |SHAP| of all features.' }),
      mean: z.number().meta({ description: 'Mean |SHAP| of the feature, in the unit of the margin.' }),
    })
    .nullable()
    .meta({
      description: 'What the column is worth to the live model; null where there is none, or it does not ask it.',
    }),
  says: z.string().meta({ description: 'The verdict in words.' }),
  summary: both(summary),
  histogram: histogramShape.nullable(),
})

export const driftSide = z.object({
  kind: z.enum(['snapshot', 'training_set', 'features', 'predictions']),
  name: z.string().meta({ description: 'The source or the model.' }),
  says: z.string(),
  from: z.string().nullable(),
  at: z.string().meta({ description: 'The moment that is described, or the end of the window.' }),
  rows: z.int(),
})

export const driftReport = z.object({
  reference: driftSide,
  current: driftSide,
  model: z.string().nullable().meta({ description: 'By which effect is weighed, and whose measures these are.' }),
  version: z.int().nullable(),
  share: z.number().nullable().meta({ description: 'Of the columns that could be compared, how many drifted.' }),
  drift_share: z.number().meta({ description: 'From this share on the dataset has drifted.' }),
  drifted: z.boolean(),
  compared: z.int(),
  drifted_columns: z.int(),
  thresholds: z.enum(['fixed', 'history']),
  history: z
    .object({
      periods: z.array(z.string()).meta({ description: 'The moments that the thresholds were learned from.' }),
      alpha: z.number().meta({ description: 'The share of false alarms that is allowed, of whole reports.' }),
      says: z.string(),
    })
    .nullable(),
  columns: z.array(columnDrift).meta({ description: 'By what they are worth to the model, else as they stand.' }),
  prediction: columnDrift.nullable(),
  label: columnDrift.nullable(),
  says: z.string(),
  warnings: z.array(z.string()),
})

export type Histogram = z.infer<typeof histogramShape>
export type ColumnDrift = z.infer<typeof columnDrift>
export type DriftSide = z.infer<typeof driftSide>
export type DriftReport = z.infer<typeof driftReport>
