import { randomBytes } from 'node:crypto'
import type { Clock } from '../base/clock.ts'
import { PlatformError } from '../base/errors.ts'
import { longSearch } from '../db/long-work.ts'
import type { Sql } from '../db/sql.ts'
import { recordChange } from '../identity/audit.ts'
import { searchClause } from '../mlflow/search/clause.ts'
import { LOGGED_MODEL_FIELDS } from '../mlflow/search/fields.ts'
import { type Page, pageOf, pageOffset } from '../mlflow/search/page.ts'
import { limitOf } from '../wire/limits.ts'
import type { createExperiments, SearchRequest } from './experiments.ts'
import { generatedName } from './generated-name.ts'
import { checkKey, PARAM_LENGTH_MAX, truncated } from './names.ts'
import type { LoggedModelRow, ModelStatus } from './queries/logged-models.ts'
import * as queries from './queries/logged-models.ts'
import { insertModelInputs, type RunModels, upsertModelOutputs } from './queries/run-models.ts'
import type { KeyValue } from './queries/runs.ts'
import { countWrite } from './queries/runs.ts'
import { requireActive } from './runs.ts'

export type LoggedModel = LoggedModelRow

export type NewLoggedModel = {
  experimentId: string
  name?: string
  modelType?: string
  sourceRunId?: string
  params: KeyValue[]
  tags: KeyValue[]
}

const TAG_LENGTH_MAX = limitOf('text')

type Deps = { sql: Sql; clock: Clock; experiments: ReturnType<typeof createExperiments> }

/** Models as MLflow 3 logs them: with an id, files, params, tags and metrics of their own. */
export function createLoggedModels({ sql, clock, experiments }: Deps) {
  async function create(request: NewLoggedModel): Promise<LoggedModel> {
    const experiment = await experiments.active(request.experimentId)
    const name = request.name === undefined ? generatedName() : checkName(request.name)
    const params = checked('param', request.params)
    const tags = checked('tag', request.tags)
    const modelId = `m-${randomBytes(16).toString('hex')}`
    await sql.tx(async (tx) => {
      await queries.insertLoggedModel(tx, {
        modelId,
        experimentId: experiment.experimentId,
        name,
        modelType: request.modelType ?? null,
        sourceRunId: request.sourceRunId ?? null,
        artifactUri: `${experiment.artifactLocation}/models/${modelId}/artifacts`,
        nowMs: clock.nowMs(),
      })
      await queries.insertModelParams(tx, modelId, params)
      await queries.upsertModelTags(tx, modelId, tags)
    })
    return get(modelId)
  }

  async function get(modelId: string, options: { deletedToo?: boolean } = {}): Promise<LoggedModel> {
    const found = await queries.selectLoggedModel(sql, modelId)
    if (found && (found.lifecycleStage === 'active' || options.deletedToo)) return found
    throw noModel(modelId)
  }

  /** The ids of a page; `read` gives what they are of, bit by bit where there are many. */
  async function find(request: SearchRequest & { experimentIds: string[]; datasets: object[] }): Promise<Page<string>> {
    const clause = searchClause(LOGGED_MODEL_FIELDS, request, 4)
    const offset = pageOffset(request.pageToken)
    const asked = {
      ...clause,
      experimentIds: request.experimentIds.filter((id) => /^\d{1,18}$/.test(id)),
      datasets: request.datasets.length > 0 ? request.datasets : null,
      limit: request.maxResults + 1,
      offset,
    }
    const rows = await longSearch(sql, (tx) => queries.searchLoggedModels(tx, asked))
    return pageOf(
      rows.map((row) => row.modelId),
      request.maxResults,
      offset,
    )
  }

  async function finish(modelId: string, status: ModelStatus): Promise<LoggedModel> {
    await get(modelId)
    await queries.updateLoggedModel(sql, modelId, { status, nowMs: clock.nowMs() })
    return get(modelId)
  }

  async function remove(modelId: string): Promise<void> {
    await get(modelId)
    await sql.tx(async (tx) => {
      await queries.updateLoggedModel(tx, modelId, { stage: 'deleted', nowMs: clock.nowMs() })
      const on = { kind: 'logged model', name: modelId }
      await recordChange(tx, { action: 'logged_model.deleted', on, from: null, to: null })
    })
  }

  async function setTags(modelId: string, tags: KeyValue[]): Promise<LoggedModel> {
    const rows = checked('tag', tags)
    await get(modelId)
    await queries.upsertModelTags(sql, modelId, rows)
    return get(modelId)
  }

  /** Keeps, in the tag that MLflow's clients read, which registered version is made of the model. */
  async function noteVersion(modelId: string, version: { name: string; version: number }): Promise<void> {
    await sql.tx(async (tx) => {
      if (!(await queries.lockLoggedModel(tx, modelId))) return
      const [found] = await queries.selectLoggedModels(tx, [modelId])
      const known = versionsIn(found?.tags.find((tag) => tag.key === VERSIONS_TAG)?.value)
      const value = textOf([...known, version])
      if (value.length <= TAG_LENGTH_MAX) await queries.upsertModelTags(tx, modelId, [{ key: VERSIONS_TAG, value }])
    })
  }

  async function deleteTag(modelId: string, key: string): Promise<void> {
    await get(modelId)
    if (await queries.deleteModelTag(sql, modelId, key)) return
    throw new PlatformError('not_found', `No tag with key '${key.slice(0, 100)}' found for model with ID '${modelId}'.`)
  }

  /** A param is written once, as those of runs: the same value again is fine, another is refused. */
  async function logParams(modelId: string, params: KeyValue[]): Promise<void> {
    const rows = checked('param', params)
    await get(modelId)
    await sql.tx(async (tx) => {
      const fresh = new Set(await queries.insertModelParams(tx, modelId, rows))
      if (fresh.size === rows.length) return
      const before = new Map((await queries.selectLoggedModel(tx, modelId))?.params.map((p) => [p.key, p.value]))
      const changed = rows.find((row) => before.get(row.key) !== row.value)
      if (!changed) return
      const told = `Param with key='${changed.key}' was already logged with value='${before.get(changed.key)?.slice(0, 250)}' for model '${modelId}'.`
      throw new PlatformError('conflict', `Changing param values is not allowed. ${told}`)
    })
  }

  /** Says which models a run used and which it made; all of them must be there. */
  async function linkToRun(runId: string, { inputs, outputs }: RunModels): Promise<void> {
    const ids = [...inputs, ...outputs].map((m) => m.modelId)
    await sql.tx(async (tx) => {
      await requireActive(tx, runId)
      await requireModels(tx, ids)
      if (inputs.length > 0) await insertModelInputs(tx, runId, ids.slice(0, inputs.length))
      if (outputs.length > 0) await upsertModelOutputs(tx, runId, outputs)
      await countWrite(tx, runId)
    })
  }

  const read = (ids: readonly string[]): Promise<LoggedModel[]> => queries.selectLoggedModels(sql, ids)

  return { create, get, find, read, finish, remove, setTags, noteVersion, deleteTag, logParams, linkToRun }
}

const VERSIONS_TAG = 'mlflow.modelVersions'

/** With blanks as MLflow writes them: there are clients that compare the text. */
function textOf(versions: readonly object[]): string {
  const members = (one: object) => Object.entries(one).map(([k, v]) => `${JSON.stringify(k)}: ${JSON.stringify(v)}`)
  return `[${versions.map((one) => `{${members(one).join(', ')}}`).join(', ')}]`
}

/** A client may have written anything there. */
function versionsIn(text: string | undefined): object[] {
  try {
    const list: unknown = JSON.parse(text ?? '[]')
    return Array.isArray(list) ? list.filter((item) => typeof item === 'object' && item !== null) : []
  } catch {
    return []
  }
}

export async function requireModels(sql: Sql, modelIds: string[]): Promise<void> {
  const known = new Set(await queries.selectKnownModels(sql, modelIds))
  const unknown = modelIds.find((id) => !known.has(id))
  if (unknown !== undefined) throw noModel(unknown)
}

function checkName(name: string): string {
  const bad = name === '' || name.length > 500 || /[/:.%"']/.test(name)
  if (!bad) return name
  throw invalid(
    `Invalid model name ('${name.slice(0, 100)}') provided. Model name must be a non-empty string of at most 500 characters and cannot contain the following characters: / : . % " '`,
  )
}

/** Of a key that is given twice the last value counts. */
function checked(kind: 'param' | 'tag', pairs: KeyValue[]): KeyValue[] {
  const byKey = new Map(pairs.map(({ key, value }) => [key, value]))
  return [...byKey].map(([key, value]) => {
    checkKey(kind, key)
    if (kind === 'param') return { key, value: truncated(value, PARAM_LENGTH_MAX) }
    if (value.length <= TAG_LENGTH_MAX) return { key, value }
    throw invalid(`Tag value exceeds the maximum length of ${TAG_LENGTH_MAX} characters`)
  })
}

function noModel(modelId: string): PlatformError {
  return new PlatformError('not_found', `Logged model with ID '${modelId.slice(0, 64)}' not found.`)
}

function invalid(message: string): PlatformError {
  return new PlatformError('invalid_argument', message)
}
