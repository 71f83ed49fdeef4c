import { randomBytes } from 'node:crypto'
import type { Clock } from '../../base/clock.ts'
import { PlatformError } from '../../base/errors.ts'
import { longSearch } from '../../db/long-work.ts'
import type { Sql } from '../../db/sql.ts'
import { proxyPathOf } from '../../mlflow/artifact-uri.ts'
import { searchClause } from '../../mlflow/search/clause.ts'
import { TRACE_FIELDS } from '../../mlflow/search/fields.ts'
import { type Page, pageOf, pageOffset } from '../../mlflow/search/page.ts'
import { limitOf, overLimit } from '../../wire/limits.ts'
import type { createArtifacts } from '../artifacts.ts'
import type { createExperiments, SearchRequest } from '../experiments.ts'
import { truncated } from '../names.ts'
import { type Assessment, createAssessments } from './assessments.ts'
import { createTraceErasure } from './erasure.ts'
import * as queries from './queries.ts'

export type Trace = queries.TraceRow

export type NewTrace = Omit<queries.NewTraceRow, 'traceId'> & {
  /** Made up here when the client has none. */
  traceId?: string
  tags: queries.Texts
  metadata: queries.Texts
  assessments?: Assessment[]
}

type Deps = {
  sql: Sql
  clock: Clock
  experiments: ReturnType<typeof createExperiments>
  artifacts: Pick<ReturnType<typeof createArtifacts>, 'remove' | 'read'>
}

/** Where the spans of a trace lie, for the clients, which write and read them as an artifact. */
const LOCATION_TAG = 'mlflow.artifactLocation'

export const SPANS_FILE = 'traces.json'

/** What a program did, call by call, as `mlflow.trace` tells it: rows here, the spans as a file of the artifacts. */
export function createTraces({ sql, clock, experiments, artifacts }: Deps) {
  /** Also the end of one, where the client tells all of it at once (MLflow 3). */
  async function put({ tags, metadata, assessments = [], ...given }: NewTrace): Promise<Trace> {
    const experiment = await experiments.active(given.experimentId)
    const traceId = given.traceId ?? `tr-${randomBytes(16).toString('hex')}`
    checkId(traceId)
    const location = `${experiment.artifactLocation}/traces/${traceId}/artifacts`
    await sql.tx(async (tx) => {
      const [known] = await queries.selectTraces(tx, [traceId])
      if (known && known.experimentId !== experiment.experimentId) {
        throw invalid(`Trace with ID '${traceId}' is of experiment ${known.experimentId}`)
      }
      await queries.upsertTrace(tx, { ...given, experimentId: experiment.experimentId, traceId })
      await write(tx, traceId, { tags: { ...tags, [LOCATION_TAG]: location }, metadata })
      await addTold(tx, traceId, assessments)
    })
    return get(traceId)
  }

  async function end(
    traceId: string,
    {
      endMs,
      status,
      tags,
      metadata,
    }: { endMs: number; status: queries.TraceState; tags: queries.Texts; metadata: queries.Texts },
  ): Promise<Trace> {
    await sql.tx(async (tx) => {
      if (!(await queries.updateEnd(tx, traceId, endMs, status))) throw noTrace(traceId)
      // Where its spans lie was said at its start, and is nobody's to change.
      const { [LOCATION_TAG]: _location, ...others } = tags
      await write(tx, traceId, { tags: others, metadata })
    })
    return get(traceId)
  }

  async function write(
    tx: Sql,
    traceId: string,
    texts: { tags: queries.Texts; metadata: queries.Texts },
  ): Promise<void> {
    await queries.upsertTexts(tx, 'tag', traceId, checked(texts.tags))
    await queries.upsertTexts(tx, 'metadata', traceId, checked(texts.metadata))
    const [now] = await queries.selectTraces(tx, [traceId])
    const most = Math.max(Object.keys(now?.tags ?? {}).length, Object.keys(now?.metadata ?? {}).length)
    if (most > limitOf('listItems'))
      throw overLimit('listItems', `trace ${traceId} would have ${most} tags or metadata`)
  }

  async function get(traceId: string): Promise<Trace> {
    const [found] = await queries.selectTraces(sql, [traceId])
    if (!found) throw noTrace(traceId)
    return found
  }

  async function find(request: SearchRequest & { experimentIds: string[] }): Promise<Page<string>> {
    const offset = pageOffset(request.pageToken)
    const experimentIds = request.experimentIds.filter((id) => /^\d{1,18}$/.test(id))
    const asked = { ...searchClause(TRACE_FIELDS, request, 3), experimentIds, limit: request.maxResults + 1, offset }
    const rows = await longSearch(sql, (tx) => queries.searchTraces(tx, asked))
    return pageOf(
      rows.map((row) => row.traceId),
      request.maxResults,
      offset,
    )
  }

  /** With their spans. The files go first: when the process dies between, the rows are there still, and are deleted again. */
  async function removeAll(ids: readonly string[], experimentId: string | null): Promise<number> {
    let count = 0
    for (const trace of await queries.selectTraces(sql, ids)) {
      if (experimentId !== null && trace.experimentId !== experimentId) continue
      await artifacts.remove(folderOf(trace))
      count += (await queries.deleteTraces(sql, [trace.traceId], experimentId)).length
    }
    return count
  }

  const { addTold, ...ofAssessments } = createAssessments({ sql, clock, get })

  return {
    put,
    end,
    get,
    find,
    read: (ids: readonly string[]): Promise<Trace[]> => queries.selectTraces(sql, ids),
    /** Those that are named, or the oldest up to a moment; says how many. */
    async remove(request: { experimentId: string; untilMs?: number; most?: number; ids: string[] }): Promise<number> {
      const { experimentId, untilMs, ids } = request
      await experiments.get(experimentId)
      if ((untilMs === undefined) === (ids.length === 0)) {
        throw invalid('Either `max_timestamp_millis` or `request_ids` must be specified, but not both.')
      }
      if (untilMs === undefined) return removeAll(ids, experimentId)
      let left = request.most ?? Number.MAX_SAFE_INTEGER
      let count = 0
      while (left > 0) {
        const oldest = await queries.selectOldest(sql, experimentId, untilMs, Math.min(left, PART))
        const removed = await removeAll(oldest, experimentId)
        count += removed
        left -= oldest.length
        if (oldest.length < PART || removed === 0) break
      }
      return count
    },
    async setTag(traceId: string, key: string, value: string): Promise<void> {
      if (key === LOCATION_TAG) throw invalid(`the tag '${LOCATION_TAG}' is set by the server`)
      await sql.tx(async (tx) => {
        if ((await queries.selectTraces(tx, [traceId])).length === 0) throw noTrace(traceId)
        await write(tx, traceId, { tags: { [key]: value }, metadata: {} })
      })
    },
    async deleteTag(traceId: string, key: string): Promise<void> {
      if (key === LOCATION_TAG) throw invalid(`the tag '${LOCATION_TAG}' is set by the server`)
      await get(traceId)
      if (await queries.deleteTag(sql, traceId, key)) return
      throw new PlatformError(
        'not_found',
        `No trace tag with key '${key.slice(0, 100)}' for trace with ID '${traceId}'`,
      )
    },
    /** The spans, as the client wrote them. */
    spans: async (traceId: string): Promise<Buffer> =>
      artifacts.read((await get(traceId)).tags[LOCATION_TAG]!, SPANS_FILE),
    ...ofAssessments,
    erasure: createTraceErasure({ sql, artifacts, removeAll }),
  }
}

/** Traces that are deleted at a time. */
const PART = 100

/** The folder of the artifact store that holds the spans of a trace. */
function folderOf({ tags }: Trace): string {
  return proxyPathOf(tags[LOCATION_TAG]!)
}

function checked(texts: queries.Texts): queries.Texts {
  return Object.fromEntries(
    Object.entries(texts).map(([key, value]) => {
      if (key === '' || key.length > limitOf('key')) {
        throw invalid(`'key' must have 1 to ${limitOf('key')} characters (limit key)`)
      }
      return [key, truncated(value, limitOf('runTagValue'))]
    }),
  )
}

function checkId(traceId: string): void {
  if (/^[A-Za-z0-9_-]{1,100}$/.test(traceId)) return
  throw invalid(`Invalid trace id: '${traceId.slice(0, 100)}'. It may have letters, digits, _ and -, at most 100.`)
}

export function noTrace(traceId: string): PlatformError {
  return new PlatformError('not_found', `Trace with ID '${traceId.slice(0, 100)}' not found.`)
}

function invalid(message: string): PlatformError {
  return new PlatformError('invalid_argument', message)
}
