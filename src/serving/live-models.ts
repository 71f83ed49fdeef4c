import { messageOf, PlatformError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { LOOK_STOP_MS, SAY_MS } from '../base/time-limits.ts'
import { withinMs } from '../base/within.ts'
import { saysOfModel } from '../config/predicts.ts'
import type { Project } from '../config/project.ts'
import type { Database } from '../db/sql.ts'
import type { Features } from '../features/features.ts'
import { kindOf } from '../ml/model/kinds.ts'
import { decodeModel, type Model, predictOne } from '../ml/model/model-file.ts'
import { REGISTRY_CHANNEL } from '../registry/channel.ts'
import type { ModelVersion, RegistryApi } from '../registry/registry.ts'
import { isOwn, ownFilesOf } from '../registry/source.ts'
import type { TrackingApi } from '../tracking/tracking.ts'
import { type Picked, pickArm, type Route, routeOf } from './arms/route.ts'
import type { ServingEvents } from './events.ts'
import type { LiveModel } from './live-model.ts'
import { requireSays } from './require-says.ts'
import type { Answering, Servers } from './servers.ts'

export type LiveModelDeps = {
  project: Project
  features: Features
  registry: Pick<RegistryApi, 'inStage' | 'wasInProduction'>
  tracking: { artifacts: Pick<TrackingApi['artifacts'], 'read' | 'stamp' | 'readVersion'> }
  db: Database
  log: Log
  events: ServingEvents
  /** Where it is told to other processes what answers here; nowhere where there is none. */
  servers?: Pick<Servers, 'say' | 'leave'>
}

/** Why the version that is in Production does not answer. */
type Problem = {
  version: string
  source: string
  text: string
  /** The content is wrong: it is tried again when somebody changes the files (their stamp) or the registry. */
  permanent: boolean
  stamp: string
}

export type { LiveModel } from './live-model.ts'
export type LiveModels = ReturnType<typeof createLiveModels>

type Loading = { version: number; sinceMs: number }

/** Heard of nothing for so long, we look ourselves: a notification may be lost with its connection. */
const LOOK_MS = 5_000

const MODEL_FILE = 'model.weir'

/** The stamp of files that are not ours: nothing that happens to them is known here. */
const ELSEWHERE = 'elsewhere'

/**
 * Follows the registry: the newest version in Production of each model of the project, loaded. A change is loaded in
 * full beside the old model and then takes its place.
 */
export function createLiveModels(deps: LiveModelDeps) {
  const { project, features, registry, tracking, db, log, events, servers } = deps
  const live = new Map<string, LiveModel>()
  const problems = new Map<string, Problem>()
  /** What is being read at the moment. */
  const loading = new Map<string, Loading>()
  /** Why it is not known which version is in Production. */
  const unread = new Map<string, string>()
  /** That had a version in Production; the first one counts once it is loaded, or cannot be. */
  const promoted = new Set<string>()
  const looking = new Map<string, { again: boolean; done: Promise<void> }>()
  let unlisten: (() => Promise<void>) | undefined
  let timer: NodeJS.Timeout | undefined
  let closed = false

  async function start(): Promise<void> {
    unlisten = await db.listen(REGISTRY_CHANNEL, onRegistryChanged, lookAtAll)
    await Promise.all(project.models.map(({ name }) => look(name)))
    await sayAll()
    timer = setInterval(lookAndSay, LOOK_MS)
    timer.unref()
  }

  /** Somebody changed something of this model: what was wrong before is tried again. */
  function onRegistryChanged(name: string): void {
    const problem = problems.get(name)
    if (problem) problem.permanent = false
    void look(name)
  }

  function lookAndSay(): void {
    lookAtAll()
    void sayAll()
  }

  const sayAll = async (how?: { isBeat: boolean }) =>
    servers?.say(new Map(project.models.map(({ name }) => [name, answering(name)])), how)

  function answering(name: string): Answering {
    const now = live.get(name)
    const problem = unread.get(name) ?? problems.get(name)?.text ?? null
    return { version: now ? Number(now.version) : null, source: now?.source ?? null, problem }
  }

  function lookAtAll(): void {
    for (const { name } of project.models) void look(name)
  }

  /** One look at a time for each model; what changes meanwhile is looked at once more. */
  function look(name: string): Promise<void> {
    if (closed || !project.models.some((model) => model.name === name)) return Promise.resolve()
    const under = looking.get(name)
    if (under) {
      under.again = true
      return under.done
    }
    const state = { again: true, done: Promise.resolve() }
    looking.set(name, state)
    state.done = (async () => {
      try {
        while (state.again && !closed) {
          state.again = false
          await follow(name)
        }
      } catch (error) {
        const text = `the registry could not say which version of ${name} is in Production: ${messageOf(error)}`
        // Looked at every few seconds, told once.
        if (unread.get(name) !== text) log.warn({ model: name, err: error }, `serving: ${text}; the live model stays`)
        unread.set(name, text)
      } finally {
        looking.delete(name)
        if (!closed) void sayAll({ isBeat: false })
      }
    })()
    return state.done
  }

  async function follow(name: string): Promise<void> {
    const version = await registry.inStage(name, 'Production')
    unread.delete(name)
    if (!version) {
      if (!promoted.has(name) && (await registry.wasInProduction(name))) promoted.add(name)
      problems.delete(name)
      if (live.delete(name)) {
        log.info({ model: name }, 'serving: no version is in Production any more')
        events.live(name, undefined)
      }
      return
    }
    if (isSame(version, live.get(name))) return void problems.delete(name)
    const known = problems.get(name)
    const stamp = known ? await stampOf(version) : ''
    if (known?.permanent && isSame(version, known) && stamp !== '' && stamp === known.stamp) return
    loading.set(name, { version: version.version, sinceMs: performance.now() })
    try {
      const loaded = await load(version)
      if (closed) return
      live.set(name, loaded)
      promoted.add(name)
      problems.delete(name)
      log.info({ model: name, version: loaded.version }, 'serving: a new version answers')
      events.live(name, loaded.version)
    } catch (error) {
      promoted.add(name)
      const text = `version ${version.version} of ${name} is in Production but cannot be loaded: ${messageOf(error)}`
      const seen = stamp || (await stampOf(version))
      const { location: source } = version
      problems.set(name, { version: String(version.version), source, text, permanent: isPermanent(error), stamp: seen })
      // Looked at every few seconds, told once.
      if (known?.text === text) return
      log.error({ model: name, version: version.version, err: error }, `serving: ${text}`)
      events.loadFailed(name)
    } finally {
      loading.delete(name)
    }
  }

  async function load(version: ModelVersion): Promise<LiveModel> {
    const { name } = version
    const model = await readModel(version)
    // What has to be opened first is opened before it takes its place.
    kindOf(model.learned).open?.(model.learned)
    const definition = project.models.find((m) => m.name === name)!
    const service = features.service(definition.featureService)
    const { inputs } = model.encoder.spec
    const wanted = service.features.map((f) => `${f.name} ${f.type}`)
    const has = inputs.map((input) => `${input.name} ${input.type}`)
    if (wanted.join() !== has.join()) {
      const differs = wanted.find((w, i) => w !== has[i]) ?? has[wanted.length]
      throw new PlatformError(
        'conflict',
        `its inputs are not the features of '${service.name}' (at ${differs}); train a version with the present definition`,
      )
    }
    requireSays(model, saysOfModel(project, definition))
    // What is made ready for the first row is made ready now, before it takes over.
    predictOne(
      model,
      inputs.map(() => null),
    )
    return {
      name,
      version: String(version.version),
      runId: version.runId ?? '',
      model,
      keyNames: service.keys.map((key) => key.name),
      featureNames: service.features.map((f) => f.name),
      inputs,
      source: version.location,
    }
  }

  /** Empty where it cannot be known now. */
  function stampOf(version: ModelVersion): Promise<string> {
    if (!isOwn(version.location)) return Promise.resolve(ELSEWHERE)
    return tracking.artifacts.stamp(version.location).catch(() => '')
  }

  async function readModel(promoted: ModelVersion): Promise<Model> {
    const { name, version } = promoted
    const source = ownFilesOf(promoted)
    const { read, readVersion = read } = tracking.artifacts
    const bytes = await readVersion(source, MODEL_FILE)
    try {
      return decodeModel(bytes)
    } catch (error) {
      if (!(error instanceof PlatformError)) throw error
      const message = `${source}/${MODEL_FILE}: ${error.message}; put the file of ${name} version ${version} back from a backup, or promote another version`
      throw new PlatformError(error.code, message, { cause: error })
    }
  }

  /** A load that takes long is told: the version that answers meanwhile is not the promoted one. */
  function slowLoad(name: string): string | undefined {
    const found = loading.get(name)
    const seconds = found ? Math.round((performance.now() - found.sinceMs) / 1000) : 0
    if (!found || seconds * 1000 < SAY_MS) return undefined
    return `version ${found.version} of ${name} is in Production and has been loading for ${seconds} s`
  }

  /** Who answers at this moment; undefined where nothing does. */
  function route(name: string): Route | undefined {
    const champion = live.get(name)
    return champion && routeOf(champion)
  }

  return {
    start,
    current: (name: string): LiveModel | undefined => live.get(name),
    route,
    /** Who answers this key; undefined where nothing does. */
    pick(name: string, keyText: string): Picked | undefined {
      const now = route(name)
      return now && pickArm(now, keyText)
    },
    /** Whether it had a version in Production; also true while that cannot be known. */
    wasPromoted: (name: string): boolean => promoted.has(name) || unread.has(name),
    /** Why the promoted version does not answer, or may be another one by now. */
    problem: (name: string): string | undefined => unread.get(name) ?? slowLoad(name) ?? problems.get(name)?.text,
    async close(): Promise<void> {
      closed = true
      clearInterval(timer)
      await unlisten?.()
      // What they wait for may hang; nobody needs their answer any more.
      const looks = Promise.all([...looking.values()].map(({ done }) => done))
      await withinMs('what is being loaded', LOOK_STOP_MS, () => looks).catch(() => {})
      await withinMs('leaving', LOOK_STOP_MS, async () => servers?.leave()).catch(() => {})
    },
  }
}

function isSame(version: ModelVersion, other: { version: string; source: string } | undefined): boolean {
  return other?.version === String(version.version) && other.source === version.location
}

/** Whether the content itself is wrong. A file that is missing or cannot be read now may be there at the next look. */
function isPermanent(error: unknown): boolean {
  return error instanceof PlatformError && (error.code === 'corrupt' || error.code === 'conflict')
}
