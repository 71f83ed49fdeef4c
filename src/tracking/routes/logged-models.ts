import type { Endpoint } from '../../wire/mlflow/endpoint.ts'
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
} from '../../wire/mlflow/read.ts'
import type { Tracking } from '../tracking.ts'
import { artifactJson, listOrNothing, loggedModelJson } from '../wire.ts'
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
        const { rows, nextPageToken } = await loggedModels.search({
          experimentIds: textList(fields, 'experiment_ids'),
          filter: optionalText(fields, 'filter'),
          orderBy: objectList(fields, 'order_by').map(orderOf),
          datasets: objectList(fields, 'datasets').map((dataset) => ({
            dataset_name: requiredText(dataset, 'dataset_name'),
            dataset_digest: optionalText(dataset, 'dataset_digest'),
          })),
          maxResults: pageSize(fields, PAGE_SIZE),
          pageToken: optionalText(fields, 'page_token'),
        })
        return { models: listOrNothing(rows.map(loggedModelJson)), next_page_token: nextPageToken }
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
        const { artifact_uri } = await loggedModels.get(idOf(fields))
        const files = await artifacts.listBelow(artifact_uri, optionalText(fields, 'artifact_directory_path'))
        return { root_uri: artifact_uri, files: listOrNothing(files.map(artifactJson)) }
      },
    },
    {
      method: 'POST',
      path: 'runs/outputs',
      async run(fields) {
        const outputs = objectList(fields, 'models').map((m) => ({ model_id: idOf(m), step: stepOf(m) }))
        await loggedModels.linkToRun(runIdOf(fields), { inputs: [], outputs })
        return {}
      },
    },
  ]
}

function idOf(fields: Fields): string {
  return requiredText(fields, 'model_id')
}

/** As the text of an order, which the grammar of searches then reads. */
function orderOf(fields: Fields): string {
  const ascending = optionalBoolean(fields, 'ascending') ?? true
  return `${requiredText(fields, 'field_name')} ${ascending ? 'ASC' : 'DESC'}`
}
