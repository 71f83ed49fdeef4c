/** What can be searched: how each field is written in SQL, and what it may be compared with. */

import type { OrderKey } from './keyset.ts'

type Attribute = {
  sql: string
  type: 'text' | 'number'
  /** What is sorted by, when that is something else. */
  order?: string
  /** Its type in SQL, when it is never null: pages can then go on behind a value of it (keyset.ts). */
  always?: OrderKey['type']
}

/** `match` says in SQL which keyed values `k` (metrics, params, tags) belong to a row. */
type Keyed = {
  table: string
  match: string
  type: 'text' | 'number'
  /** An index gives the rows of an experiment in the order of one key's values (find-runs.ts walks it). */
  walked?: true
}

export type SearchFields = {
  attributes: Record<string, Attribute>
  keyed: Record<string, Keyed>
  /** Many things of one row, of which one must fulfil a comparison: `from` finds them. Nothing is sorted by them. */
  related?: Record<string, { from: string; texts: Record<string, string> }>
  /** Rows of another kind, which have this tag as `true`: they are found only by who asks for them with `= 'true'`. */
  otherKind?: { tag: string }
  /** Other spellings of an attribute or entity. */
  aliases: Record<string, string>
  entities: Record<string, string>
  defaultOrder: string
  /** Makes every order total. */
  tieBreak: string
  /** The same two as keys of pages, where they can be. */
  orderKeys?: { default: OrderKey[]; tieBreak: OrderKey[] }
}

export const ENTITY_NAMES: Record<string, string> = {
  metric: 'metrics',
  metrics: 'metrics',
  param: 'params',
  params: 'params',
  parameter: 'params',
  parameters: 'params',
  tag: 'tags',
  tags: 'tags',
  attr: 'attributes',
  attribute: 'attributes',
  attributes: 'attributes',
  run: 'attributes',
  dataset: 'datasets',
  datasets: 'datasets',
}

/** What a run used a dataset for, the first time; other purposes have rows of their own. */
const CONTEXT = `(select g.value from tracking.input_tag g where g.run_id = i.run_id and g.dataset_id = i.dataset_id
                    and g.key = 'mlflow.data.context')`

export const RUN_FIELDS: SearchFields = {
  attributes: {
    run_id: { sql: 'r.run_id', type: 'text', always: 'text' },
    run_name: { sql: 'r.name', type: 'text', always: 'text' },
    user_id: { sql: 'r.user_id', type: 'text', always: 'text' },
    status: { sql: 'r.status', type: 'text', always: 'text' },
    artifact_uri: { sql: 'r.artifact_uri', type: 'text' },
    experiment_id: { sql: 'r.experiment_id::text', type: 'text' },
    start_time: { sql: 'r.start_ms', type: 'number', always: 'bigint' },
    end_time: { sql: 'r.end_ms', type: 'number' },
  },
  keyed: {
    metrics: { table: 'tracking.latest_metric', match: 'k.run_id = r.run_id', type: 'number', walked: true },
    params: { table: 'tracking.param', match: 'k.run_id = r.run_id', type: 'text' },
    tags: { table: 'tracking.tag', match: 'k.run_id = r.run_id', type: 'text' },
  },
  related: {
    datasets: {
      from: `(select run_id, dataset_id, ${CONTEXT} as context from tracking.input i where i.run_id = r.run_id
               union all select run_id, dataset_id, context from tracking.input_again a where a.run_id = r.run_id) i
             join tracking.dataset d using (dataset_id) where true`,
      texts: {
        name: 'd.name',
        digest: 'd.digest',
        context: 'i.context',
      },
    },
  },
  aliases: {
    created: 'start_time',
    Created: 'start_time',
    'run name': 'run_name',
    'Run name': 'run_name',
    'Run Name': 'run_name',
  },
  entities: ENTITY_NAMES,
  defaultOrder: 'r.start_ms desc',
  tieBreak: 'r.run_id',
  orderKeys: {
    default: [{ sql: 'r.start_ms', direction: 'desc', type: 'bigint' }],
    tieBreak: [{ sql: 'r.run_id', direction: 'asc', type: 'text' }],
  },
}

/** The least or greatest value over the steps; read off the history where a server of the version before wrote it. */
function extent(column: 'least' | 'greatest', aggregate: 'min' | 'max'): Keyed {
  const history = `(select ${aggregate}(p.value) from tracking.series s join tracking.point p using (series_id)
    where s.run_id = l.run_id and s.key = l.key and p.value <> 'NaN')`
  const table = `(select l.run_id, l.key, coalesce(l.${column}, ${history}, l.value) as value from tracking.latest_metric l)`
  return { table, match: 'k.run_id = r.run_id', type: 'number' }
}

/** The table of runs: the same, and the least and greatest value of a metric over its steps, and how long a run took. */
export const RUN_TABLE_FIELDS: SearchFields = {
  ...RUN_FIELDS,
  attributes: { ...RUN_FIELDS.attributes, duration: { sql: '(r.end_ms - r.start_ms)', type: 'number' } },
  keyed: { ...RUN_FIELDS.keyed, min: extent('least', 'min'), max: extent('greatest', 'max') },
  entities: { ...ENTITY_NAMES, min: 'min', max: 'max' },
}

export const EXPERIMENT_FIELDS: SearchFields = {
  attributes: {
    name: { sql: 'e.name', type: 'text' },
    experiment_id: { sql: 'e.experiment_id::text', type: 'text', order: 'e.experiment_id' },
    creation_time: { sql: 'e.creation_ms', type: 'number' },
    last_update_time: { sql: 'e.last_update_ms', type: 'number' },
  },
  keyed: { tags: { table: 'tracking.experiment_tag', match: 'k.experiment_id = e.experiment_id', type: 'text' } },
  aliases: {},
  entities: ENTITY_NAMES,
  defaultOrder: 'e.creation_ms desc',
  tieBreak: 'e.experiment_id',
}

const LATEST_MODEL_METRIC = `(
  select distinct on (m.model_id, m.key) m.model_id, m.key, m.value from tracking.logged_model_metric m
  order by m.model_id, m.key, m.step desc, m.timestamp_ms desc, m.value desc)`

export const TRACE_FIELDS: SearchFields = {
  attributes: {
    request_id: { sql: 't.trace_id', type: 'text' },
    timestamp_ms: { sql: 't.timestamp_ms', type: 'number' },
    execution_time_ms: { sql: 't.execution_ms', type: 'number' },
    status: { sql: 't.status', type: 'text' },
    client_request_id: { sql: 't.client_request_id', type: 'text' },
    name: {
      sql: "(select k.value from tracking.trace_tag k where k.trace_id = t.trace_id and k.key = 'mlflow.traceName')",
      type: 'text',
    },
    run_id: {
      sql: "(select k.value from tracking.trace_metadata k where k.trace_id = t.trace_id and k.key = 'mlflow.sourceRun')",
      type: 'text',
    },
  },
  keyed: {
    tags: { table: 'tracking.trace_tag', match: 'k.trace_id = t.trace_id', type: 'text' },
    metadata: { table: 'tracking.trace_metadata', match: 'k.trace_id = t.trace_id', type: 'text' },
  },
  aliases: {
    trace_id: 'request_id',
    timestamp: 'timestamp_ms',
    request_time: 'timestamp_ms',
    execution_time: 'execution_time_ms',
    execution_duration: 'execution_time_ms',
    state: 'status',
  },
  entities: { ...ENTITY_NAMES, trace: 'attributes', metadata: 'metadata', request_metadata: 'metadata' },
  defaultOrder: 't.timestamp_ms desc',
  tieBreak: 't.trace_id',
}

export const LOGGED_MODEL_FIELDS: SearchFields = {
  attributes: {
    name: { sql: 'l.name', type: 'text' },
    model_id: { sql: 'l.model_id', type: 'text' },
    model_type: { sql: 'l.model_type', type: 'text' },
    status: { sql: 'l.status', type: 'text' },
    source_run_id: { sql: 'l.source_run_id', type: 'text' },
    experiment_id: { sql: 'l.experiment_id::text', type: 'text', order: 'l.experiment_id' },
    creation_timestamp: { sql: 'l.creation_ms', type: 'number' },
    last_updated_timestamp: { sql: 'l.last_update_ms', type: 'number' },
  },
  keyed: {
    metrics: { table: LATEST_MODEL_METRIC, match: 'k.model_id = l.model_id', type: 'number' },
    params: { table: 'tracking.logged_model_param', match: 'k.model_id = l.model_id', type: 'text' },
    tags: { table: 'tracking.logged_model_tag', match: 'k.model_id = l.model_id', type: 'text' },
  },
  aliases: {
    creation_time: 'creation_timestamp',
    creation_timestamp_ms: 'creation_timestamp',
    last_updated_time: 'last_updated_timestamp',
    last_updated_timestamp_ms: 'last_updated_timestamp',
  },
  entities: ENTITY_NAMES,
  defaultOrder: 'l.creation_ms desc',
  tieBreak: 'l.model_id',
}
