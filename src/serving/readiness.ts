import type { Clock } from '../base/clock.ts'
import { displayInstant, type Instant, instantOfMs } from '../base/instant.ts'
import { worldError } from '../base/world.ts'
import type { Project } from '../config/project.ts'
import type { Sql } from '../db/sql.ts'
import type { Features } from '../features/features.ts'
import { lostValues } from '../features/refusals.ts'
import type { ReadyAnswer } from '../wire/predict.ts'
import type { createLiveModels } from './live-models.ts'
import { noModel } from './no-model.ts'

/** Why predictions cannot be answered, empty when they can; and what answers. */
export type Readiness = { reasons: string[]; answer: ReadyAnswer }

type Deps = { project: Project; features: Features; db: Sql; clock: Clock }

/**
 * Ready with a database, a version of every model, and fresh features that the online store holds. A promoted version that cannot be loaded while
 * the one before it goes on answering is told and is no reason: else one bad promotion would take all servers out.
 */
export async function readiness(
  { project, features, db, clock }: Deps,
  models: ReturnType<typeof createLiveModels>,
): Promise<Readiness> {
  const answer: ReadyAnswer = { status: 'ready', models: [], feature_views: [] }
  const reasons: string[] = []
  try {
    await db.query('select 1')
  } catch {
    return { reasons: ['the database does not answer'], answer }
  }
  for (const { name } of project.models) {
    const live = models.current(name)
    const problem = models.problem(name)
    if (live) answer.models.push({ name, version: live.version, run_id: live.runId, problem: problem ?? null })
    else reasons.push(noModel(name, problem).message)
  }
  const lost = await lostViews(features, reasons)
  for (const { view, materialized, validAt, ttlMs, rows } of await features.viewStates()) {
    if (lost.includes(view)) reasons.push(lostValues([view]).message)
    else if (!materialized) reasons.push(`feature view '${view}' is not materialized`)
    else if (validAt === null) continue
    else if (isOlder(validAt, ttlMs, clock)) {
      reasons.push(`feature view '${view}' is older than its ttl (${displayInstant(validAt)})`)
    } else answer.feature_views.push({ view, valid_at: displayInstant(validAt), rows })
  }
  return { reasons, answer }
}

/** What the online store lost; one that does not answer is a reason of its own. */
async function lostViews(features: Features, reasons: string[]): Promise<string[]> {
  try {
    return await features.lostViews()
  } catch (error) {
    const known = worldError(error)
    if (!known) throw error
    reasons.push(known.toCallers)
    return []
  }
}

function isOlder(validAt: Instant, ttlMs: number | null, clock: Clock): boolean {
  return ttlMs !== null && validAt < instantOfMs(clock.nowMs() - ttlMs)
}
