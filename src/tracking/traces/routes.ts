/** Traces for the clients of MLflow 2 and 3: mlflow.trace, search_traces, get_trace, their tags and assessments. */
import { jsonPages } from '../../db/long-work.ts'
import { type Endpoint, JsonPieces } from '../../mlflow/endpoint.ts'
import {
  type Fields,
  fieldsOf,
  missing,
  optionalEnum,
  optionalInteger,
  optionalText,
  pageSize,
  requiredText,
  textList,
} from '../../mlflow/read.ts'
import { listJson } from '../../wire/json-stream.ts'
import type { Tracking } from '../tracking.ts'
import type { Trace } from './traces.ts'
import { experimentIdsOf, newTraceOf, requiredMoment, STATES_2, textsOf, traceJson2, traceJson3 } from './wire.ts'

const PAGE_SIZE = { default: 100, max: 500 }
const IDS_MAX = 'listItems'

export function traceEndpoints({ traces }: Pick<Tracking, 'traces'>): Endpoint[] {
  return [...secondVersion(traces), ...thirdVersion(traces), ...ofBoth(traces), ...assessments(traces)]
}

type Traces = Tracking['traces']

function secondVersion(traces: Traces): Endpoint[] {
  return [
    {
      method: 'POST',
      path: 'traces',
      async run(fields) {
        const made = await traces.put({
          experimentId: requiredText(fields, 'experiment_id'),
          timestampMs: requiredMoment(fields, 'timestamp_ms'),
          executionMs: null,
          status: 'IN_PROGRESS',
          clientRequestId: null,
          requestPreview: null,
          responsePreview: null,
          tags: textsOf(fields, 'tags'),
          metadata: textsOf(fields, 'request_metadata'),
        })
        return { trace_info: traceJson2(made) }
      },
    },
    {
      method: 'PATCH',
      path: 'traces/:request_id',
      async run(fields) {
        const status = optionalEnum(fields, 'status', STATES_2)
        if (!status) throw missing('status')
        const ended = await traces.end(requiredText(fields, 'request_id'), {
          endMs: requiredMoment(fields, 'timestamp_ms'),
          status,
          tags: textsOf(fields, 'tags'),
          metadata: textsOf(fields, 'request_metadata'),
        })
        return { trace_info: traceJson2(ended) }
      },
    },
    {
      method: 'GET',
      path: 'traces/:request_id/info',
      run: async (fields) => ({ trace_info: traceJson2(await traces.get(requiredText(fields, 'request_id'))) }),
    },
    {
      method: 'GET',
      path: 'traces',
      run: (fields) => search(traces, fields, textList(fields, 'experiment_ids', 'experimentIds'), traceJson2),
    },
  ]
}

function thirdVersion(traces: Traces): Endpoint[] {
  const versions = ['3.0'] as const
  return [
    {
      method: 'POST',
      path: 'traces',
      versions,
      async run(fields) {
        return { trace: { trace_info: traceJson3(await traces.put(newTraceOf(fields))) } }
      },
    },
    {
      method: 'POST',
      path: 'traces/search',
      versions,
      run: (fields) => search(traces, fields, experimentIdsOf(fields), traceJson3),
    },
    {
      method: 'GET',
      path: 'traces/:trace_id',
      versions,
      run: async (fields) => ({
        trace: { trace_info: traceJson3(await traces.get(requiredText(fields, 'trace_id'))) },
      }),
    },
    {
      method: 'POST',
      path: 'traces/batchGetInfos',
      versions,
      async run(fields) {
        const found = await traces.read(textList(fields, 'trace_ids', IDS_MAX))
        return { trace_infos: found.length > 0 ? found.map(traceJson3) : undefined }
      },
    },
  ]
}

function ofBoth(traces: Traces): Endpoint[] {
  const versions = ['2.0', '3.0'] as const
  return [
    {
      method: 'POST',
      path: 'traces/delete-traces',
      versions,
      async run(fields) {
        const traces_deleted = await traces.remove({
          experimentId: requiredText(fields, 'experiment_id'),
          untilMs: optionalInteger(fields, 'max_timestamp_millis'),
          most: optionalInteger(fields, 'max_traces'),
          ids: textList(fields, 'request_ids', IDS_MAX),
        })
        return { traces_deleted }
      },
    },
    {
      method: 'PATCH',
      path: 'traces/:trace_id/tags',
      versions,
      async run(fields) {
        const value = optionalText(fields, 'value') ?? ''
        await traces.setTag(requiredText(fields, 'trace_id'), requiredText(fields, 'key'), value)
        return {}
      },
    },
    {
      method: 'DELETE',
      path: 'traces/:trace_id/tags',
      versions,
      async run(fields) {
        await traces.deleteTag(requiredText(fields, 'trace_id'), requiredText(fields, 'key'))
        return {}
      },
    },
  ]
}

function assessments(traces: Traces): Endpoint[] {
  const versions = ['3.0'] as const
  const one = 'traces/:trace_id/assessments/:assessment_id'
  const idsOf = (fields: Fields) => [requiredText(fields, 'trace_id'), requiredText(fields, 'assessment_id')] as const
  const given = (fields: Fields) => {
    if (fields.assessment === undefined) throw missing('assessment')
    return fieldsOf(fields.assessment)
  }
  return [
    {
      method: 'POST',
      path: 'traces/:trace_id/assessments',
      versions,
      run: async (fields) => ({
        assessment: await traces.addAssessment(requiredText(fields, 'trace_id'), given(fields)),
      }),
    },
    {
      method: 'GET',
      path: one,
      versions,
      run: async (fields) => ({ assessment: await traces.getAssessment(...idsOf(fields)) }),
    },
    {
      method: 'PATCH',
      path: one,
      versions,
      async run(fields) {
        const mask = requiredText(fields, 'update_mask').split(',').map(snakeCase)
        return { assessment: await traces.changeAssessment(...idsOf(fields), given(fields), mask) }
      },
    },
    {
      method: 'DELETE',
      path: one,
      versions,
      async run(fields) {
        await traces.deleteAssessment(...idsOf(fields))
        return {}
      },
    },
  ]
}

/** A field mask in JSON has its names in the other case. */
const snakeCase = (name: string) => name.trim().replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

async function search(
  traces: Traces,
  fields: Fields,
  experimentIds: string[],
  write: (trace: Trace) => object,
): Promise<JsonPieces> {
  const { rows, nextPageToken } = await traces.find({
    experimentIds,
    filter: optionalText(fields, 'filter', 'filterText'),
    orderBy: textList(fields, 'order_by', 'orderBy'),
    pageToken: optionalText(fields, 'page_token'),
    maxResults: pageSize(fields, PAGE_SIZE),
  })
  const items = jsonPages(rows, async (ids) => (await traces.read(ids)).map((trace) => JSON.stringify(write(trace))))
  return new JsonPieces(listJson({ name: 'traces', items, after: { next_page_token: nextPageToken } }))
}
