import { type Endpoint, JsonText } from '../../wire/mlflow/endpoint.ts'
import {
  keyValues,
  optionalEnum,
  optionalInteger,
  optionalText,
  pageSize,
  requiredText,
  textList,
} from '../../wire/mlflow/read.ts'
import { RUN_STATUSES } from '../runs.ts'
import type { Tracking } from '../tracking.ts'
import { runInfoJson, runJson } from '../wire.ts'
import { runIdOf, VIEW_TYPES } from './request.ts'

const PAGE_SIZE = { default: 1000, max: 50_000 }
const NAME_LENGTH_MAX = 1000
const USER_LENGTH_MAX = 500

export function runEndpoints({ runs }: Pick<Tracking, 'runs'>): Endpoint[] {
  return [
    {
      method: 'POST',
      path: 'runs/create',
      async run(fields) {
        const made = await runs.create({
          experimentId: requiredText(fields, 'experiment_id'),
          runName: optionalText(fields, 'run_name', NAME_LENGTH_MAX),
          userId: optionalText(fields, 'user_id', USER_LENGTH_MAX),
          startTimeMs: optionalInteger(fields, 'start_time'),
          tags: Object.fromEntries(keyValues(fields, 'tags').map(({ key, value }) => [key, value])),
        })
        return { run: runJson(made) }
      },
    },
    {
      method: 'POST',
      path: 'runs/update',
      async run(fields) {
        const updated = await runs.update(runIdOf(fields), {
          status: optionalEnum(fields, 'status', RUN_STATUSES),
          endTimeMs: optionalInteger(fields, 'end_time'),
          runName: optionalText(fields, 'run_name', NAME_LENGTH_MAX),
        })
        return { run_info: runInfoJson(updated) }
      },
    },
    {
      method: 'POST',
      path: 'runs/delete',
      async run(fields) {
        await runs.remove(runIdOf(fields))
        return {}
      },
    },
    {
      method: 'POST',
      path: 'runs/restore',
      async run(fields) {
        await runs.restore(runIdOf(fields))
        return {}
      },
    },
    {
      method: 'GET',
      path: 'runs/get',
      run: async (fields) => ({ run: runJson(await runs.get(runIdOf(fields))) }),
    },
    {
      method: 'POST',
      path: 'runs/search',
      async run(fields) {
        const { rows, nextPageToken } = await runs.searchDocuments({
          experimentIds: textList(fields, 'experiment_ids'),
          filter: optionalText(fields, 'filter'),
          viewType: optionalEnum(fields, 'run_view_type', VIEW_TYPES),
          maxResults: pageSize(fields, PAGE_SIZE),
          orderBy: textList(fields, 'order_by'),
          pageToken: optionalText(fields, 'page_token'),
        })
        const token = nextPageToken === undefined ? '' : `"next_page_token":${JSON.stringify(nextPageToken)}`
        const found = rows.length === 0 ? '' : `"runs":[${rows.join()}]`
        return new JsonText(`{${[found, token].filter((part) => part !== '').join()}}`)
      },
    },
  ]
}
