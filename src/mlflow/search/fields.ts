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
export type SearchFields = {
  attributes: Record<string, Attribute>
  keyed: Record<string, { table: string; match: string; type: 'text' | 'number' }>
  /** Many things of one row, of which one must fulfil a comparison: `from` finds them. Nothing is sorted by them. */
  related?: Record<string, { from: string; texts: Record<string, string> }>
  /** Keyed values whose `!=` also finds what lacks them. */
  negationMatchesMissing?: ReadonlySet<string>
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
    metrics: { table: 'tracking.latest_metric', match: 'k.run_id = r.run_id', type: 'number' },
    params: { table: 'tracking.param', match: 'k.run_id = r.run_id', type: 'text' },
    tags: { table: 'tracking.tag', match: 'k.run_id = r.run_id', type: 'text' },
  },
  related: {
    datasets: {
      from: 'tracking.input i join tracking.dataset d using (dataset_id) where i.run_id = r.run_id',
      texts: {
        name: 'd.name',
        digest: 'd.digest',
        context: `(select g.value from tracking.input_tag g where g.run_id = i.run_id and g.dataset_id = i.dataset_id
                     and g.key = 'mlflow.data.context')`,
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
