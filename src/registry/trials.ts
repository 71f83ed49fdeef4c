import type { Clock } from '../base/clock.ts'
import { PlatformError } from '../base/errors.ts'
import type { Sql } from '../db/sql.ts'
import { beginArm, endArm, type Kept } from './arms.ts'
import { noModel } from './models.ts'
import { actorOf } from './moves.ts'
import { type Arm, selectArms } from './queries/arms.ts'
import { insertTransitions, selectLastServing } from './queries/history.ts'
import { holdModel } from './queries/models.ts'
import { selectStage } from './queries/versions.ts'
import { noVersion } from './versions.ts'

/** What the history says of a version that a server could not serve, and of one that it can again. */
const REFUSED = 'not served'
const SERVED = 'served'

type Said = { actor: string; comment: string | null; details?: object | null }

/** Arms of models: what needs nobody else's eyes. A canary begins and grows as a promotion does (promotion.ts). */
export function createTrials({ sql, clock }: { sql: Sql; clock: Clock }) {
  const keptOf = ({ actor, ...said }: Said): Kept => ({ ...said, actor: actorOf(actor), atMs: clock.nowMs() })

  return {
    /** The canary first, then the shadows by version. */
    arms: (name: string): Promise<Arm[]> => selectArms(sql, name),
    /** Computed for what the others answer, and given to nobody. */
    shadow: (name: string, version: number, said: Said): Promise<void> =>
      sql.tx(async (tx) => {
        if (!(await holdModel(tx, name))) throw noModel(name)
        if ((await selectStage(tx, name, version)) === undefined) throw noVersion(name, version)
        await beginArm(tx, { name, version, role: 'shadow', share: 0 }, keptOf(said))
      }),
    /**
     * A version that a server could not serve, and why; or (null) that it can again. The same is said once, whoever says it.
     * Nothing is told to the servers: it is they who say it.
     */
    noteServing: (name: string, version: number, problem: string | null, by: string): Promise<void> =>
      sql.tx(async (tx) => {
        if (!(await holdModel(tx, name))) return
        const last = await selectLastServing(tx, name, version)
        const was = last?.to === REFUSED ? last.comment : null
        if (was === problem) return
        const line = {
          version,
          kind: 'serving' as const,
          from: was === null ? null : REFUSED,
          actor: by,
          atMs: clock.nowMs(),
        }
        await insertTransitions(tx, name, [{ ...line, to: problem === null ? SERVED : REFUSED, comment: problem }])
      }),
    /** A canary is rolled back, or a shadow stopped; refuses what is neither. */
    stopArm: (name: string, version: number, said: Said): Promise<Arm> =>
      sql.tx(async (tx) => {
        if (!(await holdModel(tx, name))) throw noModel(name)
        const was = await endArm(tx, name, version, keptOf(said))
        if (was) return was
        throw new PlatformError(
          'conflict',
          `version ${version} of ${name} is neither its canary nor one of its shadows`,
        )
      }),
  }
}
