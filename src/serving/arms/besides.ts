import { hostname } from 'node:os'
import { must } from '../../base/assert.ts'
import { messageOf } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import type { Arm, ModelVersion, Registry } from '../../registry/registry.ts'
import type { ServingEvents } from '../events.ts'
import type { LiveModel } from '../live-model.ts'
import { isPermanent, isSame, type Loader } from '../load-version.ts'

export type BesideDeps = {
  trials?: Pick<Registry, 'arms' | 'noteServing' | 'getVersion'> | undefined
  load: Loader['load']
  events: Pick<ServingEvents, 'loadFailed'>
  log: Log
}

/** A version that is to be tried, loaded or not. */
type Beside = { arm: Arm; live: LiveModel | null; problem: string | null; permanent: boolean }

/** What a server says of an arm. */
export type SaidArm = { version: number; role: Arm['role']; share: number; problem: string | null; permanent: boolean }

/** The versions beside the champions: loaded whole before any key comes to them. One that cannot be loaded answers nobody. */
export function createBesides({ trials, load, events, log }: BesideDeps) {
  const besides = new Map<string, Beside[]>()
  const here = `server ${hostname()}:${process.pid}`

  async function follow(name: string): Promise<void> {
    if (!trials) return
    const arms = await trials.arms(name)
    const before = besides.get(name) ?? []
    const now = await Promise.all(arms.map((arm) => beside(arm, before)))
    besides.set(name, now)
  }

  async function beside(arm: Arm, before: readonly Beside[]): Promise<Beside> {
    const { name, version } = arm
    const known = before.find((one) => one.arm.version === version)
    if (known?.permanent) return { ...known, arm }
    try {
      const wanted = await must(trials).getVersion(name, version)
      if (known?.live && isSame(wanted, known.live)) return { ...known, arm }
      const live = await load(wanted)
      log.info({ model: name, version }, `serving: the ${arm.role} is loaded`)
      if (known?.problem) void tellServed(name, version)
      return { arm, live, problem: null, permanent: false }
    } catch (error) {
      const problem = `version ${version} of ${name} is its ${arm.role} but cannot be loaded: ${messageOf(error)}`
      if (known?.problem !== problem) {
        log.error({ model: name, version, err: error }, `serving: ${problem}`)
        events.loadFailed(name)
        void tellProblem(name, version, problem)
      }
      return { arm, live: null, problem, permanent: isPermanent(error) }
    }
  }

  const tell = (name: string, version: number, problem: string | null) =>
    (trials?.noteServing(name, version, problem, here) ?? Promise.resolve()).catch((error: unknown) =>
      log.warn({ err: error, model: name }, 'serving: the history could not be told what is served'),
    )
  const tellProblem = (name: string, version: number, problem: string) => tell(name, version, problem)
  const tellServed = (name: string, version: number) => tell(name, version, null)

  const triedIn = (name: string, role: Arm['role'], champion: LiveModel) =>
    (besides.get(name) ?? []).flatMap(({ arm, live }) =>
      arm.role === role && live && live.version !== champion.version
        ? [{ live, trial: arm.trial, share: arm.share }]
        : [],
    )

  return {
    follow,
    tellProblem,
    tellServed,
    /** One that is loaded already, when it is promoted. */
    loaded: (name: string, version: ModelVersion): LiveModel | undefined =>
      besides.get(name)?.find(({ live }) => live && isSame(version, live))?.live ?? undefined,
    of: (name: string, champion: LiveModel) => ({
      canary: triedIn(name, 'canary', champion)[0],
      shadows: triedIn(name, 'shadow', champion),
    }),
    said: (name: string): SaidArm[] =>
      (besides.get(name) ?? []).map(({ arm: { version, role, share }, problem, permanent }) => ({
        ...{ version, role, share, problem, permanent },
      })),
    /** Somebody changed something of this model: what was wrong before is tried again. */
    tryAgain(name: string): void {
      for (const one of besides.get(name) ?? []) one.permanent = false
    },
  }
}
