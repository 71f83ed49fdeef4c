import { ENTITY_NAMES, type SearchFields } from '../mlflow/search/fields.ts'
import { PROMPT_TAG } from './names.ts'

/** MLflow 3 keeps prompts among the models; who looks for models does not find them. */
const otherKind = { tag: PROMPT_TAG }

export const MODEL_FIELDS: SearchFields = {
  attributes: {
    name: { sql: 'm.name', type: 'text' },
    creation_timestamp: { sql: 'm.creation_ms', type: 'number' },
    last_updated_timestamp: { sql: 'm.last_update_ms', type: 'number' },
  },
  keyed: { tags: { table: 'registry.model_tag', match: 'k.name = m.name', type: 'text' } },
  otherKind,
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
  otherKind,
  aliases: { version: 'version_number', source: 'source_path' },
  entities: ENTITY_NAMES,
  defaultOrder: 'v.last_update_ms desc, v.name',
  tieBreak: 'v.name, v.version desc',
}
