import { ENTITY_NAMES, type SearchFields } from '../mlflow/search/fields.ts'

/** MLflow 3 keeps prompts among the models: its pages and clients ask for all that are not said to be one. */
const negationMatchesMissing = new Set(['tags.mlflow.prompt.is_prompt'])

export const MODEL_FIELDS: SearchFields = {
  attributes: {
    name: { sql: 'm.name', type: 'text' },
    creation_timestamp: { sql: 'm.creation_ms', type: 'number' },
    last_updated_timestamp: { sql: 'm.last_update_ms', type: 'number' },
  },
  keyed: { tags: { table: 'registry.model_tag', match: 'k.name = m.name', type: 'text' } },
  negationMatchesMissing,
  aliases: { timestamp: 'last_updated_timestamp' },
  entities: ENTITY_NAMES,
  defaultOrder: 'm.name',
  tieBreak: 'm.name',
}

export const VERSION_FIELDS: SearchFields = {
  attributes: {
    name: { sql: 'v.name', type: 'text' },
    run_id: { sql: 'v.run_id', type: 'text' },
    source_path: { sql: 'v.source', type: 'text' },
    version_number: { sql: 'v.version', type: 'number' },
    current_stage: { sql: 'v.stage', type: 'text' },
    creation_timestamp: { sql: 'v.creation_ms', type: 'number' },
    last_updated_timestamp: { sql: 'v.last_update_ms', type: 'number' },
  },
  keyed: {
    tags: { table: 'registry.version_tag', match: 'k.name = v.name and k.version = v.version', type: 'text' },
  },
  negationMatchesMissing,
  aliases: { version: 'version_number', source: 'source_path' },
  entities: ENTITY_NAMES,
  defaultOrder: 'v.last_update_ms desc, v.name',
  tieBreak: 'v.name, v.version desc',
}
