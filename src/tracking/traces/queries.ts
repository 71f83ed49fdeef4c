import { preparedShape } from '../../db/prepared-shapes.ts'
import type { Sql } from '../../db/sql.ts'

export const TRACE_STATES = ['STATE_UNSPECIFIED', 'OK', 'ERROR', 'IN_PROGRESS'] as const
export type TraceState = (typeof TRACE_STATES)[number]

export type Texts = Record<string, string>

export type TraceRow = {
  traceId: string
  experimentId: string
  timestampMs: number
  executionMs: number | null
  status: TraceState
  clientRequestId: string | null
  requestPreview: string | null
  responsePreview: string | null
  tags: Texts
  metadata: Texts
  assessments: Record<string, unknown>[]
}

export type NewTraceRow = Omit<TraceRow, 'tags' | 'metadata' | 'assessments'>

const COLUMNS = `
  t.trace_id as "traceId", t.experiment_id::text as "experimentId", t.timestamp_ms as "timestampMs",
  t.execution_ms as "executionMs", t.status, t.client_request_id as "clientRequestId",
  t.request_preview as "requestPreview", t.response_preview as "responsePreview",
  coalesce((select json_object_agg(k.key, k.value order by k.key) from tracking.trace_tag k
            where k.trace_id = t.trace_id), '{}') as tags,
  coalesce((select json_object_agg(k.key, k.value order by k.key) from tracking.trace_metadata k
            where k.trace_id = t.trace_id), '{}') as metadata,
  coalesce((select json_agg(a.document order by a.place) from tracking.trace_assessment a
            where a.trace_id = t.trace_id), '[]') as assessments`

/** Writes it, or writes it anew: a client sends the end of a trace once more when it heard no answer. */
export async function upsertTrace(sql: Sql, trace: NewTraceRow): Promise<void> {
  await preparedShape(
    sql,
    `insert into tracking.trace (trace_id, experiment_id, timestamp_ms, execution_ms, status, client_request_id,
       request_preview, response_preview)
     values ($1, $2::bigint, $3, $4, $5, $6, $7, $8)
     on conflict (trace_id) do update set timestamp_ms = excluded.timestamp_ms, execution_ms = excluded.execution_ms,
       status = excluded.status, client_request_id = excluded.client_request_id,
       request_preview = excluded.request_preview, response_preview = excluded.response_preview`,
    [
      trace.traceId,
      trace.experimentId,
      trace.timestampMs,
      trace.executionMs,
      trace.status,
      trace.clientRequestId,
      trace.requestPreview,
      trace.responsePreview,
    ],
  )
}

/** False when there is no such trace. */
export async function updateEnd(sql: Sql, traceId: string, endMs: number, status: TraceState): Promise<boolean> {
  const rows = await preparedShape(
    sql,
    `update tracking.trace set execution_ms = $2::bigint - timestamp_ms, status = $3 where trace_id = $1 returning trace_id`,
    [traceId, endMs, status],
  )
  return rows.length > 0
}

export async function upsertTexts(sql: Sql, kind: 'tag' | 'metadata', traceId: string, texts: Texts): Promise<void> {
  await preparedShape(
    sql,
    `insert into tracking.trace_${kind} (trace_id, key, value)
     select $1, key, value from unnest($2::text[], $3::text[]) as g (key, value) order by key
     on conflict (trace_id, key) do update set value = excluded.value`,
    [traceId, Object.keys(texts), Object.values(texts)],
  )
}

export async function deleteTag(sql: Sql, traceId: string, key: string): Promise<boolean> {
  const text = 'delete from tracking.trace_tag where trace_id = $1 and key = $2 returning key'
  return (await preparedShape(sql, text, [traceId, key])).length > 0
}

/** In the order of the ids. */
export function selectTraces(sql: Sql, ids: readonly string[]): Promise<TraceRow[]> {
  return preparedShape<TraceRow>(
    sql,
    `select ${COLUMNS} from unnest($1::text[]) with ordinality as g (trace_id, place)
     join tracking.trace t using (trace_id) order by g.place`,
    [ids],
  )
}

/** `where` and `orderBy` come from the search translator, with their values from $3 on. */
export function searchTraces(
  sql: Sql,
  search: { experimentIds: string[]; limit: number; offset: number; where: string; orderBy: string; values: unknown[] },
): Promise<{ traceId: string }[]> {
  return sql.query<{ traceId: string }>(
    `select t.trace_id as "traceId" from tracking.trace t where t.experiment_id = any($1::bigint[]) and ${search.where}
     order by ${search.orderBy} limit $2::integer offset ${Number(search.offset)}`,
    [search.experimentIds, search.limit, ...search.values],
  )
}

/** The oldest of an experiment, up to a moment. */
export async function selectOldest(sql: Sql, experimentId: string, untilMs: number, limit: number): Promise<string[]> {
  const rows = await preparedShape<{ traceId: string }>(
    sql,
    `select trace_id as "traceId" from tracking.trace where experiment_id = $1::bigint and timestamp_ms <= $2
     order by timestamp_ms, trace_id limit $3`,
    [experimentId, untilMs, limit],
  )
  return rows.map((row) => row.traceId)
}

/** All of them, a page at a time behind an id; for who looks through every one. */
export async function selectIdsAfter(sql: Sql, after: string, limit: number): Promise<string[]> {
  const rows = await preparedShape<{ traceId: string }>(
    sql,
    'select trace_id as "traceId" from tracking.trace where trace_id > $1 order by trace_id limit $2',
    [after, limit],
  )
  return rows.map((row) => row.traceId)
}

/** Those that were there, by their ids, of one experiment or of any. */
export async function deleteTraces(sql: Sql, ids: readonly string[], experimentId: string | null): Promise<string[]> {
  const rows = await preparedShape<{ traceId: string }>(
    sql,
    `delete from tracking.trace where trace_id = any($1) and ($2::bigint is null or experiment_id = $2) returning trace_id as "traceId"`,
    [ids, experimentId],
  )
  return rows.map((row) => row.traceId)
}

export async function upsertAssessment(sql: Sql, traceId: string, id: string, json: string): Promise<void> {
  await preparedShape(
    sql,
    `insert into tracking.trace_assessment (assessment_id, trace_id, document) values ($1, $2, $3::jsonb)
     on conflict (assessment_id) do update set document = excluded.document where trace_assessment.trace_id = $2`,
    [id, traceId, json],
  )
}

export async function selectAssessment(
  sql: Sql,
  traceId: string,
  id: string,
): Promise<Record<string, unknown> | undefined> {
  const rows = await preparedShape<{ document: Record<string, unknown> }>(
    sql,
    'select document from tracking.trace_assessment where trace_id = $1 and assessment_id = $2 for update',
    [traceId, id],
  )
  return rows[0]?.document
}

export async function countAssessments(sql: Sql, traceId: string): Promise<number> {
  const text = 'select count(*) as count from tracking.trace_assessment where trace_id = $1'
  return (await preparedShape<{ count: number }>(sql, text, [traceId]))[0]!.count
}

export async function deleteAssessment(sql: Sql, traceId: string, id: string): Promise<boolean> {
  const text = 'delete from tracking.trace_assessment where trace_id = $1 and assessment_id = $2 returning 1'
  return (await preparedShape(sql, text, [traceId, id])).length > 0
}
