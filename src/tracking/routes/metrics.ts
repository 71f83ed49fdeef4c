import { mapInTurns } from '../../base/turns.ts'
import { longPage } from '../../db/long-work.ts'
import { type Endpoint, JsonPieces } from '../../mlflow/endpoint.ts'
import { optionalInteger, optionalText, pageSize, requiredText } from '../../mlflow/read.ts'
import { listJson } from '../../wire/json-stream.ts'
import { limitOf } from '../../wire/limits.ts'
import type { MetricPoint } from '../queries/runs.ts'
import type { Tracking } from '../tracking.ts'
import { metricJson } from '../wire.ts'
import { runIdOf } from './request.ts'

const PAGE_SIZE = { default: limitOf('historyPage'), max: limitOf('historyPage') }

async function* texts(pages: AsyncIterable<MetricPoint[]> | MetricPoint[][]): AsyncGenerator<string[]> {
  for await (const page of pages) yield await mapInTurns(page, (point) => JSON.stringify(metricJson(point)))
}

export function metricEndpoints({
  metricHistory,
  wholeHistory,
}: Pick<Tracking, 'metricHistory' | 'wholeHistory'>): Endpoint[] {
  return [
    {
      method: 'GET',
      path: 'metrics/get-history',
      async run(fields) {
        const [runId, key] = [runIdOf(fields), requiredText(fields, 'metric_key')]
        const pageToken = optionalText(fields, 'page_token')
        if (optionalInteger(fields, 'max_results') === undefined && !pageToken) {
          return new JsonPieces(listJson({ name: 'metrics', items: texts(wholeHistory(runId, key)) }))
        }
        const request = { maxResults: pageSize(fields, PAGE_SIZE), pageToken }
        const { rows, nextPageToken } = await longPage(() => metricHistory(runId, key, request))
        const after = { next_page_token: nextPageToken }
        return new JsonPieces(listJson({ name: 'metrics', items: texts([rows]), after }))
      },
    },
  ]
}
