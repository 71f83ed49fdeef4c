import { jsonPages } from '../../db/long-work.ts'
import { type Endpoint, JsonPieces } from '../../mlflow/endpoint.ts'
import { keyValues, optionalInteger, optionalText, requiredText, textList } from '../../mlflow/read.ts'
import { listJson } from '../../wire/json-stream.ts'
import { parseStage, parseVersion, STAGES } from '../names.ts'
import type { RegisteredModel, Registry } from '../registry.ts'
import { modelJson, versionJson } from '../wire.ts'
import { pageSize } from './request.ts'

const PAGE_SIZE = { default: 100, max: 1000 }

const textOf = (model: RegisteredModel) => JSON.stringify(modelJson(model))

export function registeredModelEndpoints(registry: Registry): Endpoint[] {
  const latest: Endpoint['run'] = async (fields) => {
    const name = requiredText(fields, 'name')
    const stages = textList(fields, 'stages').map(parseStage)
    await registry.getModel(name)
    const found = await registry.latestVersions(name, stages.length > 0 ? stages : STAGES)
    return { model_versions: found.length > 0 ? found.map(versionJson) : undefined }
  }
  return [
    {
      method: 'POST',
      path: 'registered-models/create',
      async run(fields) {
        const tags = Object.fromEntries(keyValues(fields, 'tags').map(({ key, value }) => [key, value]))
        const name = optionalText(fields, 'name') ?? ''
        const description = optionalText(fields, 'description', 'description')
        return { registered_model: modelJson(await registry.createModel({ name, description, tags })) }
      },
    },
    {
      method: 'GET',
      path: 'registered-models/get',
      run: async (fields) => ({ registered_model: modelJson(await registry.getModel(requiredText(fields, 'name'))) }),
    },
    {
      method: 'GET',
      path: 'registered-models/search',
      async run(fields) {
        const { rows, nextPageToken } = await registry.findModels({
          filter: optionalText(fields, 'filter', 'filterText'),
          orderBy: textList(fields, 'order_by', 'orderBy'),
          pageToken: optionalText(fields, 'page_token'),
          maxResults: pageSize(optionalInteger(fields, 'max_results'), PAGE_SIZE),
        })
        const items = jsonPages(rows, async (names) => (await registry.readModels(names)).map(textOf))
        return new JsonPieces(listJson({ name: 'registered_models', items, after: { next_page_token: nextPageToken } }))
      },
    },
    {
      method: 'POST',
      path: 'registered-models/rename',
      async run(fields) {
        const name = requiredText(fields, 'name')
        return { registered_model: modelJson(await registry.renameModel(name, requiredText(fields, 'new_name'))) }
      },
    },
    {
      method: 'PATCH',
      path: 'registered-models/update',
      async run(fields) {
        const description = optionalText(fields, 'description', 'description') ?? ''
        return {
          registered_model: modelJson(await registry.describeModel(requiredText(fields, 'name'), description)),
        }
      },
    },
    {
      method: 'DELETE',
      path: 'registered-models/delete',
      async run(fields, { actor }) {
        await registry.deleteModel(requiredText(fields, 'name'), actor)
        return {}
      },
    },
    { method: 'POST', path: 'registered-models/get-latest-versions', run: latest },
    { method: 'GET', path: 'registered-models/get-latest-versions', run: latest },
    {
      method: 'POST',
      path: 'registered-models/set-tag',
      async run(fields) {
        const value = optionalText(fields, 'value') ?? ''
        await registry.setModelTag(requiredText(fields, 'name'), requiredText(fields, 'key'), value)
        return {}
      },
    },
    {
      method: 'DELETE',
      path: 'registered-models/delete-tag',
      async run(fields) {
        await registry.deleteModelTag(requiredText(fields, 'name'), requiredText(fields, 'key'))
        return {}
      },
    },
    {
      method: 'POST',
      path: 'registered-models/alias',
      async run(fields, { actor }) {
        const version = parseVersion(requiredText(fields, 'version'))
        const alias = requiredText(fields, 'alias')
        await registry.setAlias({ name: requiredText(fields, 'name'), version, alias, actor })
        return {}
      },
    },
    {
      method: 'DELETE',
      path: 'registered-models/alias',
      async run(fields, { actor }) {
        const alias = requiredText(fields, 'alias')
        await registry.deleteAlias({ name: requiredText(fields, 'name'), alias, actor })
        return {}
      },
    },
    {
      method: 'GET',
      path: 'registered-models/alias',
      async run(fields) {
        const name = requiredText(fields, 'name')
        return { model_version: versionJson(await registry.byAlias(name, requiredText(fields, 'alias'))) }
      },
    },
  ]
}
