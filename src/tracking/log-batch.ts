import { PlatformError } from '../base/errors.ts'
import { longPage } from '../db/long-work.ts'
import type { Sql } from '../db/sql.ts'
import { type Page, pageOf, pageOffset } from '../mlflow/search/page.ts'
import { type LimitName, limitOf } from '../wire/limits.ts'
import { requireModels } from './logged-models.ts'
import { createMetricWriter } from './metric-writer.ts'
import { checkKey, PARAM_LENGTH_MAX, truncated } from './names.ts'
import { insertModelMetrics, type ModelMetric } from './queries/logged-models.ts'
import { insertMetrics, selectMetricHistory, selectMetricHistoryAfter } from './queries/metrics.ts'
import {
  countWrite,
  insertParams,
  type KeyValue,
  type MetricPoint,
  selectParams,
  updateRun,
  upsertTags,
} from './queries/runs.ts'
import { checkedTags, NAME_TAG, requireActive } from './runs.ts'
import type { RunPoint } from './series.ts'

export type Batch = {
  metrics?: LoggedMetric[]
  params?: { key: string; value: string }[]
  tags?: { key: string; value: string }[]
}

export type LoggedMetric = {
  key: string
  value: number
  timestampMs: number
  step: number | bigint
  /** The logged model that the metric is about, and on what data. */
  model?: { modelId: string; datasetName?: string; datasetDigest?: string }
}

/** Points that are read at a time where all are asked for. */
const HISTORY_PART = 1_000

const HISTORY_PAGE_MAX = limitOf('historyPage')

export function createLogging({ sql, onChange }: { sql: Sql; onChange: (change: { runId: string }) => void }) {
  const writeMetrics = createMetricWriter(sql)

  /** Writes the whole batch in one transaction, or nothing of it. */
  async function logBatch(runId: string, batch: Batch): Promise<void> {
    const { metrics = [], params = [], tags = [] } = batch
    checkSizes(metrics.length, params.length, tags.length)
    const points = metrics.map((metric) => runPoint(runId, metric))
    const ofModels = metrics.flatMap(modelMetric)
    const checked = checkedParams(params)
    const tagRows = checkedTags(Object.fromEntries(tags.map((t) => [t.key, t.value])))
    if (points.length > 0 && checked.length + ofModels.length + tagRows.length === 0) {
      await writeMetrics(points)
      return onChange({ runId })
    }
    await sql.tx(async (tx) => {
      await requireActive(tx, runId)
      if (checked.length > 0) await writeParams(tx, runId, checked)
      if (ofModels.length > 0) await writeModelMetrics(tx, runId, ofModels)
      if (tagRows.length > 0) await upsertTags(tx, runId, tagRows)
      if (points.length > 0) await insertMetrics(tx, points)
      const name = tagRows.find((tag) => tag.key === NAME_TAG)?.value
      if (name) await updateRun(tx, runId, { status: null, endMs: null, name })
      else if (checked.length + tagRows.length > 0) await countWrite(tx, runId)
    })
    onChange({ runId })
  }

  async function metricHistory(
    runId: string,
    key: string,
    request: { maxResults: number; pageToken?: string } = { maxResults: HISTORY_PAGE_MAX },
  ): Promise<Page<MetricPoint>> {
    const offset = pageOffset(request.pageToken)
    const size = Math.min(request.maxResults, HISTORY_PAGE_MAX)
    return pageOf(await selectMetricHistory(sql, runId, key, size + 1, offset), size, offset)
  }

  /** All of it, a bit at a time. */
  async function* wholeHistory(runId: string, key: string): AsyncGenerator<MetricPoint[]> {
    let after: MetricPoint | undefined
    for (;;) {
      const request = { runId, key, limit: HISTORY_PART, after }
      const points = await longPage(() => selectMetricHistoryAfter(sql, request))
      if (points.length > 0) yield points
      if (points.length < HISTORY_PART) return
      after = points.at(-1)
    }
  }

  return { logBatch, metricHistory, wholeHistory }
}

/** A param is immutable: the same value again is fine, another is refused with both. */
async function writeParams(tx: Sql, runId: string, params: KeyValue[]): Promise<void> {
  const fresh = new Set((await insertParams(tx, runId, params)).map((p) => p.key))
  const given = new Map(params.filter((p) => !fresh.has(p.key)).map((p) => [p.key, p.value]))
  if (given.size === 0) return
  // A statement of its own, so that it sees what another batch wrote while the first one waited for it.
  const before = await selectParams(tx, runId, [...given.keys()])
  const changed = before.filter((p) => given.get(p.key) !== p.value)
  if (changed.length === 0) return
  const told = changed.map(
    (p) =>
      `Param with key='${p.key}' was already logged with value='${p.value.slice(0, 250)}' for run ID='${runId}'. Attempted logging new value '${given.get(p.key)?.slice(0, 250)}'.`,
  )
  throw new PlatformError('conflict', `Changing param values is not allowed. ${told.join(' ')}`)
}

function checkedParams(params: KeyValue[]): KeyValue[] {
  const seen = new Set<string>()
  return params.map(({ key, value }) => {
    checkKey('param', key)
    if (seen.has(key)) throw invalid(`Duplicate parameter keys have been submitted: '${key}'`)
    seen.add(key)
    return { key, value: truncated(value, PARAM_LENGTH_MAX) }
  })
}

/** Made once, with all that is asked of it: copies of 1,000 points were a fifth of what a batch takes here. */
function runPoint(runId: string, { key, value, timestampMs, step }: LoggedMetric): RunPoint {
  checkKey('metric', key)
  if (timestampMs < 0) throw invalid(`Invalid value ${timestampMs} for parameter 'timestamp' supplied: it is negative`)
  return { runId, key, value, timestampMs, step }
}

function modelMetric({ model, key, value, timestampMs, step }: LoggedMetric): ModelMetric[] {
  if (!model) return []
  const { modelId, datasetName = null, datasetDigest = null } = model
  const dataset = { datasetName, datasetDigest }
  return [{ modelId: modelId, key, value, timestampMs, step, ...dataset }]
}

async function writeModelMetrics(tx: Sql, runId: string, metrics: ModelMetric[]): Promise<void> {
  await requireModels(tx, [...new Set(metrics.map((m) => m.modelId))])
  await insertModelMetrics(tx, runId, metrics)
}

function checkSizes(metrics: number, params: number, tags: number): void {
  const require = (limit: LimitName, what: string, got: number) => {
    const most = limitOf(limit)
    if (got <= most) return
    throw invalid(`A batch logging request can contain at most ${most} ${what}. Got ${got} ${what} (limit ${limit}).`)
  }
  require('batchMetrics', 'metrics', metrics)
  require('batchParams', 'params', params)
  require('batchTags', 'tags', tags)
  require('batchMetrics', 'metrics, params and tags', metrics + params + tags)
}

function invalid(message: string): PlatformError {
  return new PlatformError('invalid_argument', message)
}
