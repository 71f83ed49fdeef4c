import type { Timing } from '../base/due-times.ts'
import type { Auto } from '../ml/learn/auto/params.ts'
import type { Trainer } from '../ml/learn/given/params.ts'
import type { Learner } from '../ml/learn/learners.ts'
import type { SplitRule } from '../ml/learn/splits.ts'
import type { TargetKind } from '../ml/learn/task.ts'
import type { ThresholdRule } from '../ml/measure/threshold.ts'
import type { ValueType } from '../values/values.ts'
import type { Written } from '../values/written.ts'
import type { AlertChannel, AlertRule } from './alerts.ts'
import type { ENCODINGS } from './format-shape.ts'
import type { ModelMonitoring } from './monitoring.ts'
import type { ProjectCode } from './project-code.ts'
import type { ModelServing } from './serving.ts'

/**
 * The project, complete: what `defineProject` input becomes after `config/normalize.ts` has read it. Every room works
 * on these types only. Names are unique within their list; every reference has been resolved and checked.
 */
export type Project = {
  name: string
  /** The folder of `weir.config.ts`. */
  dir: string
  /** The files that say all this, and what they import; as they were when they were read. */
  code: ProjectCode
  /** Another MLflow server, to which our flows log and from which serving loads; null for this one. */
  tracking: string | null
  sources: Source[]
  entities: Entity[]
  featureViews: FeatureView[]
  onDemandViews: OnDemandView[]
  featureServices: FeatureService[]
  labels: Label[]
  models: Model[]
  alerts: AlertRule[]
  alertChannels: AlertChannel[]
  /** The model that is meant where a caller names none; null for the only one there is (find.ts, defaultModelOf). */
  defaultModel: string | null
  schedules: Schedule[]
}

export { VALUE_TYPES, type ValueType } from '../values/values.ts'

/** error refuses the delivery, warn records the finding and goes on. */
export type Severity = 'error' | 'warn'

export type Source = {
  name: string
  kind: 'snapshot' | 'changes'
  /** The file of a delivery folder that holds this source, e.g. `users.csv`; a `*` in it stands for any text. */
  file: string
  /** The project names no file: the source's name with any ending that is known, or the folder of its name, is it. */
  anyFile: boolean
  /** How its files are written. */
  format: Format
  /** The PostgreSQL table or query that it is read from instead of a file. */
  postgres: PostgresOrigin | null
  /** The columns that name a row. */
  key: string[]
  columns: Column[]
  checks: TableCheck[]
  /** The zone of times that are written without one, by its IANA name; null for UTC. */
  timeZone: string | null
  /** How long after valid_at the first delivery of a moment is known to the world. */
  publishDelayMs: number
  /** Of kind changes: the columns that say when a row's values began to hold, when they could first be known, and that the key is gone. */
  eventTime: string | null
  availableAt: string | null
  deleted: string | null
}

/** How a file is written: what is around the values, and (`Written`) the values themselves. */
export type Format = Written & {
  delimiter: string
  quote: string | null
  encoding: (typeof ENCODINGS)[number]
  /** Without one the fields are the declared columns in their order. */
  header: boolean
  /** Lines before the header, or before the first row where there is none. */
  skipLines: number
  /** What a column is called in the file, where that is not its name. */
  names: Readonly<Record<string, string>>
  /** Of an Excel workbook; null for the first. */
  sheet: string | null
}

/** `connection` names the environment variable with the database's URL; `{as_of}` in a query stands for the moment. */
export type PostgresOrigin = { connection: string; table: string | null; query: string | null }

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
  /** Blanks before or behind the text of a key. */
  | { rule: 'key_spaces'; severity: Severity }
  /** Texts like NA, null or - in a String column. */
  | { rule: 'missing_words'; severity: Severity }
  /** A row whose key is a word like Total. */
  | { rule: 'total_row'; severity: Severity }

export type Entity = { name: string; joinKeys: { name: string; type: ValueType }[] }

export type FeatureView = {
  name: string
  /** Null for a view of the world as a whole: its newest row holds for every entity. */
  entity: string | null
  source: string
  /** The entity's join keys, each with the column of the source that holds it. */
  keys: ViewKey[]
  features: Feature[]
  /** Longest age at which a value may be used, null for no limit. */
  ttlMs: number | null
  /** Who answers questions about it; changes no value. */
  owner: string | null
}

export type ViewKey = { name: string; type: ValueType; column: string }

/** Either a column of the source, or an SQL expression (DuckDB's) over its columns. */
export type Feature = { name: string; type: ValueType } & (
  | { column: string; sql: null }
  | { column: null; sql: string }
)

/** One value by feature or request column. Dates and moments are text, an integer beyond 2^53 is a bigint. */
export type OnDemandRow = Record<string, string | number | bigint | boolean | null>

/** Features computed when they are asked for, by the same function at training and at serving. */
export type OnDemandView = {
  name: string
  inputs: { view: string; feature: string }[]
  /** Columns that the caller must send along. */
  request: { name: string; type: ValueType }[]
  features: { name: string; type: ValueType }[]
  /**
   * SHA-256 of the function's text and of the code of the project, where what it calls stands: a part of every digest that
   * the function itself cannot be.
   */
  code: string
  compute: (row: OnDemandRow) => OnDemandRow
}

export type FeatureService = { name: string; features: ServiceFeature[] }

/** `name` is the column of the answer. `role` uses a view for another entity of the row. */
export type ServiceFeature = { name: string; view: string; feature: string; role: Role | null }

/** A view under a name of its own, whose join keys are read from other columns of the row: { zone_id: 'origin_id' }. */
export type Role = { as: string; keys: Record<string, string> }

export type Label = { name: string; source: string; column: string; entity: string; horizonMs: number }

export type Model = {
  name: string
  experiment: string
  /** `{as_of}` stands for the as-of date. */
  runName: string
  featureService: string
  label: string
  /** As written; predicts.ts says what it comes to. */
  predicts: TargetKind | null
  positive: string | number | null
  weight: { column: string } | { feature: string } | null
  learner: Learner | Auto | Trainer
  split: SplitRule
  /** Probability from which the prediction is positive, or how it is chosen. */
  threshold: number | ThresholdRule | null
  /** What the probabilities go through before they are said. */
  calibration: 'none' | 'auto' | 'platt' | 'isotonic'
  /** Features by whose values the model is measured apart; null for every text and boolean. */
  segments: readonly string[] | null
  /** Whether a training says how much of its measure comes from what was not known at T. */
  hindsight: boolean
  /** What it is for, and what it is not for, in the words of its owner; stands in its card. */
  about: string
  promotion: Promotion
  serving: ModelServing
  monitoring: ModelMonitoring
}

/** What a version must have to answer for a model. */
export type Promotion = {
  /** How many others must accept what somebody asks for; 0: it is done at once. */
  approvals: 0 | 1
  /** The share of the keys that one person may give a canary without them. */
  canaryAlone: number
  /** How long it waits for them. */
  expiresMs: number
  gate: readonly GateRule[]
}

/** One rule of the gate: of a metric of the run of a version. */
export type GateRule = {
  metric: string
  atLeast: number | null
  atMost: number | null
  /** At most so much below (above, where less is better) the champion's. */
  worseBy: number | null
  better: 'more' | 'less'
}

/** What begins by itself, and when. */
export type Schedule = {
  name: string
  flow: string
  /** Texts in it may have terms (base/terms.ts). */
  input: Record<string, unknown>
  /** Of `timing`, and of the days and months in the input. */
  zone: string
  timing: Timing | null
  on: { delivered: string[] | null; withdrawn: string[] | null; labels: string | null; drift: string | null }
  overlap: 'skip' | 'queue' | 'cancel'
  /** How many of the due times that passed while no worker was there are done, the newest. */
  catchUpMost: number
  retries: { times: number; firstMs: number; longestMs: number }
  timeoutMs: number | null
  stepTimeoutMs: number | null
  concurrency: { name: string; most: number } | null
}
