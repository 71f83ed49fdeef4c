import { jsonPages } from '../../db/long-work.ts'
import { type Endpoint, JsonPieces } from '../../mlflow/endpoint.ts'
import {
  type Fields,
  keyValues,
  optionalEnum,
  optionalText,
  pageSize,
  requiredText,
  textList,
} from '../../mlflow/read.ts'
import { listJson } from '../../wire/json-stream.ts'
import type { Experiment } from '../experiments.ts'
import type { Tracking } from '../tracking.ts'
import { experimentJson } from '../wire.ts'
import { VIEW_TYPES } from './request.ts'

const PAGE_SIZE = { default: 1000, max: 50_000 }

export function experimentEndpoints({ experiments }: Pick<Tracking, 'experiments'>): Endpoint[] {
  const search: Endpoint['run'] = async (fields) => {
    const { rows, nextPageToken } = await experiments.find({
      filter: optionalText(fields, 'filter', 'filterText'),
      orderBy: textList(fields, 'order_by', 'orderBy'),
      maxResults: pageSize(fields, PAGE_SIZE),
      pageToken: optionalText(fields, 'page_token'),
      viewType: optionalEnum(fields, 'view_type', VIEW_TYPES),
    })
    const items = jsonPages(rows, async (ids) => (await experiments.read(ids)).map(textOf))
    return new JsonPieces(listJson({ name: 'experiments', items, after: { next_page_token: nextPageToken } }))
  }
  return [
    {
      method: 'POST',
      path: 'experiments/create',
      async run(fields) {
        const { experimentId } = await experiments.create({
          name: requiredText(fields, 'name'),
          artifactLocation: optionalText(fields, 'artifact_location'),
          tags: keyValues(fields, 'tags'),
        })
        return { experiment_id: experimentId }
      },
    },
    {
      method: 'GET',
      path: 'experiments/get',
      run: async (fields) => ({ experiment: experimentJson(await experiments.get(idOf(fields))) }),
    },
    {
      method: 'GET',
      path: 'experiments/get-by-name',
      async run(fields) {
        const found = await experiments.getByName(requiredText(fields, 'experiment_name'))
        return { experiment: experimentJson(found) }
      },
    },
    { method: 'POST', path: 'experiments/search', run: search },
    { method: 'GET', path: 'experiments/search', run: search },
    {
      method: 'POST',
      path: 'experiments/delete',
      async run(fields) {
        await experiments.remove(idOf(fields))
        return {}
      },
    },
    {
      method: 'POST',
      path: 'experiments/restore',
      async run(fields) {
        await experiments.restore(idOf(fields))
        return {}
      },
    },
    {
      method: 'POST',
      path: 'experiments/update',
      async run(fields) {
        const name = optionalText(fields, 'new_name')
        if (name) await experiments.rename(idOf(fields), name)
        else await experiments.active(idOf(fields))
        return {}
      },
    },
    {
      method: 'POST',
      path: 'experiments/set-experiment-tag',
      async run(fields) {
        await experiments.setTag(idOf(fields), requiredText(fields, 'key'), optionalText(fields, 'value') ?? '')
        return {}
      },
    },
    {
      method: 'POST',
      path: 'experiments/delete-experiment-tag',
      async run(fields) {
        await experiments.deleteTag(idOf(fields), requiredText(fields, 'key'))
        return {}
      },
    },
  ]
}

const textOf = (experiment: Experiment) => JSON.stringify(experimentJson(experiment))

function idOf(fields: Fields): string {
  return requiredText(fields, 'experiment_id')
}
