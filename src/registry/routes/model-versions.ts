import { jsonPages } from '../../db/long-work.ts'
import { type Endpoint, JsonPieces } from '../../mlflow/endpoint.ts'
import {
  type Fields,
  keyValues,
  missing,
  optionalBoolean,
  optionalInteger,
  optionalText,
  requiredText,
  textList,
} from '../../mlflow/read.ts'
import { listJson } from '../../wire/json-stream.ts'
import { parseStage, parseVersion } from '../names.ts'
import type { ModelVersion, Registry } from '../registry.ts'
import { transitionJson, versionJson } from '../wire.ts'
import { pageSize } from './request.ts'

const PAGE_SIZE = { default: 10_000, max: 200_000 }

/** A run or model that may be none of ours; the database knows no more. */
const ID_LENGTH_MAX = 500

const textOf = (version: ModelVersion) => JSON.stringify(versionJson(version))

export function modelVersionEndpoints(registry: Registry): Endpoint[] {
  return [
    {
      method: 'POST',
      path: 'model-versions/create',
      async run(fields) {
        const version = await registry.createVersion({
          name: requiredText(fields, 'name'),
          source: requiredText(fields, 'source', 'source'),
          runId: optionalText(fields, 'run_id', ID_LENGTH_MAX),
          modelId: optionalText(fields, 'model_id', ID_LENGTH_MAX),
          runLink: optionalText(fields, 'run_link', 'runLink'),
          description: optionalText(fields, 'description', 'description'),
          tags: Object.fromEntries(keyValues(fields, 'tags').map(({ key, value }) => [key, value])),
        })
        return { model_version: versionJson(version) }
      },
    },
    {
      method: 'GET',
      path: 'model-versions/get',
      run: async (fields) => ({ model_version: versionJson(await registry.getVersion(...named(fields))) }),
    },
    {
      method: 'GET',
      path: 'model-versions/search',
      async run(fields) {
        const { rows, nextPageToken } = await registry.findVersions({
          filter: optionalText(fields, 'filter', 'filterText'),
          orderBy: textList(fields, 'order_by', 'orderBy'),
          pageToken: optionalText(fields, 'page_token'),
          maxResults: pageSize(optionalInteger(fields, 'max_results'), PAGE_SIZE),
        })
        const items = jsonPages(rows, async (keys) => (await registry.readVersions(keys)).map(textOf))
        return new JsonPieces(listJson({ name: 'model_versions', items, after: { next_page_token: nextPageToken } }))
      },
    },
    {
      method: 'GET',
      path: 'model-versions/get-download-uri',
      run: async (fields) => ({ artifact_uri: (await registry.getVersion(...named(fields))).location }),
    },
    {
      method: 'POST',
      path: 'model-versions/transition-stage',
      async run(fields, { actor }) {
        const [name, version] = named(fields)
        const stage = parseStage(requiredText(fields, 'stage'))
        const archiveExisting = optionalBoolean(fields, 'archive_existing_versions') ?? false
        // Not in MLflow's own request: why, for the history.
        const comment = optionalText(fields, 'comment', 'description')
        const moved = await registry.transition({ name, version, stage, archiveExisting, actor, comment })
        return { model_version: versionJson(moved) }
      },
    },
    {
      // Ours, beside MLflow's: who moved what, from where to where, when and why; of one version or of all. With
      // `deleted=true` that of the models that had this name before.
      method: 'GET',
      path: 'model-versions/history',
      async run(fields) {
        const name = requiredText(fields, 'name')
        const text = optionalText(fields, 'version')
        const version = text === undefined ? undefined : parseVersion(text)
        const deleted = optionalBoolean(fields, 'deleted') ?? false
        const history = await (deleted ? registry.historyOfDeleted(name, version) : registry.history(name, version))
        if (!deleted || history.length === 0) await registry.getModel(name)
        return { transitions: history.length > 0 ? history.map(transitionJson) : undefined }
      },
    },
    {
      method: 'PATCH',
      path: 'model-versions/update',
      async run(fields) {
        const description = optionalText(fields, 'description', 'description') ?? ''
        return { model_version: versionJson(await registry.describeVersion(...named(fields), description)) }
      },
    },
    {
      method: 'DELETE',
      path: 'model-versions/delete',
      async run(fields, { actor }) {
        await registry.deleteVersion(...named(fields), actor)
        return {}
      },
    },
    {
      method: 'POST',
      path: 'model-versions/set-tag',
      async run(fields) {
        const key = requiredText(fields, 'key')
        const value = optionalText(fields, 'value')
        if (value === undefined) throw missing('value')
        await registry.setVersionTag(...named(fields), key, value)
        return {}
      },
    },
    {
      method: 'DELETE',
      path: 'model-versions/delete-tag',
      async run(fields) {
        await registry.deleteVersionTag(...named(fields), requiredText(fields, 'key'))
        return {}
      },
    },
  ]
}

function named(fields: Fields): [name: string, version: number] {
  const version = typeof fields.version === 'number' ? fields.version : requiredText(fields, 'version')
  return [requiredText(fields, 'name'), parseVersion(version)]
}
