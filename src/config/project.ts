/**
 * The project, complete: what `defineProject` input becomes after `config/normalize.ts` has read it. Every room works
 * on these types only. Names are unique within their list; every reference has been resolved and checked.
 */
export type Project = {
  name: string
  /** The folder of `weir.config.ts`. */
  dir: string
  /** Another MLflow server, to which our flows log and from which serving loads; null for this one. */
  tracking: string | null
  sources: Source[]
  entities: Entity[]
  featureViews: FeatureView[]
  featureServices: FeatureService[]
  labels: Label[]
  models: Model[]
}

export const VALUE_TYPES = ['String', 'Int32', 'Int64', 'Float32', 'Float64', 'Bool', 'Date', 'UnixTimestamp'] as const
export type ValueType = (typeof VALUE_TYPES)[number]

/** error refuses the delivery, warn records the finding and goes on. */
export type Severity = 'error' | 'warn'

export type Source = {
  name: string
  kind: 'snapshot' | 'changes'
  /** The file of a delivery folder that holds this source, e.g. `users.csv`. */
  file: string
  /** The columns that name a row. */
  key: string[]
  columns: Column[]
  checks: TableCheck[]
  /** How long after valid_at the first delivery of a moment is known to the world. */
  publishDelayMs: number
}

export type Column = { name: string; type: ValueType; checks: ColumnCheck[] }

export type ColumnCheck =
  | { rule: 'required'; severity: Severity }
  | { rule: 'unique'; severity: Severity }
  | { rule: 'range'; min: number | null; max: number | null; severity: Severity }
  | { rule: 'allowed'; values: readonly (string | number | boolean)[]; severity: Severity }
  | { rule: 'pattern'; pattern: string; severity: Severity }
  /** Null exactly there where `column` has one of `values`; a null elsewhere, or a value there, is a finding. */
  | { rule: 'null_only_when'; column: string; values: readonly (string | number | boolean)[]; severity: Severity }

export type TableCheck =
  | { rule: 'one_row_per_key'; severity: Severity }
  /** The same set of keys as another source of the same delivery. */
  | { rule: 'same_keys_as'; source: string; severity: Severity }
  /** Row count within ± share of the previous moment's newest snapshot. */
  | { rule: 'row_count_change'; share: number; severity: Severity }
  /** A column that the project does not name. */
  | { rule: 'extra_columns'; severity: Severity }

export type Entity = { name: string; joinKeys: { name: string; type: ValueType }[] }

export type FeatureView = {
  name: string
  entity: string
  source: string
  features: Feature[]
  /** Longest age at which a value may be used, null for no limit. */
  ttlMs: number | null
}

export type Feature = { name: string; type: ValueType; column: string }

export type FeatureService = { name: string; features: { view: string; feature: string }[] }

export type Label = { name: string; source: string; column: string; entity: string; horizonMs: number }

export type Model = {
  name: string
  experiment: string
  /** `{as_of}` stands for the as-of date. */
  runName: string
  featureService: string
  label: string
  learner: Learner
  split: { testShare: number; seed: number; stratify: boolean }
  /** Probability from which the prediction is positive. */
  threshold: number
}

export type Learner = {
  kind: 'random_forest'
  trees: number
  /** Null for no limit. */
  maxDepth: number | null
  minSamplesLeaf: number
  minSamplesSplit: number
  /** Features tried at a split: the square root of all, all, or a number. */
  maxFeatures: 'sqrt' | 'all' | number
  classWeight: 'balanced' | 'none'
  bootstrap: boolean
  seed: number
}
