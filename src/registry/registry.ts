/**
 * The registry: models, their versions, stages and aliases, as MLflow has them; and who moved what, when.
 *
 * Owns the schema `registry`. Invariants:
 * - Version numbers grow by one under a lock of the model; a deleted version's number never comes back.
 * - A change of a stage or alias, its line in the history and its row in the trail are one transaction; the history is never
 *   rewritten, and that of a deleted model is never the history of a new one of its name.
 * - Where the project asks for another pair of eyes, nothing that changes who answers is done by one alone, by no door.
 * - Every change is told on `registry_changed` with the model's name when it commits: servers follow it.
 * - The files of a version are sealed before it is there, with their digests: they never change while it is.
 * - A version's source is kept as it was given; only files of our own store are ever opened (source.ts).
 * - Versions beside the champion, canary and shadows, are arms (arms.ts).
 *
 * Doors: arm-words.ts, asked-moves.ts, channel.ts, erase-reasons.ts, names.ts, promotion-words.ts, routes/shown.ts, source.ts, version-details.ts.
 */
import type { Clock } from '../base/clock.ts'
import type { Model, Promotion } from '../config/project.ts'
import type { Sql } from '../db/sql.ts'
import type { Tracking } from '../tracking/tracking.ts'
import { stageMove } from './asked-moves.ts'
import { createVerdict } from './gate-verdict.ts'
import { createModels } from './models.ts'
import { type Asked, createPromotion } from './promotion.ts'
import { createTrials } from './trials.ts'
import { createVersions } from './versions.ts'

export type { RegisteredModel } from './models.ts'
export type { Stage } from './names.ts'
export type { Arm } from './queries/arms.ts'
export type { KeptTransition as Transition } from './queries/history.ts'
export type { PromotionRequest } from './queries/requests.ts'
export type { ModelVersion } from './versions.ts'

export type Registry = ReturnType<typeof createRegistry>

/** What our own flows and commands use of it; another MLflow server can stand in (`remote-mlflow`). */
export type RegistryApi = Pick<
  Registry,
  | 'ensureModel'
  | 'findVersionByRun'
  | 'createVersion'
  | 'inStage'
  | 'wasInProduction'
  | 'listModels'
  | 'getModel'
  | 'versionsOf'
  | 'history'
  | 'transition'
  | 'setAlias'
  | 'getVersion'
>

export function createRegistry({
  sql,
  tracking,
  clock,
  models: defined = [],
}: {
  sql: Sql
  tracking: Pick<Tracking, 'runs' | 'loggedModels' | 'seals'>
  clock: Clock
  /** What the project asks for before a version answers, by model; others are promoted at once. */
  models?: readonly Pick<Model, 'name' | 'promotion'>[]
}) {
  const policyOf = (name: string) => defined.find((model) => model.name === name)?.promotion ?? OPEN
  const models = createModels({ sql, tracking, clock, policyOf })
  const versions = createVersions({ sql, tracking, clock, policyOf })
  const { verdict, verdictOfRun } = createVerdict({ sql, tracking, policyOf })
  const promotion = createPromotion({ sql, clock, policyOf, verdict })
  return {
    ...models,
    ...versions,
    ...promotion,
    ...createTrials({ sql, clock }),
    verdict,
    verdictOfRun,
    /** The others there go to Archived. As a flow asks: made, or waiting for another pair of eyes. */
    toProduction: (
      { name, version }: { name: string; version: number },
      said: { actor: string; comment?: string | null },
    ): Promise<Asked> =>
      promotion.promote(stageMove({ name, version, stage: 'Production', archiveExisting: true }), said),
  }
}

const OPEN: Promotion = { approvals: 0, canaryAlone: 0, expiresMs: 0, gate: [] }
