import type { Clock } from '../base/clock.ts'
import type { Sql } from '../db/sql.ts'
import { noModel } from './models.ts'
import { checkAlias, invalid, type Stage } from './names.ts'
import { dropAlias, insertTransitions, selectTransitions, type Transition } from './queries/history.ts'
import { lockModel } from './queries/models.ts'
import { moveAlias, moveVersion } from './queries/moves.ts'
import type { createVersions, ModelVersion } from './versions.ts'

export type TransitionRequest = {
  name: string
  version: number
  stage: Stage
  /** The other versions of that stage go to Archived; only for Staging and Production. */
  archiveExisting: boolean
  actor: string
  comment?: string
}

type Deps = { sql: Sql; clock: Clock } & Pick<ReturnType<typeof createVersions>, 'changeAtOnce'>

/** Stages and aliases: who answers for a model. Each change is kept with who made it, when, from what to what. */
export function createPromotion({ sql, clock, changeAtOnce }: Deps) {
  async function transition(request: TransitionRequest): Promise<ModelVersion> {
    const { name, version, stage, archiveExisting, actor, comment = null } = request
    if (archiveExisting && stage !== 'Staging' && stage !== 'Production') {
      throw invalid(
        `Model version transition cannot archive existing model versions because '${stage}' is not an Active stage. Valid stages are Staging, Production.`,
      )
    }
    const atMs = clock.nowMs()
    return changeAtOnce(name, version, moveVersion({ name, version, stage, archiveExisting, actor, comment, atMs }))
  }

  async function setAlias(request: {
    name: string
    version: number
    alias: string
    actor: string
  }): Promise<ModelVersion> {
    const { name, version, actor } = request
    const alias = checkAlias(request.alias)
    const kept = { name, version, actor, comment: null, atMs: clock.nowMs() }
    return changeAtOnce(name, version, moveAlias({ ...kept, alias }))
  }

  /** Does nothing when there is no such alias. */
  async function deleteAlias({ name, alias, actor }: { name: string; alias: string; actor: string }): Promise<void> {
    await sql.tx(async (tx) => {
      if (!(await lockModel(tx, name))) throw noModel(name)
      const version = await dropAlias(tx, name, alias)
      if (version === undefined) return
      const atMs = clock.nowMs()
      await insertTransitions(tx, name, [{ version, kind: 'alias', from: alias, to: null, actor, comment: null, atMs }])
    })
  }

  return {
    transition,
    setAlias,
    deleteAlias,
    history: (name: string, version?: number): Promise<Transition[]> =>
      selectTransitions(sql, name, { version: version ?? null, deleted: false }),
    /** Of the models that had this name before and were deleted. */
    historyOfDeleted: (name: string, version?: number): Promise<Transition[]> =>
      selectTransitions(sql, name, { version: version ?? null, deleted: true }),
  }
}
