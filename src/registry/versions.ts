import type { Clock } from '../base/clock.ts'
import { PlatformError } from '../base/errors.ts'
import { instantOfMs } from '../base/instant.ts'
import type { Promotion } from '../config/project.ts'
import { longSearch } from '../db/long-work.ts'
import type { Sql, Statement } from '../db/sql.ts'
import { recordChange } from '../identity/audit.ts'
import { searchClause } from '../mlflow/search/clause.ts'
import { type Page, pageOf, pageOffset } from '../mlflow/search/page.ts'
import type { Tracking } from '../tracking/tracking.ts'
import { endArm } from './arms.ts'
import { REGISTRY_CHANNEL } from './channel.ts'
import { refuseLive } from './live-guard.ts'
import { noModel, type SearchRequest } from './models.ts'
import { actorOf } from './moves.ts'
import { checkTag, invalid, isPrompt, parseVersion, STAGES, type Stage, versionName } from './names.ts'
import { insertTransitions, selectWasInStage } from './queries/history.ts'
import { lockModel, selectModel } from './queries/models.ts'
import { selectVersionsPage } from './queries/overview.ts'
import { voidRequests } from './queries/requests.ts'
import type { VersionRow } from './queries/versions.ts'
import * as queries from './queries/versions.ts'
import { VERSION_FIELDS } from './search-fields.ts'
import { isOwn, ownFilesOf, resolveSource } from './source.ts'

export type ModelVersion = VersionRow

export type NewModelVersion = {
  name: string
  source: string
  runId?: string
  /** The logged model of MLflow 3 that it is made of. */
  modelId?: string
  runLink?: string
  description?: string
  tags?: Record<string, string>
}

/** More than any model has: the most that one search gives. */
const VERSIONS_MAX = 200_000

type Deps = {
  sql: Sql
  tracking: Pick<Tracking, 'runs' | 'loggedModels' | 'seals'>
  clock: Clock
  policyOf: (name: string) => Promotion
}

export function createVersions({ sql, tracking, clock, policyOf }: Deps) {
  async function createVersion(request: NewModelVersion): Promise<ModelVersion> {
    const { name, tags = {}, description = '', runLink = null } = request
    for (const [key, value] of Object.entries(tags)) checkTag(key, value)
    const { source } = request
    const given = { source, runId: request.runId || null, modelId: request.modelId || null, isPrompt: isPrompt(tags) }
    const versionAt = (other: string, number: number) => queries.selectVersion(sql, other, number)
    const { location, runId, modelId } = await resolveSource({ tracking, versionAt }, given)
    const version = await sealAndInsert({ name, source, location, runId, runLink, description, tags })
    if (modelId !== null && !given.isPrompt) {
      await tracking.loggedModels.noteVersion(modelId, { name, version: version.version })
    }
    return version
  }

  /** Where another's deletion took the seal away before the version was there, nothing was written, and both come again. */
  async function sealAndInsert(row: queries.NewVersion): Promise<ModelVersion> {
    const { name, location } = row
    const held: Statement[] = []
    if (isOwn(location) && (await tracking.seals.hasFiles(location))) {
      if (!(await selectModel(sql, name))) throw noModel(name)
      await tracking.seals.seal(location)
      held.push(tracking.seals.hold(location))
    }
    try {
      return await sql.tx(async (tx) => {
        // The seal is held behind the model, in the order in which a deletion takes them.
        const [made, versions] = await tx.together([
          queries.insertVersion(row, { nowMs: clock.nowMs(), channel: REGISTRY_CHANNEL }),
          queries.newestOf(name),
          ...held,
        ])
        if (made?.length !== 1) throw noModel(name)
        const version = versions?.[0] as ModelVersion
        const on = { kind: 'version', name: versionName(name, version.version) }
        const to = { stage: version.stage, run_id: version.runId, source: row.source.slice(0, 500) }
        await recordChange(tx, { action: 'version.created', on, model: name, from: null, to })
        return version
      })
    } catch (error) {
      if (tracking.seals.isUnheld(error)) return sealAndInsert(row)
      throw error
    }
  }

  async function getVersion(name: string, version: number): Promise<ModelVersion> {
    const found = await queries.selectVersion(sql, name, version)
    if (!found) throw noVersion(name, version)
    return found
  }

  async function byAlias(name: string, alias: string): Promise<ModelVersion> {
    const found = await queries.selectVersionByAlias(sql, name, alias)
    if (found) return found
    if (!(await selectModel(sql, name))) throw noModel(name)
    // MLflow answers 400 here, and its clients look for these words.
    throw invalid(`Registered model alias ${alias.slice(0, 255)} not found.`)
  }

  async function inStage(name: string, stage: Stage): Promise<ModelVersion | undefined> {
    return (await queries.selectLatest(sql, [name], [stage]))[0]
  }

  /** The keys of a page; `readVersions` gives what they are of, bit by bit where there are many. */
  async function findVersions(request: SearchRequest): Promise<Page<queries.VersionKey>> {
    const offset = pageOffset(request.pageToken)
    const clause = searchClause(VERSION_FIELDS, request, 2)
    const asked = { ...clause, limit: request.maxResults + 1, offset }
    const found = await longSearch(sql, (tx) => queries.searchVersions(tx, asked))
    return pageOf(found, request.maxResults, offset)
  }

  const readVersions = (keys: readonly queries.VersionKey[]) => queries.selectVersions(sql, keys)

  /**
   * A change of a version that exists, in one transaction that holds off others of the same model. `body` is told the
   * version's stage. With `updates` it is an update of the model too.
   */
  async function change(
    name: string,
    version: number,
    body: (tx: Sql, stage: Stage) => Promise<void>,
    { updates = false }: { updates?: boolean } = {},
  ) {
    await sql.tx(async (tx) => {
      await lockModel(tx, name, updates ? clock.nowMs() : undefined)
      const stage = await queries.selectStage(tx, name, version)
      if (!stage) throw noVersion(name, version)
      await body(tx, stage)
    })
  }

  async function describeVersion(name: string, version: number, description: string): Promise<ModelVersion> {
    await change(name, version, (tx) => queries.updateVersion(tx, name, version, { description, nowMs: clock.nowMs() }))
    return getVersion(name, version)
  }

  return {
    createVersion,
    getVersion,
    byAlias,
    /** Where the files of a version are, which must be in our own store. */
    filesOf: async (name: string, version: string) => ownFilesOf(await getVersion(name, parseVersion(version))),
    inStage,
    /** Whether any version of it ever was in Production. */
    wasInProduction: (name: string) => selectWasInStage(sql, { name }, 'Production'),
    findVersions,
    readVersions,
    describeVersion,
    /** All versions of a model, oldest first. */
    versionsOf: async (name: string) => {
      const all = { where: 'v.name = $2', orderBy: 'v.version', values: [name], limit: VERSIONS_MAX, offset: 0 }
      return readVersions(await queries.searchVersions(sql, all))
    },
    /** Newest first, one more than asked for. */
    versionsPage: async (name: string, page: { limit: number; before: number | null }) =>
      readVersions(await selectVersionsPage(sql, name, page)),
    /** Versions that would lose their files or their origin with these runs. */
    versionsUsing: (runs: readonly { runId: string; artifactUri: string }[]) => queries.selectVersionsUsing(sql, runs),
    /** Versions whose files are among those at these addresses. */
    versionsAt: (uris: readonly string[]) => queries.selectVersionsAt(sql, uris),
    findVersionByRun: (name: string, runId: string) => queries.selectVersionByRun(sql, name, runId),
    latestVersions: (name: string, stages: readonly Stage[] = STAGES) => queries.selectLatest(sql, [name], stages),
    deleteVersion: (name: string, version: number, actor: string) =>
      change(
        name,
        version,
        async (tx, stage) => {
          const aliases = await queries.selectAliases(tx, name, version)
          refuseLive(policyOf(name), name, [{ version, stage, aliases }])
          await endArm(tx, name, version, { actor: actorOf(actor), comment: 'version deleted', atMs: clock.nowMs() })
          const left = (await queries.deleteVersion(tx, name, version)).filter(isOwn)
          await tracking.seals.unseal(tx, left, (uris) => queries.selectUnused(tx, uris))
          const kept = { version, kind: 'stage' as const, comment: 'version deleted', atMs: clock.nowMs() }
          await insertTransitions(tx, name, [{ ...kept, from: stage, to: null, actor: actorOf(actor) }])
          await voidRequests(tx, name, version, instantOfMs(clock.nowMs()))
          const on = { kind: 'version', name: versionName(name, version) }
          await recordChange(tx, { action: 'version.deleted', on, model: name, from: { stage, aliases }, to: null })
        },
        { updates: true },
      ),
    setVersionTag(name: string, version: number, key: string, value: string) {
      checkTag(key, value)
      return change(name, version, (tx) => queries.upsertVersionTags(tx, name, version, { [key]: value }))
    },
    deleteVersionTag: (name: string, version: number, key: string) =>
      change(name, version, (tx) => queries.deleteVersionTag(tx, name, version, key)),
  }
}

export function noVersion(name: string, version: number): PlatformError {
  return new PlatformError('not_found', `Model Version (name=${name.slice(0, 250)}, version=${version}) not found`)
}
