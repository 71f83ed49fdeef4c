import { randomBytes } from 'node:crypto'
import type { Clock } from '../base/clock.ts'
import { PlatformError } from '../base/errors.ts'
import { type JsonPages, jsonPages, longSearch } from '../db/long-work.ts'
import type { Sql } from '../db/sql.ts'
import { recordChange } from '../identity/audit.ts'
import { runArtifactUri } from '../mlflow/artifact-uri.ts'
import { searchClause } from '../mlflow/search/clause.ts'
import { RUN_FIELDS } from '../mlflow/search/fields.ts'
import { type Page, pageOf, pageStart } from '../mlflow/search/page.ts'
import { limitOf, overLimit } from '../wire/limits.ts'
import type { createExperiments, SearchRequest } from './experiments.ts'
import { stagesOf } from './experiments.ts'
import { generatedName } from './generated-name.ts'
import { checkKey, TAG_LENGTH_MAX, truncated } from './names.ts'
import { type FoundRun, findRuns } from './queries/find-runs.ts'
import {
  CONTEXT_TAG,
  type InputRow,
  selectContexts,
  selectDatasetSummaries,
  selectInputSize,
  selectInputs,
  upsertInputs,
  upsertInputsAgain,
} from './queries/inputs.ts'
import { type RunModels, selectRunModels } from './queries/run-models.ts'
import * as queries from './queries/runs.ts'
import { type KeyValue, lockInputs, type RunRow, type RunStatus } from './queries/runs.ts'
import { createRunDocuments } from './run-json-cache.ts'

export type Run = RunRow & { inputs: InputRow[]; models: RunModels }

export type NewRun = {
  experimentId: string
  runName?: string
  /** 32 hex digits; made up when absent. A run of that id that is there already is given back as it is. */
  runId?: string
  userId?: string
  startTimeMs?: number
  tags?: Record<string, string>
}

type RunSearchRequest = SearchRequest & { experimentIds: string[] }

export const RUN_STATUSES = ['RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED'] as const

/** The tag that says the name of a run, and follows it. */
export const NAME_TAG = 'mlflow.runName'

type Deps = {
  sql: Sql
  clock: Clock
  experiments: ReturnType<typeof createExperiments>
  /** A run as JSON text, for the answers of a search. */
  write(run: Run): Promise<string>
  onChange(change: { runId: string; made?: string }): void
}

export function createRuns({ sql, clock, experiments, write, onChange }: Deps) {
  async function create(request: NewRun): Promise<Run> {
    const experiment = await experiments.active(request.experimentId)
    const runId = request.runId ?? randomBytes(16).toString('hex')
    checkNames(request)
    const name = request.runName || request.tags?.[NAME_TAG] || generatedName()
    const tags = checkedTags({ ...request.tags, [NAME_TAG]: name })
    await sql.tx(async (tx) => {
      const isNew = await queries.insertRun(tx, {
        runId,
        experimentId: experiment.experimentId,
        name,
        userId: request.userId ?? '',
        status: 'RUNNING',
        startMs: request.startTimeMs ?? clock.nowMs(),
        artifactUri: runArtifactUri(experiment.artifactLocation, runId),
      })
      if (isNew) await queries.upsertTags(tx, runId, tags)
    })
    onChange({ runId, made: experiment.experimentId })
    return get(runId)
  }

  async function get(runId: string): Promise<Run> {
    const [run] = await read([runId])
    if (!run) throw noRun(runId)
    return run
  }

  async function read(ids: string[]): Promise<Run[]> {
    const [rows, inputs, models] = await Promise.all([
      queries.selectRuns(sql, ids),
      selectInputs(sql, ids),
      selectRunModels(sql, ids),
    ])
    return rows.map((row) => ({
      ...row,
      inputs: inputs.get(row.runId) ?? [],
      models: models.get(row.runId) ?? { inputs: [], outputs: [] },
    }))
  }

  const documentsOf = createRunDocuments({ read, write })

  async function search(request: RunSearchRequest): Promise<Page<Run>> {
    const page = await find(request)
    return { ...page, rows: await read(page.rows.map((run) => run.runId)) }
  }

  /** The same as the JSON text of each run, as MLflow writes it. */
  async function searchDocuments(request: RunSearchRequest): Promise<{ nextPageToken?: string; pages: JsonPages }> {
    const { rows, nextPageToken } = await find(request)
    return { nextPageToken, pages: jsonPages(rows, documentsOf, 25) }
  }

  async function find(request: RunSearchRequest): Promise<Page<FoundRun>> {
    const clause = searchClause(RUN_FIELDS, request, 4)
    const start = pageStart(request.pageToken)
    const ids = request.experimentIds.filter((id) => /^\d{1,18}$/.test(id))
    const asked = { ...clause, experimentIds: ids, stages: stagesOf(request.viewType), limit: request.maxResults + 1 }
    const found = await longSearch(sql, (tx) => findRuns(tx, { ...asked, ...start }))
    return pageOf(found, request.maxResults, start.offset)
  }

  async function update(
    runId: string,
    change: { status?: RunStatus; endTimeMs?: number; runName?: string },
  ): Promise<Run> {
    await sql.tx(async (tx) => {
      await requireActive(tx, runId)
      if (change.runName) await queries.upsertTags(tx, runId, [{ key: NAME_TAG, value: change.runName }])
      const row = { status: change.status ?? null, endMs: change.endTimeMs ?? null, name: change.runName || null }
      await queries.updateRun(tx, runId, row)
    })
    onChange({ runId })
    return get(runId)
  }

  /** Where its artifacts lie; throws when there is no such run. */
  async function artifactUri(runId: string): Promise<string> {
    const run = await queries.selectRunStage(sql, runId)
    if (!run) throw noRun(runId)
    return run.artifactUri
  }

  /** The same where the run may be none of ours. */
  async function findArtifactUri(runId: string): Promise<string | undefined> {
    return (await queries.selectRunStage(sql, runId))?.artifactUri
  }

  async function setStage(runId: string, stage: 'active' | 'deleted'): Promise<void> {
    if (!(await queries.selectRunStage(sql, runId))) throw noRun(runId)
    await sql.tx(async (tx) => {
      await queries.updateRunStage(tx, runId, stage === 'deleted' ? clock.nowMs() : null)
      const action = stage === 'active' ? 'run.restored' : 'run.deleted'
      await recordChange(tx, { action, on: { kind: 'run', name: runId }, from: null, to: { stage } })
    })
    onChange({ runId })
  }

  async function deleteTag(runId: string, key: string): Promise<void> {
    await sql.tx(async (tx) => {
      await requireActive(tx, runId)
      if (!(await queries.deleteTag(tx, runId, key))) {
        throw new PlatformError('not_found', `No tag with name: ${key.slice(0, 100)} in run with id ${runId}`)
      }
      await queries.countWrite(tx, runId)
    })
    onChange({ runId })
  }

  async function logInputs(runId: string, inputs: InputRow[]): Promise<void> {
    await sql.tx(async (tx) => {
      await requireActive(tx, runId)
      // Of two that log at the same time the second one sees what the first one wrote.
      await lockInputs(tx, runId)
      await writeInputs(tx, runId, inputs)
      requireInputs(runId, await selectInputSize(tx, runId))
      await queries.countWrite(tx, runId)
    })
  }

  return {
    create,
    get,
    artifactUri,
    findArtifactUri,
    search,
    searchDocuments,
    update,
    remove: (runId: string) => setStage(runId, 'deleted'),
    restore: (runId: string) => setStage(runId, 'active'),
    deleteTag,
    logInputs,
    /** Of active experiments and deleted ones. */
    searchDatasets: (experimentIds: readonly string[]) =>
      selectDatasetSummaries(
        sql,
        experimentIds.filter((id) => /^\d{1,18}$/.test(id)),
        limitOf('datasetSummaries'),
      ),
  }
}

function checkNames({ runName, tags }: NewRun): void {
  const tagged = tags?.[NAME_TAG]
  if (!runName || tagged === undefined || tagged === runName) return
  throw new PlatformError(
    'invalid_argument',
    `Both 'run_name' argument and '${NAME_TAG}' tag are specified, but with different values (run_name='${runName.slice(0, 100)}', ${NAME_TAG}='${tagged.slice(0, 100)}').`,
  )
}

/** Throws when there is no such run or it is deleted. Takes no lock: what is logged meanwhile was logged just before. */
export async function requireActive(sql: Sql, runId: string): Promise<{ artifactUri: string }> {
  const run = await queries.selectRunStage(sql, runId)
  requireStage(runId, run?.lifecycleStage)
  return run!
}

export type Stage = 'active' | 'deleted'

/** For a stage that was read already; none means that there is no such run. */
export function requireStage(runId: string, stage: Stage | undefined): void {
  if (stage === undefined) throw noRun(runId)
  if (stage === 'active') return
  throw new PlatformError(
    'invalid_argument',
    `The run ${runId} must be in the 'active' state. Current state is deleted.`,
  )
}

export function checkedTags(tags: Record<string, string>): KeyValue[] {
  return Object.entries(tags).map(([key, value]) => {
    checkKey('tag', key)
    return { key, value: truncated(value, TAG_LENGTH_MAX) }
  })
}

/** The same dataset for another purpose (`training`, then `eval`) is a use of its own: none takes the other's tags. */
async function writeInputs(tx: Sql, runId: string, inputs: readonly InputRow[]): Promise<void> {
  const names = [...new Set(inputs.map(({ dataset }) => dataset.name))]
  const known = await selectContexts(tx, runId, names)
  const contexts = new Map(known.map(({ name, digest, context }) => [JSON.stringify([name, digest]), context]))
  const first: InputRow[] = []
  const again = new Map<string, { name: string; digest: string; context: string; tags: Record<string, string> }>()
  for (const input of inputs) {
    const { name, digest } = input.dataset
    const tags = Object.fromEntries(input.tags.map(({ key, value }) => [key, value]))
    const context = tags[CONTEXT_TAG] ?? ''
    const id = JSON.stringify([name, digest])
    if (!contexts.has(id)) contexts.set(id, context)
    if (contexts.get(id) === context) first.push(input)
    else {
      const key = JSON.stringify([id, context])
      again.set(key, { name, digest, context, tags: { ...again.get(key)?.tags, ...tags } })
    }
  }
  if (first.length > 0) await upsertInputs(tx, runId, first)
  if (again.size > 0) await upsertInputsAgain(tx, runId, [...again.values()])
}

function requireInputs(runId: string, { count, bytes }: { count: number; bytes: number }): void {
  if (count > limitOf('runInputs')) throw overLimit('runInputs', `run ${runId} would have ${count} datasets`)
  if (bytes <= limitOf('runInputBytes')) return
  throw overLimit('runInputBytes', `the datasets of run ${runId} would have ${bytes} bytes together`)
}

function noRun(runId: string): PlatformError {
  return new PlatformError('not_found', `Run with id=${runId.slice(0, 64)} not found`)
}
