import type { Endpoint } from '../../wire/mlflow/endpoint.ts'
import { optionalInteger, optionalText, pageSize, requiredText } from '../../wire/mlflow/read.ts'
import type { Tracking } from '../tracking.ts'
import { listOrNothing, metricJson } from '../wire.ts'
import { runIdOf } from './request.ts'

const PAGE_SIZE = { default: 25_000, max: 25_000 }

export function metricEndpoints({ metricHistory }: Pick<Tracking, 'metricHistory'>): Endpoint[] {
  return [
    {
      method: 'GET',
      path: 'metrics/get-history',
      async run(fields) {
        const paged = optionalInteger(fields, 'max_results') !== undefined
        const { rows, nextPageToken } = await metricHistory(runIdOf(fields), requiredText(fields, 'metric_key'), {
          maxResults: paged ? pageSize(fields, PAGE_SIZE) : undefined,
          pageToken: optionalText(fields, 'page_token'),
        })
        return { metrics: listOrNothing(rows.map(metricJson)), next_page_token: nextPageToken }
      },
    },
  ]
}
