/**
 * The registry: models, their versions, stages and aliases, as MLflow has them; and who moved what, when.
 *
 * Owns the schema `registry`. Invariants:
 * - Version numbers grow by one under a lock of the model; a deleted version's number never comes back.
 * - A change of a stage or alias and its line in the history are one transaction; the history is never rewritten.
 * - Every change is told on `registry_changed` with the model's name when it commits: servers follow it.
 * - The files of a version are sealed before it is there, with their digests: they never change while it is.
 * - A version's source is kept as it was given; only files of our own store are ever opened (source.ts).
 *
 * Doors: channel.ts, source.ts.
 */
import type { Clock } from '../base/clock.ts'
import type { Sql } from '../db/sql.ts'
import type { Tracking } from '../tracking/tracking.ts'
import { createModels } from './models.ts'
import { createPromotion } from './promotion.ts'
import { createVersions } from './versions.ts'

export type { RegisteredModel } from './models.ts'
export type { Stage } from './names.ts'
export type { Transition } from './queries/history.ts'
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
}: {
  sql: Sql
  tracking: Pick<Tracking, 'runs' | 'loggedModels' | 'seals'>
  clock: Clock
}) {
  const models = createModels({ sql, tracking, clock })
  const { changeAtOnce, ...versions } = createVersions({ sql, tracking, clock })
  const promotion = createPromotion({ sql, clock, changeAtOnce })
  return { ...models, ...versions, ...promotion }
}
