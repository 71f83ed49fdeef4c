import { longPage } from '../../db/long-work.ts'
import { type Endpoint, JsonPieces } from '../../mlflow/endpoint.ts'
import {
  keyValues,
  optionalEnum,
  optionalInteger,
  optionalText,
  pageSize,
  requiredText,
  textList,
} from '../../mlflow/read.ts'
import { listJson } from '../../wire/json-stream.ts'
import { RUN_STATUSES } from '../runs.ts'
import type { Tracking } from '../tracking.ts'
import { runInfoJson, runJson, runPieces } from '../wire.ts'
import { runIdOf, VIEW_TYPES } from './request.ts'

const PAGE_SIZE = { default: 1000, max: 50_000 }

export function runEndpoints({ runs }: Pick<Tracking, 'runs'>): Endpoint[] {
  return [
    {
      method: 'POST',
      path: 'runs/create',
      async run(fields) {
        const made = await runs.create({
          experimentId: requiredText(fields, 'experiment_id'),
          runName: optionalText(fields, 'run_name', 'runName'),
          userId: optionalText(fields, 'user_id', 'userId'),
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
          runName: optionalText(fields, 'run_name', 'runName'),
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
      async run(fields) {
        const run = await longPage(() => runs.get(runIdOf(fields)))
        return new JsonPieces(runPieces(run))
      },
    },
    {
      method: 'POST',
      path: 'runs/search',
      async run(fields) {
        const { pages, nextPageToken } = await runs.searchDocuments({
          experimentIds: textList(fields, 'experiment_ids', 'experimentIds'),
          filter: optionalText(fields, 'filter', 'filterText'),
          viewType: optionalEnum(fields, 'run_view_type', VIEW_TYPES),
          maxResults: pageSize(fields, PAGE_SIZE),
          orderBy: textList(fields, 'order_by', 'orderBy'),
          pageToken: optionalText(fields, 'page_token'),
        })
        return new JsonPieces(listJson({ name: 'runs', items: pages, after: { next_page_token: nextPageToken } }))
      },
    },
  ]
}
