/** How traces look to the clients of MLflow 2 (lists of pairs, milliseconds) and of MLflow 3 (objects, texts of time). */
import { must } from '../../base/assert.ts'
import { FIRST_INSTANT, LAST_INSTANT, msOfInstant } from '../../base/instant.ts'
import {
  type Fields,
  fieldsOf,
  invalid,
  keyValues,
  missing,
  objectList,
  optionalText,
  requiredInteger,
  requiredText,
} from '../../mlflow/read.ts'
import { listOrNothing } from '../wire.ts'
import { type Texts, TRACE_STATES, type TraceState } from './queries.ts'
import type { NewTrace, Trace } from './traces.ts'

/** MLflow 2 names its first state otherwise. */
export const STATES_2 = ['OK', 'ERROR', 'IN_PROGRESS'] as const

export function traceJson2(trace: Trace): object {
  return {
    request_id: trace.traceId,
    experiment_id: trace.experimentId,
    timestamp_ms: trace.timestampMs,
    execution_time_ms: trace.executionMs ?? undefined,
    status: trace.status === 'STATE_UNSPECIFIED' ? undefined : trace.status,
    request_metadata: listOrNothing(pairs(trace.metadata)),
    tags: listOrNothing(pairs(trace.tags)),
  }
}

export function traceJson3(trace: Trace): object {
  return {
    trace_id: trace.traceId,
    client_request_id: trace.clientRequestId ?? undefined,
    trace_location: { type: 'MLFLOW_EXPERIMENT', mlflow_experiment: { experiment_id: trace.experimentId } },
    request_preview: trace.requestPreview ?? undefined,
    response_preview: trace.responsePreview ?? undefined,
    request_time: timeOf(Number(trace.timestampMs)),
    execution_duration: trace.executionMs === null ? undefined : `${Number(trace.executionMs) / 1000}s`,
    state: trace.status,
    trace_metadata: trace.metadata,
    tags: trace.tags,
    assessments: listOrNothing(trace.assessments),
  }
}

export function textsOf(fields: Fields, name: string): Texts {
  return Object.fromEntries(keyValues(fields, name).map(({ key, value }) => [key, value]))
}

/** The `trace` of MLflow 3: of its spans nothing is here, they are an artifact. */
export function newTraceOf(body: Fields): NewTrace {
  const trace = body.trace === undefined ? undefined : fieldsOf(body.trace)
  if (trace?.trace_info === undefined) throw missing('trace.trace_info')
  const fields = fieldsOf(trace.trace_info)
  const location = fieldsOf(fieldsOf(fields.trace_location).mlflow_experiment)
  const state = optionalText(fields, 'state') ?? 'STATE_UNSPECIFIED'
  if (!TRACE_STATES.includes(state as TraceState)) throw invalid(`Invalid value for parameter 'state' supplied.`)
  return {
    traceId: requiredText(fields, 'trace_id'),
    experimentId: requiredText(location, 'experiment_id'),
    timestampMs: millisecondsOf(requiredText(fields, 'request_time')),
    executionMs: durationOf(optionalText(fields, 'execution_duration')),
    status: state as TraceState,
    clientRequestId: optionalText(fields, 'client_request_id', 500) ?? null,
    requestPreview: optionalText(fields, 'request_preview', 'tracePreview') ?? null,
    responsePreview: optionalText(fields, 'response_preview', 'tracePreview') ?? null,
    tags: objectTexts(fields, 'tags'),
    metadata: objectTexts(fields, 'trace_metadata'),
    assessments: objectList(fields, 'assessments'),
  }
}

export function experimentIdsOf(fields: Fields): string[] {
  return objectList(fields, 'locations').map((location) =>
    requiredText(fieldsOf(location.mlflow_experiment), 'experiment_id'),
  )
}

function objectTexts(fields: Fields, name: string): Texts {
  return Object.fromEntries(
    Object.entries(fieldsOf(fields[name])).map(([key, value]) => {
      if (typeof value !== 'string') throw invalid(`Invalid value for parameter '${name}' supplied: it has texts only.`)
      return [key, value]
    }),
  )
}

/** RFC 3339, also finer than milliseconds. */
function millisecondsOf(text: string): number {
  const ms = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(ms))
    throw invalid("Invalid value for parameter 'request_time' supplied: it is a time like 2026-01-31T12:00:00Z.")
  return ms
}

/** In milliseconds. What has no date would fail every search that finds it, as a client of MLflow 3 is told of it by date. */
export function requiredMoment(fields: Fields, name: string): number {
  const ms = requiredInteger(fields, name)
  if (ms >= FIRST_MS && ms <= LAST_MS) return ms
  throw invalid(
    `Invalid value ${ms} for parameter '${name}' supplied: as milliseconds it is outside the years 0001 to 9999.`,
  )
}

function durationOf(text: string | undefined): number | null {
  if (text === undefined) return null
  const m = /^(-?\d{1,12}(?:\.\d{1,9})?)s$/.exec(text)
  if (!m) throw invalid("Invalid value for parameter 'execution_duration' supplied: it is a time like 0.25s.")
  return Math.round(Number(must(m[1])) * 1000)
}

const [FIRST_MS, LAST_MS] = [msOfInstant(FIRST_INSTANT), msOfInstant(LAST_INSTANT)]

/** The first or last moment for what has no date: a server of before took any number. */
function timeOf(ms: number): string {
  return new Date(Math.min(Math.max(ms, FIRST_MS), LAST_MS)).toISOString()
}

const pairs = (texts: Texts) => Object.entries(texts).map(([key, value]) => ({ key, value }))
