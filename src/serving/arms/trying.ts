import type { Clock } from '../../base/clock.ts'
import { messageOf } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import { LOOK_STOP_MS } from '../../base/time-limits.ts'
import { withinMs } from '../../base/within.ts'
import type { Project } from '../../config/project.ts'
import type { Database } from '../../db/sql.ts'
import type { LiveModels } from '../live-models.ts'
import { createGate, type GateDeps } from './gate.ts'
import type { TrialCounts } from './trial-counts.ts'

export type { GateDeps } from './gate.ts'

type Deps = GateDeps & {
  project: Project
  db: Database
  clock: Clock
  log: Log
  models: Pick<LiveModels, 'besides'>
  counts: TrialCounts
  servers?: { id: string } | undefined
}

/** Each second while something is tried: what was counted here is written, and the gate looks at what all servers counted. */
export function createTrying(deps: Deps) {
  const { project, db, log, models, counts, servers } = deps
  const gate = createGate(deps)
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> | undefined
  let told = ''

  async function look(): Promise<void> {
    const tried = project.models.filter(({ name }) => models.besides(name).length > 0)
    if (tried.length === 0) return
    await counts.write(db, servers?.id ?? NOBODY)
    for (const model of tried) await gate(model, models.besides(model.name))
  }

  function tick(): void {
    running ??= look()
      .then(() => {
        told = ''
      })
      .catch((error: unknown) => {
        // Comes again each second, told once.
        if (told !== messageOf(error)) log.warn({ err: error }, 'serving: what is tried could not be counted or judged')
        told = messageOf(error)
      })
      .finally(() => {
        running = undefined
      })
  }

  return {
    start(): void {
      timer = setInterval(tick, EACH_MS)
      timer.unref()
    },
    async close(): Promise<void> {
      clearInterval(timer)
      await withinMs('what is tried', LOOK_STOP_MS, async () => running).catch(() => {})
    },
  }
}

const EACH_MS = 1_000
/** A server that tells nobody that it is there. */
const NOBODY = '00000000-0000-0000-0000-000000000000'
