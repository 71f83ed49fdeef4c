import type { Clock } from '../base/clock.ts'
import { PlatformError } from '../base/errors.ts'
import { longSearch } from '../db/long-work.ts'
import type { Sql } from '../db/sql.ts'
import { recordChange } from '../identity/audit.ts'
import { checkArtifactLocation } from '../mlflow/artifact-uri.ts'
import { searchClause } from '../mlflow/search/clause.ts'
import { EXPERIMENT_FIELDS } from '../mlflow/search/fields.ts'
import { type Page, pageOf, pageOffset } from '../mlflow/search/page.ts'
import { limitOf } from '../wire/limits.ts'
import { invisibleIn } from '../wire/visible-name.ts'
import { checkKey } from './names.ts'
import type { ExperimentRow } from './queries/experiments.ts'
import * as queries from './queries/experiments.ts'

export type Experiment = ExperimentRow
export type ViewType = 'ACTIVE_ONLY' | 'DELETED_ONLY' | 'ALL'

export type SearchRequest = {
  filter?: string
  orderBy?: string[]
  maxResults: number
  pageToken?: string
  viewType?: ViewType
}

const NAME_LENGTH_MAX = limitOf('experimentName')
const TAG_LENGTH_MAX = limitOf('experimentTagValue')

export function createExperiments({ sql, clock }: { sql: Sql; clock: Clock }) {
  async function create(request: {
    name: string
    artifactLocation?: string
    tags?: { key: string; value: string }[]
  }): Promise<{ experimentId: string }> {
    if (request.name.length > NAME_LENGTH_MAX) {
      throw invalid(
        `Experiment name exceeds the maximum length of ${NAME_LENGTH_MAX} characters (limit experimentName)`,
      )
    }
    refuseUnseen(request.name)
    const location = request.artifactLocation ? checkArtifactLocation(request.artifactLocation) : null
    return sql.tx(async (tx) => {
      const row = { name: request.name, artifactLocation: location, nowMs: clock.nowMs() }
      const made = await queries.insertExperiment(tx, row)
      if (!made) {
        throw new PlatformError('already_exists', `Experiment(name=${request.name}) already exists (perhaps deleted).`)
      }
      if (request.tags?.length) await setTagsIn(tx, made.experimentId, request.tags)
      await recordChange(tx, { action: 'experiment.created', on: named(made.experimentId), from: null, to: {} })
      return { experimentId: made.experimentId }
    })
  }

  /** The experiment of that name, made when there is none; refuses a deleted one. */
  async function ensure(name: string): Promise<{ experimentId: string }> {
    const found = await queries.selectExperimentByName(sql, name)
    if (found) return { experimentId: active(found).experimentId }
    return create({ name }).catch(async (error: unknown) => {
      // Somebody else made it between the two statements.
      const other = await queries.selectExperimentByName(sql, name)
      if (!other) throw error
      return { experimentId: active(other).experimentId }
    })
  }

  async function get(id: string): Promise<Experiment> {
    const found = /^\d{1,18}$/.test(id) ? await queries.selectExperiment(sql, id) : undefined
    if (!found) throw new PlatformError('not_found', `No Experiment with id=${id.slice(0, 40)} exists`)
    return found
  }

  async function getByName(name: string): Promise<Experiment> {
    const found = await queries.selectExperimentByName(sql, name)
    if (!found) throw new PlatformError('not_found', `Could not find experiment with name '${name.slice(0, 500)}'`)
    return found
  }

  async function search(request: SearchRequest): Promise<Page<Experiment>> {
    const page = await find(request)
    return { ...page, rows: await read(page.rows) }
  }

  const read = (ids: readonly string[]): Promise<Experiment[]> => queries.selectExperiments(sql, ids)

  /** The ids of a page, for those who read it bit by bit. */
  async function find(request: SearchRequest): Promise<Page<string>> {
    const clause = searchClause(EXPERIMENT_FIELDS, request, 3)
    const offset = pageOffset(request.pageToken)
    const asked = { ...clause, stages: stagesOf(request.viewType), limit: request.maxResults + 1, offset }
    const rows = await longSearch(sql, (tx) => queries.searchExperiments(tx, asked))
    return pageOf(
      rows.map((row) => row.experimentId),
      request.maxResults,
      offset,
    )
  }

  async function rename(id: string, name: string): Promise<void> {
    active(await get(id))
    if (name.length > NAME_LENGTH_MAX)
      throw invalid(`Experiment name exceeds ${NAME_LENGTH_MAX} characters (limit experimentName)`)
    refuseUnseen(name)
    await sql.tx(async (tx) => {
      if (!(await queries.updateExperimentName(tx, id, name, clock.nowMs()))) {
        throw new PlatformError('already_exists', `Experiment(name=${name}) already exists (perhaps deleted).`)
      }
      await recordChange(tx, { action: 'experiment.renamed', on: named(id), from: null, to: {} })
    })
  }

  async function remove(id: string): Promise<void> {
    if ((await get(id)).lifecycleStage === 'deleted') {
      throw new PlatformError('not_found', `No Experiment with id=${id} exists: it is deleted`)
    }
    await setStage(id, 'deleted')
  }

  async function restore(id: string): Promise<void> {
    if ((await get(id)).lifecycleStage === 'active') {
      throw new PlatformError('not_found', `No deleted Experiment with id=${id} exists`)
    }
    await setStage(id, 'active')
  }

  async function setStage(id: string, stage: 'active' | 'deleted'): Promise<void> {
    await sql.tx(async (tx) => {
      await queries.updateExperimentStage(tx, id, stage, clock.nowMs())
      const action = stage === 'active' ? 'experiment.restored' : 'experiment.deleted'
      await recordChange(tx, { action, on: named(id), from: null, to: { stage } })
    })
  }

  async function setTag(id: string, key: string, value: string): Promise<void> {
    active(await get(id))
    await setTagsIn(sql, id, [{ key, value }])
  }

  async function deleteTag(id: string, key: string): Promise<void> {
    active(await get(id))
    if (!(await queries.deleteExperimentTag(sql, id, key))) {
      throw new PlatformError('not_found', `No tag with name: ${key.slice(0, 100)} in experiment with id ${id}`)
    }
  }

  /** Of a key that is given twice the last value counts. */
  async function setTagsIn(tx: Sql, id: string, tags: readonly { key: string; value: string }[]): Promise<void> {
    for (const { key, value } of tags) checkTag(key, value)
    await queries.upsertExperimentTags(tx, id, new Map(tags.map(({ key, value }) => [key, value])))
  }

  function checkTag(key: string, value: string): void {
    checkKey('tag', key)
    if (value.length > TAG_LENGTH_MAX) {
      throw invalid(`'value' exceeds the maximum length of ${TAG_LENGTH_MAX} characters (limit experimentTagValue)`)
    }
  }

  return {
    create,
    ensure,
    get,
    getByName,
    search,
    find,
    read,
    rename,
    remove,
    restore,
    setTag,
    deleteTag,
    active: async (id: string) => active(await get(id)),
  }
}

/** By its id: a name can say whose data it is about, and the trail forgets nothing. */
const named = (id: string) => ({ kind: 'experiment', name: id })

export function stagesOf(view: ViewType = 'ACTIVE_ONLY'): string[] {
  if (view === 'ALL') return ['active', 'deleted']
  return [view === 'DELETED_ONLY' ? 'deleted' : 'active']
}

function active(experiment: Experiment): Experiment {
  if (experiment.lifecycleStage === 'active') return experiment
  throw invalid(`The experiment ${experiment.experimentId} must be in the 'active' state. Current state is deleted.`)
}

function refuseUnseen(name: string): void {
  const unseen = invisibleIn(name)
  if (unseen) throw invalid(`Invalid experiment name: ${JSON.stringify(name)}. It has ${unseen}.`)
}

function invalid(message: string): PlatformError {
  return new PlatformError('invalid_argument', message)
}
