import type { Clock } from '../base/clock.ts'
import { displayInstant, type Instant, instantOfMs } from '../base/instant.ts'
import { withinMs } from '../base/within.ts'
import { worldError } from '../base/world.ts'
import { requireModel } from '../config/find.ts'
import type { Project } from '../config/project.ts'
import { lostValues } from '../features/define/refusals.ts'
import type { Features } from '../features/features.ts'
import type { ReadyAnswer } from '../wire/state.ts'
import type { LiveModels } from './live-models.ts'
import { noModel } from './no-model.ts'

/** Why predictions cannot be answered, empty when they can; and what answers. */
export type Readiness = { reasons: string[]; answer: ReadyAnswer }

/**
 * Another process; `check` throws when it does not answer. Without a `needed` one no prediction is answered. What is not
 * needed for what is live already is a warning: were it a reason, all servers would go out together, and could answer.
 */
export type HealthCheck = { what: string; needed: boolean; check(signal: AbortSignal): Promise<unknown> }

type Deps = { project: Project; features: Features; clock: Clock; health: readonly HealthCheck[] }

/** What does not answer within this is away: a caller of /ready has the answer within two seconds. */
const CHECK_MS = 1_500

/**
 * Of one model, or of the server. The server is ready while each model that had a version in Production answers, with
 * fresh features that the online store holds; what is wrong with the others is a warning, as a second model that nobody has promoted yet takes no
 * server out. Before the first promotion of any model all of them count: there is nothing that it could answer. A
 * promoted version that cannot be loaded while the one before it goes on answering is told and is no reason: else one
 * bad promotion would take all servers out.
 */
export async function readiness(deps: Deps, models: LiveModels, only?: string): Promise<Readiness> {
  const { project, features, clock } = deps
  const asked = only === undefined ? project.models : [requireModel(project, only)]
  const promoted = asked.filter(({ name }) => models.wasPromoted(name))
  const counted = promoted.length > 0 ? promoted : asked
  const viewsOf = (list: typeof asked) =>
    new Set(list.flatMap((model) => features.service(model.featureService).views.map((view) => view.name)))
  const countedViews = viewsOf(counted)
  const relevantViews = viewsOf(asked)

  const answer: ReadyAnswer = { status: 'ready', models: [], feature_views: [], warnings: [] }
  const away = await whatIsAway(deps.health)
  answer.warnings.push(...away.filter(({ needed }) => !needed).map(({ says }) => says))
  const missing = away.filter(({ needed }) => needed).map(({ says }) => says)
  if (missing.length > 0) return { reasons: missing, answer }

  const reasons: string[] = []
  const tell = (counts: boolean, text: string) => void (counts ? reasons : answer.warnings).push(text)
  for (const model of asked) {
    const { name } = model
    const live = models.current(name)
    const problem = models.problem(name)
    if (live) answer.models.push({ name, version: live.version, run_id: live.runId, problem: problem ?? null })
    else tell(counted.includes(model), noModel(name, problem).message)
    // The champion answers in its place: no server goes out for that.
    for (const beside of models.besides(name)) if (beside.problem !== null) answer.warnings.push(beside.problem)
  }
  const lost = await lostViews(features, reasons)
  for (const { view, materialized, validAt, ttlMs, rows } of await features.viewStates()) {
    if (only !== undefined && !relevantViews.has(view)) continue
    const counts = project.models.length === 0 || countedViews.has(view)
    if (lost.includes(view)) tell(counts, lostValues([view]).message)
    else if (!materialized) tell(counts, `feature view '${view}' is not materialized`)
    else if (validAt === null) continue
    else if (isOlder(validAt, ttlMs, clock)) {
      tell(counts, `feature view '${view}' is older than its ttl (${displayInstant(validAt)})`)
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

/** What does not answer, and whether a prediction needs it. */
export type Away = { needed: boolean; says: string }

/** Ends within two seconds. */
export async function whatIsAway(health: readonly HealthCheck[]): Promise<Away[]> {
  const problems = health.map(async ({ what, needed, check }) => {
    try {
      await withinMs(what, CHECK_MS, check)
      return []
    } catch (error) {
      return [{ needed, says: worldError(error, what)?.toCallers ?? `${what} does not answer` }]
    }
  })
  return (await Promise.all(problems)).flat()
}

function isOlder(validAt: Instant, ttlMs: number | null, clock: Clock): boolean {
  return ttlMs !== null && validAt < instantOfMs(clock.nowMs() - ttlMs)
}
