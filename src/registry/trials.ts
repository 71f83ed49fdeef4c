import type { Clock } from '../base/clock.ts'
import { PlatformError } from '../base/errors.ts'
import type { Sql } from '../db/sql.ts'
import { beginArm, endArm, type Kept } from './arms.ts'
import { noModel } from './models.ts'
import { actorOf } from './moves.ts'
import { type Arm, selectArms } from './queries/arms.ts'
import { holdModel } from './queries/models.ts'
import { selectStage } from './queries/versions.ts'
import { noVersion } from './versions.ts'

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
