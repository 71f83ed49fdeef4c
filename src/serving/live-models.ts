import { messageOf } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { LOOK_STOP_MS, SAY_MS } from '../base/time-limits.ts'
import { withinMs } from '../base/within.ts'
import type { Database } from '../db/sql.ts'
import { REGISTRY_CHANNEL } from '../registry/channel.ts'
import type { RegistryApi } from '../registry/registry.ts'
import { limitOf } from '../wire/limits.ts'
import { type BesideDeps, createBesides } from './arms/besides.ts'
import { type Route, routeOf } from './arms/route.ts'
import type { ServingEvents } from './events.ts'
import type { LiveModel } from './live-model.ts'
import { createLoader, isPermanent, isSame, type LoaderDeps } from './load-version.ts'
import { createOnnxProcess, type OnnxProcess } from './onnx/onnx-process.ts'
import type { Answering, Servers } from './servers.ts'

export type LiveModelDeps = Omit<LoaderDeps, 'onnx'> & {
  registry: Pick<RegistryApi, 'inStage' | 'wasInProduction'>
  /** Where arms stand, and what cannot be served is told; nowhere where another MLflow server has the versions. */
  trials?: BesideDeps['trials']
  db: Database
  log: Log
  events: ServingEvents
  /** Where it is told to other processes what answers here; nowhere where there is none. */
  servers?: Pick<Servers, 'id' | 'say' | 'leave'>
  /** Where ONNX models of clients run; it starts when one is loaded. */
  onnx?: OnnxProcess
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

/**
 * Follows the registry: the newest version in Production of each model of the project, loaded. A change is loaded in
 * full beside the old model and then takes its place.
 */
export function createLiveModels(deps: LiveModelDeps) {
  const { project, registry, db, log, events, servers } = deps
  const { onnx = createOnnxProcess({ log }) } = deps
  const { load, stampOf } = createLoader({ ...deps, onnx })
  const besides = createBesides({ ...deps, load })
  const live = new Map<string, LiveModel>()
  /** Who answers, made once for each change. */
  const routes = new Map<string, Route>()
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
    besides.tryAgain(name)
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
    return { version: now ? Number(now.version) : null, source: now?.source ?? null, problem, arms: besides.said(name) }
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
          await besides.follow(name)
          routes.delete(name)
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
        routes.delete(name)
        log.info({ model: name }, 'serving: no version is in Production any more')
        events.live(name, undefined)
      }
      return
    }
    if (isSame(version, live.get(name))) return void problems.delete(name)
    const tried = besides.loaded(name, version)
    if (tried) return takeOver(tried)
    const known = problems.get(name)
    const stamp = known ? await stampOf(version) : ''
    if (known?.permanent && isSame(version, known) && stamp !== '' && stamp === known.stamp) return
    loading.set(name, { version: version.version, sinceMs: performance.now() })
    try {
      const loaded = await load(version)
      if (closed) return
      takeOver(loaded)
      if (known) void besides.tellServed(name, version.version)
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
      void besides.tellProblem(name, version.version, text)
    } finally {
      loading.delete(name)
    }
  }

  /** Between two requests; whoever holds the old one's route ends with it. */
  function takeOver(loaded: LiveModel): void {
    const { name, version } = loaded
    retire(live.get(name))
    live.set(name, loaded)
    routes.delete(name)
    promoted.add(name)
    problems.delete(name)
    log.info({ model: name, version }, 'serving: a new version answers')
    events.live(name, version)
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
    const known = routes.get(name)
    if (known) return known
    const champion = live.get(name)
    if (!champion) return undefined
    const made = routeOf(champion, besides.of(name, champion))
    routes.set(name, made)
    return made
  }

  return {
    start,
    current: (name: string): LiveModel | undefined => live.get(name),
    route,
    /** Canaries and shadows that are to be tried here, and why one is not. */
    besides: besides.said,
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
      onnx.close()
      await withinMs('leaving', LOOK_STOP_MS, async () => servers?.leave()).catch(() => {})
    },
  }
}

/** Those who were given the old version before the swap still ask it. */
function retire(old: LiveModel | undefined): void {
  if (old?.outside) setTimeout(old.outside.close, limitOf('onnxRunMs')).unref()
}
