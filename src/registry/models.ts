import type { Clock } from '../base/clock.ts'
import { PlatformError } from '../base/errors.ts'
import type { Sql } from '../db/sql.ts'
import { searchClause } from '../tracking/search/clause.ts'
import { type Page, pageOf, pageOffset } from '../tracking/search/page.ts'
import { checkModelName, checkTag, STAGES } from './names.ts'
import type { ModelRow } from './queries/models.ts'
import * as queries from './queries/models.ts'
import { selectLatest, type VersionRow } from './queries/versions.ts'
import { MODEL_FIELDS } from './search-fields.ts'

export type RegisteredModel = ModelRow & { latestVersions: VersionRow[] }

export type SearchRequest = { filter?: string; orderBy?: string[]; maxResults: number; pageToken?: string }

/** As many as one page may hold. */
const MODELS_MAX = 1000

export function createModels({ sql, clock }: { sql: Sql; clock: Clock }) {
  async function createModel(request: {
    name: string
    description?: string
    tags?: Record<string, string>
  }): Promise<RegisteredModel> {
    const { name, description = '', tags = {} } = request
    checkModelName(name)
    for (const [key, value] of Object.entries(tags)) checkTag(key, value)
    await sql.tx(async (tx) => {
      if (!(await queries.insertModel(tx, { name, description, nowMs: clock.nowMs() }))) {
        throw new PlatformError('already_exists', `Registered Model (name=${name}) already exists.`)
      }
      for (const [key, value] of Object.entries(tags)) await queries.upsertModelTag(tx, name, key, value)
      await queries.notifyChanged(tx, name)
    })
    return getModel(name)
  }

  /** The model of that name, made when there is none. */
  async function ensureModel(name: string): Promise<void> {
    await queries.insertModel(sql, { name: checkModelName(name), description: '', nowMs: clock.nowMs() })
  }

  async function getModel(name: string): Promise<RegisteredModel> {
    const found = await queries.selectModel(sql, name)
    if (!found) throw noModel(name)
    return (await withLatest([found]))[0]!
  }

  async function searchModels(request: SearchRequest): Promise<Page<RegisteredModel>> {
    const offset = pageOffset(request.pageToken)
    const clause = searchClause(MODEL_FIELDS, request, 2)
    const rows = await queries.searchModels(sql, { ...clause, limit: request.maxResults + 1, offset })
    const page = pageOf(rows, request.maxResults, offset)
    return { ...page, rows: await withLatest(page.rows) }
  }

  async function withLatest(rows: ModelRow[]): Promise<RegisteredModel[]> {
    const names = rows.map((row) => row.name)
    const latest = await selectLatest(sql, names, STAGES)
    return rows.map((row) => ({ ...row, latestVersions: latest.filter((version) => version.name === row.name) }))
  }

  /** A change of a model that exists, in one transaction that holds off others. */
  function change(name: string, body: (tx: Sql) => Promise<void>): Promise<void> {
    return sql.tx(async (tx) => {
      if (!(await queries.lockModel(tx, name))) throw noModel(name)
      await body(tx)
    })
  }

  async function renameModel(name: string, newName: string): Promise<RegisteredModel> {
    checkModelName(newName)
    await change(name, async (tx) => {
      if (newName !== name && (await queries.selectModel(tx, newName))) {
        throw new PlatformError('already_exists', `Registered Model (name=${newName}) already exists.`)
      }
      await queries.updateModel(tx, name, { newName, nowMs: clock.nowMs() })
      await queries.renameHistory(tx, name, newName)
      await queries.notifyChanged(tx, newName)
    })
    return getModel(newName)
  }

  async function describeModel(name: string, description: string): Promise<RegisteredModel> {
    await change(name, (tx) => queries.updateModel(tx, name, { description, nowMs: clock.nowMs() }))
    return getModel(name)
  }

  return {
    createModel,
    ensureModel,
    getModel,
    searchModels,
    listModels: async () => (await searchModels({ maxResults: MODELS_MAX })).rows,
    renameModel,
    describeModel,
    deleteModel: (name: string) => change(name, (tx) => queries.deleteModel(tx, name)),
    setModelTag(name: string, key: string, value: string) {
      checkTag(key, value)
      return change(name, (tx) => queries.upsertModelTag(tx, name, key, value))
    },
    deleteModelTag: (name: string, key: string) => change(name, (tx) => queries.deleteModelTag(tx, name, key)),
  }
}

export function noModel(name: string): PlatformError {
  return new PlatformError('not_found', `Registered Model with name=${name.slice(0, 250)} not found`)
}
