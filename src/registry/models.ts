import type { Clock } from '../base/clock.ts'
import { PlatformError } from '../base/errors.ts'
import { instantOfMs } from '../base/instant.ts'
import type { Promotion } from '../config/project.ts'
import { longSearch } from '../db/long-work.ts'
import type { Sql } from '../db/sql.ts'
import { recordChange } from '../identity/audit.ts'
import { searchClause } from '../mlflow/search/clause.ts'
import { type Page, pageOf, pageOffset } from '../mlflow/search/page.ts'
import type { Tracking } from '../tracking/tracking.ts'
import { refuseLive } from './live-guard.ts'
import { actorOf } from './moves.ts'
import { checkModelName, checkTag, isPrompt, STAGES } from './names.ts'
import { selectWasInStage } from './queries/history.ts'
import type { ModelRow } from './queries/models.ts'
import * as queries from './queries/models.ts'
import { selectCounts, selectDeletedModels } from './queries/overview.ts'
import { voidRequests } from './queries/requests.ts'
import { selectLatest, selectStanding, selectUnused, type VersionRow } from './queries/versions.ts'
import { MODEL_FIELDS } from './search-fields.ts'
import { isOwn } from './source.ts'

export type RegisteredModel = ModelRow & { latestVersions: VersionRow[] }

export type SearchRequest = { filter?: string; orderBy?: string[]; maxResults: number; pageToken?: string }

/** As many as one page may hold. */
const MODELS_MAX = 1000

type Deps = {
  sql: Sql
  tracking: Pick<Tracking, 'seals'>
  clock: Clock
  policyOf: (name: string) => Promotion
}

export function createModels({ sql, tracking, clock, policyOf }: Deps) {
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
        throw taken(name, {
          isPrompt: isPrompt(tags),
          wasPrompt: isPrompt((await queries.selectModel(tx, name))?.tags ?? {}),
        })
      }
      await queries.upsertModelTags(tx, name, tags)
      await recordCreated(tx, name)
      await queries.notifyChanged(tx, name)
    })
    return getModel(name)
  }

  /** The model of that name, made when there is none. */
  async function ensureModel(name: string): Promise<void> {
    if (await queries.selectModel(sql, checkModelName(name))) return
    await sql.tx(async (tx) => {
      const made = await queries.insertModel(tx, { name, description: '', nowMs: clock.nowMs() })
      if (made) await recordCreated(tx, name)
    })
  }

  async function getModel(name: string): Promise<RegisteredModel> {
    const found = await queries.selectModel(sql, name)
    if (!found) throw noModel(name)
    return (await withLatest([found]))[0]!
  }

  /** The names of a page; `readModels` gives what they are of, bit by bit where there are many. */
  async function findModels(request: SearchRequest): Promise<Page<string>> {
    const offset = pageOffset(request.pageToken)
    const clause = searchClause(MODEL_FIELDS, request, 2)
    const asked = { ...clause, limit: request.maxResults + 1, offset }
    const found = await longSearch(sql, (tx) => queries.searchModels(tx, asked))
    return pageOf(
      found.map((row) => row.name),
      request.maxResults,
      offset,
    )
  }

  const readModels = async (names: readonly string[]) => withLatest(await queries.selectModels(sql, names))

  async function withLatest(rows: ModelRow[]): Promise<RegisteredModel[]> {
    const names = rows.map((row) => row.name)
    const latest = await selectLatest(sql, names, STAGES)
    const byName = new Map(rows.map((row) => [row.name, { ...row, latestVersions: [] as VersionRow[] }]))
    for (const version of latest) byName.get(version.name)?.latestVersions.push(version)
    return [...byName.values()]
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
      const standing = await selectStanding(tx, name)
      // Under a name with that rule it would answer without having been looked at.
      for (const either of [name, newName]) refuseLive(policyOf(either), name, standing)
      // Nor past its gate: what answered under another name counts as what has passed, also when it is out of there now.
      if (
        newName !== name &&
        policyOf(newName).gate.length > 0 &&
        (await selectWasInStage(tx, { name }, 'Production'))
      ) {
        throw new PlatformError(
          'forbidden',
          `a version of ${name} was in Production, and ${newName} has a gate that it never passed: register the version under ${newName} instead`,
        )
      }
      await queries.updateModel(tx, name, { newName, nowMs: clock.nowMs() })
      await queries.renameHistory(tx, name, newName)
      await voidRequests(tx, name, null, instantOfMs(clock.nowMs()))
      const on = { kind: 'model', name: newName }
      const renamed = { action: 'model.renamed' as const, on, model: newName, from: { name }, to: { name: newName } }
      if (newName !== name) await recordChange(tx, renamed)
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
    findModels,
    readModels,
    countsOf: (names: readonly string[]) => selectCounts(sql, names, instantOfMs(clock.nowMs())),
    /** Names of models that were deleted: their history is kept under them. */
    deletedModels: () => selectDeletedModels(sql),
    listModels: async () => readModels((await findModels({ maxResults: MODELS_MAX })).rows),
    renameModel,
    describeModel,
    /** Its history stays, under the name, as that of a model that is gone: one made again begins without any. */
    deleteModel: (name: string, actor: string) =>
      change(name, async (tx) => {
        const standing = await selectStanding(tx, name)
        refuseLive(policyOf(name), name, standing)
        await queries.endHistory(tx, name, { actor: actorOf(actor), atMs: clock.nowMs() })
        await voidRequests(tx, name, null, instantOfMs(clock.nowMs()))
        const on = { kind: 'model', name }
        await recordChange(tx, { action: 'model.deleted', on, model: name, from: { standing }, to: null })
        const left = (await queries.deleteModel(tx, name)).filter(isOwn)
        await tracking.seals.unseal(tx, left, (uris) => selectUnused(tx, uris))
      }),
    setModelTag(name: string, key: string, value: string) {
      checkTag(key, value)
      return change(name, (tx) => queries.upsertModelTags(tx, name, { [key]: value }))
    },
    deleteModelTag: (name: string, key: string) => change(name, (tx) => queries.deleteModelTag(tx, name, key)),
  }
}

async function recordCreated(tx: Sql, name: string): Promise<void> {
  await recordChange(tx, {
    action: 'model.created',
    on: { kind: 'model', name },
    model: name,
    from: null,
    to: { name },
  })
}

/** In MLflow's words: what is wanted, or that the name is one of the other kind. */
function taken(name: string, { isPrompt, wasPrompt }: { isPrompt: boolean; wasPrompt: boolean }): PlatformError {
  const kind = (prompt: boolean) => (prompt ? 'Prompt' : 'Registered Model')
  const says =
    isPrompt === wasPrompt
      ? `${kind(isPrompt)} (name=${name}) already exists.`
      : `Tried to create a ${kind(isPrompt).toLowerCase()} with name '${name}', but the name is already taken by a ${kind(wasPrompt).toLowerCase()}. MLflow does not allow creating a model and a prompt with the same name.`
  return new PlatformError('already_exists', says)
}

export function noModel(name: string): PlatformError {
  return new PlatformError('not_found', `Registered Model with name=${name.slice(0, 250)} not found`)
}
