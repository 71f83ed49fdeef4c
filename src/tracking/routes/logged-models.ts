import { jsonPages, longPage } from '../../db/long-work.ts'
import { type Endpoint, JsonPieces } from '../../mlflow/endpoint.ts'
import {
  type Fields,
  invalid,
  keyValues,
  objectList,
  optionalBoolean,
  optionalEnum,
  optionalText,
  pageSize,
  requiredText,
  textList,
} from '../../mlflow/read.ts'
import { listJson } from '../../wire/json-stream.ts'
import type { LoggedModel } from '../logged-models.ts'
import type { Tracking } from '../tracking.ts'
import { loggedModelJson } from '../wire.ts'
import { fileList } from './artifacts.ts'
import { runIdOf, stepOf } from './request.ts'

const PAGE_SIZE = { default: 50, max: 1000 }
const TEXT_LENGTH_MAX = 500

/** In the order of their numbers in the protocol, from 1 on. */
const STATUSES = ['LOGGED_MODEL_PENDING', 'LOGGED_MODEL_READY', 'LOGGED_MODEL_UPLOAD_FAILED'] as const

export function loggedModelEndpoints({
  loggedModels,
  artifacts,
}: Pick<Tracking, 'loggedModels' | 'artifacts'>): Endpoint[] {
  return [
    {
      method: 'POST',
      path: 'logged-models',
      async run(fields) {
        const made = await loggedModels.create({
          experimentId: requiredText(fields, 'experiment_id'),
          name: optionalText(fields, 'name'),
          modelType: optionalText(fields, 'model_type', TEXT_LENGTH_MAX),
          sourceRunId: optionalText(fields, 'source_run_id', TEXT_LENGTH_MAX),
          params: keyValues(fields, 'params'),
          tags: keyValues(fields, 'tags'),
        })
        return { model: loggedModelJson(made) }
      },
    },
    {
      method: 'POST',
      path: 'logged-models/search',
      async run(fields) {
        const { rows, nextPageToken } = await loggedModels.find({
          experimentIds: textList(fields, 'experiment_ids', 'experimentIds'),
          filter: optionalText(fields, 'filter', 'filterText'),
          orderBy: objectList(fields, 'order_by', 'orderBy').map(orderOf),
          datasets: objectList(fields, 'datasets').map((dataset) => ({
            dataset_name: requiredText(dataset, 'dataset_name'),
            dataset_digest: optionalText(dataset, 'dataset_digest'),
          })),
          maxResults: pageSize(fields, PAGE_SIZE),
          pageToken: optionalText(fields, 'page_token'),
        })
        const items = jsonPages(rows, async (ids) => (await loggedModels.read(ids)).map(textOf))
        return new JsonPieces(listJson({ name: 'models', items, after: { next_page_token: nextPageToken } }))
      },
    },
    {
      method: 'GET',
      path: 'logged-models/:model_id',
      async run(fields) {
        const deletedToo = optionalBoolean(fields, 'allow_deleted') ?? false
        return { model: loggedModelJson(await loggedModels.get(idOf(fields), { deletedToo })) }
      },
    },
    {
      method: 'PATCH',
      path: 'logged-models/:model_id',
      async run(fields) {
        const status = optionalEnum(fields, 'status', STATUSES)
        if (status !== 'LOGGED_MODEL_READY' && status !== 'LOGGED_MODEL_UPLOAD_FAILED') {
          throw invalid("'status' must be LOGGED_MODEL_READY or LOGGED_MODEL_UPLOAD_FAILED")
        }
        const finished = await loggedModels.finish(idOf(fields), status === 'LOGGED_MODEL_READY' ? 'READY' : 'FAILED')
        return { model: loggedModelJson(finished) }
      },
    },
    {
      method: 'DELETE',
      path: 'logged-models/:model_id',
      async run(fields) {
        await loggedModels.remove(idOf(fields))
        return {}
      },
    },
    {
      method: 'PATCH',
      path: 'logged-models/:model_id/tags',
      run: async (fields) => ({
        model: loggedModelJson(await loggedModels.setTags(idOf(fields), keyValues(fields, 'tags'))),
      }),
    },
    {
      method: 'DELETE',
      path: 'logged-models/:model_id/tags/:tag_key',
      async run(fields) {
        await loggedModels.deleteTag(idOf(fields), requiredText(fields, 'tag_key'))
        return {}
      },
    },
    {
      method: 'POST',
      path: 'logged-models/:model_id/params',
      async run(fields) {
        await loggedModels.logParams(idOf(fields), keyValues(fields, 'params'))
        return {}
      },
    },
    {
      method: 'GET',
      path: 'logged-models/:model_id/artifacts/directories',
      async run(fields) {
        const { artifactUri } = await loggedModels.get(idOf(fields))
        const path = optionalText(fields, 'artifact_directory_path')
        const files = await longPage(() => artifacts.listBelow(artifactUri, path))
        return fileList(files, { root_uri: artifactUri })
      },
    },
    {
      method: 'POST',
      path: 'runs/outputs',
      async run(fields) {
        const outputs = objectList(fields, 'models').map((m) => ({ modelId: idOf(m), step: stepOf(m) }))
        await loggedModels.linkToRun(runIdOf(fields), { inputs: [], outputs })
        return {}
      },
    },
  ]
}

const textOf = (model: LoggedModel) => JSON.stringify(loggedModelJson(model))

function idOf(fields: Fields): string {
  return requiredText(fields, 'model_id')
}

/** As the text of an order, which the grammar of searches then reads. */
function orderOf(fields: Fields): string {
  const ascending = optionalBoolean(fields, 'ascending') ?? true
  return `${requiredText(fields, 'field_name')} ${ascending ? 'ASC' : 'DESC'}`
}
