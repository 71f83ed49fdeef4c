import type { Clock } from '../base/clock.ts'
import type { Sql } from '../db/sql.ts'
import { changed } from './changed.ts'
import { noModel } from './models.ts'
import { checkAlias, invalid, type Stage } from './names.ts'
import {
  dropAlias,
  insertTransition,
  moveAlias,
  moveVersion,
  selectTransitions,
  type Transition,
} from './queries/history.ts'
import { lockModel } from './queries/models.ts'
import { selectStages } from './queries/versions.ts'
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

type Deps = { sql: Sql; clock: Clock } & Pick<ReturnType<typeof createVersions>, 'change' | 'getVersion'>

/** Stages and aliases: who answers for a model. Each change is kept with who made it, when, from what to what. */
export function createPromotion({ sql, clock, change, getVersion }: Deps) {
  async function transition(request: TransitionRequest): Promise<ModelVersion> {
    const { name, version, stage, archiveExisting, actor, comment = null } = request
    if (archiveExisting && stage !== 'Staging' && stage !== 'Production') {
      throw invalid(
        `Model version transition cannot archive existing model versions because '${stage}' is not an Active stage. Valid stages are Staging, Production.`,
      )
    }
    await change(name, version, async (tx, before) => {
      const move = async (number: number, from: Stage, to: Stage) => {
        await moveVersion(tx, name, { version: number, kind: 'stage', from, to, actor, comment, atMs: clock.nowMs() })
      }
      const others = archiveExisting ? await selectStages(tx, name, version, stage) : []
      for (const other of others) if (other.version !== version) await move(other.version, stage, 'Archived')
      await move(version, before, stage)
    })
    return getVersion(name, version)
  }

  async function setAlias(request: {
    name: string
    version: number
    alias: string
    actor: string
  }): Promise<ModelVersion> {
    const { name, version, actor } = request
    const alias = checkAlias(request.alias)
    await change(name, version, async (tx) => {
      const before = await moveAlias(tx, name, alias, version)
      const atMs = clock.nowMs()
      const kept = { kind: 'alias' as const, actor, comment: null, atMs }
      if (before === version) return
      if (before !== null) await insertTransition(tx, name, { ...kept, version: before, from: alias, to: null })
      await insertTransition(tx, name, { ...kept, version, from: null, to: alias })
    })
    return getVersion(name, version)
  }

  /** Does nothing when there is no such alias. */
  async function deleteAlias({ name, alias, actor }: { name: string; alias: string; actor: string }): Promise<void> {
    await sql.tx(async (tx) => {
      if (!(await lockModel(tx, name))) throw noModel(name)
      const version = await dropAlias(tx, name, alias)
      if (version === undefined) return
      const atMs = clock.nowMs()
      await insertTransition(tx, name, { version, kind: 'alias', from: alias, to: null, actor, comment: null, atMs })
      await changed(tx, name)
    })
  }

  return {
    transition,
    setAlias,
    deleteAlias,
    history: (name: string, version?: number): Promise<Transition[]> => selectTransitions(sql, name, version ?? null),
  }
}
