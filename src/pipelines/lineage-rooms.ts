/** For each kind of thing: what is told of it, what it came from, and what came of it. */
import { displayInstant, type Instant, instantOfMs, momentOfMs } from '../base/instant.ts'
import type { Project } from '../config/project.ts'
import type { Features } from '../features/features.ts'
import type { Ingest } from '../ingest/ingest.ts'
import type { Lake, Recorded } from '../lake/lake.ts'
import type { Predictions } from '../predictions/predictions.ts'
import type { ModelVersion, RegistryApi } from '../registry/registry.ts'
import type { TrackingApi } from '../tracking/tracking.ts'
import { TRAINING_SET_IDENTITY_TAG } from '../training/training.ts'
import { limitOf } from '../wire/limits.ts'
import type { LineageKind, LineageNode } from '../wire/lineage.ts'
import { runsOf } from './impact.ts'
import { countTouched } from './touched-answers.ts'

export type Place = { kind: LineageKind; name: string }
export type LineageDeps = {
  lake: Lake
  ingest: Ingest
  features: Features
  predictions: Pick<Predictions, 'counts'>
  mlflow: { tracking: TrackingApi; registry: RegistryApi }
  project: Project
  /** Runs and versions are kept by another server, which may be away. */
  elsewhere: boolean
}

type Told = Partial<Omit<LineageNode, 'id' | 'kind' | 'name'>>
type Room = {
  /** Undefined where there is no such thing. */
  node(name: string): Promise<Told | undefined>
  up(name: string): Promise<Place[]>
  down(name: string): Promise<Place[]>
}

const nothing = async (): Promise<Place[]> => []

export function rooms(deps: LineageDeps): Record<LineageKind, Room> {
  const { features, project } = deps
  const versions = once(() => allVersions(deps))
  const live = once(() => features.liveFrom())
  const services = new Map(project.featureServices.map(({ name, features: of }) => [name, of.map(({ view }) => view)]))
  const viewsOf = (model: string) =>
    services.get(project.models.find(({ name }) => name === model)?.featureService ?? '') ?? []
  const served = once(async () => (await versions()).filter(({ stage }) => stage === 'Production'))
  return {
    file: fileRoom(deps),
    snapshot: snapshotRoom(deps),
    training_set: setRoom(deps),
    run: runRoom(deps, versions),
    version: versionRoom(deps),
    view: {
      async node(name) {
        const held = (await live()).find(({ view }) => view === name)
        return project.featureViews.some((view) => view.name === name)
          ? { at: held?.materializedAt ?? null }
          : undefined
      },
      up: async (name) =>
        placed(
          'snapshot',
          (await live()).filter(({ view }) => view === name).map(({ snapshot }) => snapshot),
        ),
      down: async (name) =>
        placed('answers', (await served()).filter((one) => viewsOf(one.name).includes(name)).map(nameOf)),
    },
    answers: {
      async node(name) {
        const at = splitVersion(name)
        if (!at) return undefined
        const periods = await periodsOf(deps, at.name, at.version)
        const counts = await deps.predictions.counts({ model: at.name, version: String(at.version), refused: false })
        const rows = counts.reduce((sum, { answers }) => sum + answers, 0)
        const [from] = [periods[0]?.from, ...counts.map(({ first }) => first)].filter((one) => one !== undefined).sort()
        return from === undefined ? undefined : { periods, at: from, rows }
      },
      async up(name) {
        const at = splitVersion(name)
        const views = at ? viewsOf(at.name) : []
        return [...placed('version', [name]), ...placed('view', [...new Set(views)])]
      },
      down: nothing,
    },
  }
}

function fileRoom({ lake, ingest }: LineageDeps): Room {
  const snapshots = (digest: string) => lake.recorded({ digest, limit: limitOf('lineageNodes') })
  const ofFile = async (digest: string) => (await snapshots(digest)).filter((one) => one.fileDigest === digest)
  return {
    async node(digest) {
      const deliveries = await ingest.deliveriesOfFile(digest)
      const taken = await ofFile(digest)
      const [delivery] = deliveries
      if (!delivery && taken.length === 0) return undefined
      const file = delivery?.files.find((one) => one.digest === digest)
      const state = taken.length === 0 ? 'refused' : null
      const at = delivery?.finishedAt ?? taken[0]!.recordedAt
      return { state, at, says: file ? file.file : null, delivery: delivery?.id ?? null }
    },
    up: nothing,
    down: async (digest) =>
      placed(
        'snapshot',
        (await ofFile(digest)).map(({ id }) => id),
      ),
  }
}

function snapshotRoom(deps: LineageDeps): Room {
  const { lake, features } = deps
  const found = async (name: string): Promise<Recorded | undefined> => {
    const [first] = await (/^[0-9a-f]{64}$/.test(name)
      ? lake.recorded({ digest: name, limit: 1 })
      : lake.recorded({ ids: [name] }))
    return first
  }
  return {
    async node(name) {
      const snapshot = await found(name)
      if (!snapshot) return undefined
      const { recordedAt, rows, withdrawn } = snapshot
      return { at: recordedAt, rows, state: withdrawn ? 'withdrawn' : null, says: withdrawn?.reason ?? null }
    },
    async up(name) {
      const snapshot = await found(name)
      return placed('file', snapshot ? [snapshot.fileDigest] : [])
    },
    async down(name) {
      const snapshot = await found(name)
      if (!snapshot) return []
      const { trainingSets, views } = await features.readersOf(snapshot)
      // Also of one that is live no more: what was answered from it is on record.
      const touched = (await countTouched(deps, snapshot)) ?? []
      return [
        ...placed('answers', [...new Set(touched.map(({ model, version }) => `${model}/${version}`))]),
        ...placed(
          'training_set',
          trainingSets.map(({ identity }) => identity),
        ),
        ...placed(
          'view',
          views.map(({ view }) => view),
        ),
      ]
    },
  }
}

function setRoom({ features, mlflow }: LineageDeps): Room {
  const found = async (name: string) => {
    const [byIdentity] = await features.builtSets({ identity: name })
    return byIdentity ?? (await features.builtSets({ digest: name }))[0]
  }
  return {
    async node(name) {
      const set = await found(name)
      return (
        set && { at: set.builtAt, rows: set.rows, says: `${set.name}${set.asOf ? ` ${displayInstant(set.asOf)}` : ''}` }
      )
    },
    up: async (name) => placed('snapshot', (await found(name))?.snapshots ?? []),
    async down(name) {
      const set = await found(name)
      const runs = set ? await runsOf(mlflow.tracking, [set]) : []
      return placed(
        'run',
        runs.map(({ runId }) => runId),
      )
    },
  }
}

function runRoom({ mlflow, features }: LineageDeps, versions: () => Promise<ModelVersion[]>): Room {
  return {
    async node(id) {
      const run = await mlflow.tracking.runs.get(id)
      return {
        at: momentOfMs(run.startMs),
        state: run.lifecycleStage === 'deleted' ? 'deleted' : run.status,
        says: run.name,
        experiment: run.experimentId,
      }
    },
    async up(id) {
      const { tags } = await mlflow.tracking.runs.get(id)
      const tag = (key: string) => tags.find((one) => one.key === key)?.value
      const [identity, digest] = [tag(TRAINING_SET_IDENTITY_TAG), tag('weir.training_set')]
      if (identity !== undefined) return placed('training_set', [identity])
      if (digest === undefined) return []
      return placed(
        'training_set',
        (await features.builtSets({ digest })).map((set) => set.identity),
      )
    },
    down: async (id) => placed('version', (await versions()).filter(({ runId }) => runId === id).map(nameOf)),
  }
}

function versionRoom(deps: LineageDeps): Room {
  const { registry } = deps.mlflow
  const found = async (text: string) => {
    const at = splitVersion(text)
    return at && registry.getVersion(at.name, at.version)
  }
  return {
    async node(text) {
      const version = await found(text)
      if (!version) return undefined
      const { stage, aliases, creationMs } = version
      return { at: instantOfMs(creationMs), state: stage, says: aliases.join(', ') || null }
    },
    async up(text) {
      const version = await found(text)
      return placed('run', version?.runId ? [version.runId] : [])
    },
    down: async (text) => placed('answers', [text]),
  }
}

async function allVersions({ mlflow: { registry } }: LineageDeps): Promise<ModelVersion[]> {
  const all: ModelVersion[] = []
  for (const { name } of await registry.listModels()) all.push(...(await registry.versionsOf(name)))
  return all
}

/** When a version was in Production: its answers are of these times. */
async function periodsOf({ mlflow: { registry } }: LineageDeps, name: string, version: number) {
  const periods: { from: Instant; to: Instant | null }[] = []
  for (const { kind, to, atMs } of await registry.history(name, version)) {
    if (kind !== 'stage') continue
    const last = periods.at(-1)
    if (to === 'Production') periods.push({ from: instantOfMs(atMs), to: null })
    else if (last && last.to === null) last.to = instantOfMs(atMs)
  }
  return periods
}

function nameOf({ name, version }: ModelVersion): string {
  return `${name}/${version}`
}

/** A model's name may hold slashes itself. */
function splitVersion(text: string): { name: string; version: number } | undefined {
  const [, name, version] = /^(.+)\/([1-9]\d{0,8})$/s.exec(text) ?? []
  return name === undefined ? undefined : { name, version: Number(version) }
}

function placed(kind: LineageKind, names: readonly string[]): Place[] {
  return names.map((name) => ({ kind, name }))
}

/** Asked at most once for one answer. */
function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let asked: Promise<T> | undefined
  return () => {
    asked ??= ask()
    return asked
  }
}
