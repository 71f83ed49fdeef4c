import { randomBytes } from 'node:crypto'
import { availableParallelism } from 'node:os'
import type { Clock } from '../base/clock.ts'
import { PlatformError } from '../base/errors.ts'
import { digestOf } from '../base/hash.ts'
import { displayInstant, type Instant, parseInstant } from '../base/instant.ts'
import { requirePast } from '../base/past.ts'
import { entityOf, featureServiceOf, featureViewOf, labelOf, modelOf } from '../config/find.ts'
import type { Entity, FeatureService, FeatureView, Label, Model, OnDemandView, Project } from '../config/project.ts'
import type { JoinMode } from '../features/offline/training-set.ts'
import { keepObjects } from '../lake/collect-objects.ts'
import type { Lake } from '../lake/lake.ts'
import type { ObjectStore } from '../lake/objects.ts'
import type { Work } from '../lake/work.ts'
import type { TrackingApi } from '../tracking/tracking.ts'
import { codeDigest, lockFileDigest } from './code-digest.ts'
import { type GitState, readGit } from './git.ts'
import { keepFile, type StoredFile } from './keep-file.ts'
import { type PinnedChampion, type ProductionVersions, pinChampion } from './report/champion.ts'

export type TrainRequest = {
  model: string
  /** A date, or a date and time. */
  asOf: string
  /** The first period of a range; without it the newest mature period alone. */
  from?: string
  /** Now when absent. */
  knownAt?: string
  mode?: JoinMode
  /** 0 or absent for one a core. The result does not depend on it. */
  threads?: number
  /** At least so large a share of the entities is kept from the fit; the project's where that is larger. */
  holdOut?: number
  /** Instead of the name that the project gives its runs; {as_of} stands for the date. */
  runName?: string
}

export type Versions = { weir: string; duckdb: string }

/** What promotes, serves and watches a model decides nothing of it: another rule is no other training. */
export type TrainedModel = Omit<Model, 'promotion' | 'serving' | 'monitoring'>

/** All that the project says about one model, as it was when the training was asked for. */
export type Definitions = {
  model: TrainedModel
  service: FeatureService
  views: FeatureView[]
  onDemand: OnDemandView[]
  entities: Entity[]
  label: Label
}

/** Everything that decides a training before it starts, as plain JSON. */
export type Pinned = {
  runId: string
  runName: string
  startedMs: number
  model: string
  asOf: Instant
  knownAt: Instant
  mode: JoinMode
  from?: Instant
  threads: number
  definitions: Definitions
  definitionsDigest: string
  /** What the new version is compared with; decides nothing of the model. Absent in what was pinned before there was one. */
  champion?: PinnedChampion | null
  /** SHA-256 over the compiled files of this package. */
  code: string
  lockFile: { digest: string } | { digest: null; reason: string }
  versions: Versions & { node: string; platform: string }
  /** Of the project's code. Absent in runs of before it was recorded, as what follows is. */
  projectCode?: string
  git?: GitState
  /** What was not committed. */
  diff?: StoredFile | null
}

type Deps = {
  project: Project
  lake: Pick<Lake, 'pinKnownAt'> & { work: Pick<Work, 'alone'> }
  objects: ObjectStore
  clock: Clock
  registry: ProductionVersions
  tracking: Pick<TrackingApi, 'runs'>
  versions: () => Promise<Versions>
}

export async function pin(deps: Deps, request: TrainRequest): Promise<Pinned> {
  const { project, lake, clock, versions } = deps
  const definitions = withHoldOut(definitionsOf(project, request.model), request.holdOut)
  const asOf = requirePast(parseInstant(request.asOf, 'as-of'), clock, 'as-of')
  const [build, champion, git, knownAt] = await Promise.all([
    buildOf(versions),
    pinChampion(deps, request.model),
    pinGit(deps),
    request.knownAt === undefined ? lake.pinKnownAt() : parseInstant(request.knownAt, 'known-at'),
  ])
  return {
    runId: randomBytes(16).toString('hex'),
    runName: (request.runName ?? definitions.model.runName).replaceAll('{as_of}', displayInstant(asOf)),
    startedMs: clock.nowMs(),
    model: request.model,
    asOf,
    knownAt,
    mode: request.mode ?? 'restated',
    ...(request.from === undefined ? {} : { from: parseInstant(request.from, 'from') }),
    threads: request.threads || availableParallelism(),
    definitions,
    definitionsDigest: digestOf(definitions),
    champion,
    ...build,
    projectCode: project.code.digest,
    ...git,
  }
}

function withHoldOut(definitions: Definitions, holdOut = 0): Definitions {
  const { model } = definitions
  if (model.split.holdOut >= holdOut) return definitions
  return { ...definitions, model: { ...model, split: { ...model.split, holdOut } } }
}

/** What is not committed is kept now: the tree may be another one when the run is logged. */
async function pinGit({ project, objects, lake }: Deps): Promise<Pick<Pinned, 'git' | 'diff'>> {
  const paths = project.code.files.map(({ path }) => path)
  const { state, diff } = await readGit(project.dir, paths)
  if (diff === null) return { git: state, diff: null }
  const bytes = Buffer.from(diff)
  return { git: state, diff: await keepObjects(lake.work, () => keepFile(objects, bytes, 'diff')) }
}

/** What does the work: the code, what it was installed with, and the versions that it runs on. */
async function buildOf(versions: Deps['versions']): Promise<Pick<Pinned, 'code' | 'lockFile' | 'versions'>> {
  const [code, lockFile, named] = await Promise.all([codeDigest(), lockFileDigest(), versions()])
  const platform = `${process.platform}-${process.arch}`
  return { code, lockFile, versions: { ...named, node: process.versions.node, platform } }
}

export async function requireSameBuild(
  { versions, project }: Pick<Deps, 'versions' | 'project'>,
  pinned: Pinned,
): Promise<void> {
  const live = await buildOf(versions)
  const names = Object.keys(live.versions) as (keyof Pinned['versions'])[]
  const differs = [
    ...(live.code === pinned.code ? [] : ['the code of Weir']),
    ...(live.lockFile.digest === pinned.lockFile.digest ? [] : ['its package-lock.json']),
    ...(project.code.digest === pinned.projectCode ? [] : ['the code of the project']),
    ...names.filter((name) => live.versions[name] !== pinned.versions[name]).map((name) => `the version of ${name}`),
  ]
  if (differs.length === 0) return
  throw new PlatformError(
    'conflict',
    `this training began with another build than this process has (${differs.join(', ')}). Nothing more is done; ` +
      `give the command again: weir train ${pinned.model} --as-of ${displayInstant(pinned.asOf)}`,
  )
}

export function definitionsOf(project: Project, name: string): Definitions {
  if (!project.models.some((model) => model.name === name)) {
    const names = project.models.map((model) => model.name).join(', ')
    throw new PlatformError('not_found', `there is no model '${name}'; the project has ${names || 'none'}`)
  }
  const { promotion: _, serving: _serving, monitoring: _monitoring, ...model } = modelOf(project, name)
  const service = featureServiceOf(project, model.featureService)
  const label = labelOf(project, model.label)
  const onDemand = project.onDemandViews.filter((v) => service.features.some((f) => f.view === v.name))
  const stored = [...service.features, ...onDemand.flatMap((v) => v.inputs)].map((f) => f.view)
  const names = [...new Set(stored)].filter((name) => !onDemand.some((v) => v.name === name))
  const views = names.map((view) => featureViewOf(project, view))
  const named = [...views.map((view) => view.entity), label.entity].filter((name) => name !== null)
  const entities = [...new Set(named)].map((name) => entityOf(project, name))
  return { model, service, views, onDemand, entities, label }
}
