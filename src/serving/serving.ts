/**
 * Serving: the live model of each project model, and predictions with it.
 *
 * Owns no table. Invariants:
 * - The newest version in Production answers. It is followed live (live-models.ts): a new one is loaded whole and then
 *   takes over between two requests; one that cannot be loaded leaves the old one answering.
 * - Never sees a learner. Features come from the online store in the order of the feature service, as stored; a null is
 *   a value. An unknown entity is 404, what is not materialized or not promoted 503, never a guess.
 *
 * The loop of predictions is predict.ts.
 *
 * Doors: admission/admission.ts, answered.ts, arms/routes.ts, arms/trying.ts, events.ts, readiness.ts, server-routes.ts, servers.ts.
 */
import type { Clock } from '../base/clock.ts'
import { defaultModelOf, requireDefaultModel, requireModel } from '../config/find.ts'
import { saysOfModel } from '../config/predicts.ts'
import type { ServiceDefinition } from '../features/define/definitions.ts'
import { documentedFields } from '../features/define/examples.ts'
import type { Features } from '../features/features.ts'
import type { FeatureValue } from '../wire/features.ts'
import type { Answered } from './answered.ts'
import { createShadows } from './arms/shadows.ts'
import { createTrialCounts } from './arms/trial-counts.ts'
import { createTrying, type GateDeps } from './arms/trying.ts'
import { createWhatIf } from './explained.ts'
import { createLastKnown } from './last-known.ts'
import { createLiveModels, type LiveModel, type LiveModelDeps } from './live-models.ts'
import { createPredict } from './predict.ts'
import { predictable } from './predictable.ts'
import { type HealthCheck, readiness, whatIsAway } from './readiness.ts'
import { createScore } from './score.ts'

/** `health`: what else must answer before the server is ready. */
export type ServingDeps = LiveModelDeps & {
  features: Features
  clock: Clock
  health: readonly HealthCheck[]
  gate?: GateDeps | undefined
}

export type Serving = ReturnType<typeof createServing>

export function createServing(deps: ServingDeps) {
  const { project, features } = deps
  const models = createLiveModels(deps)
  const counts = createTrialCounts(models.route, () => deps.clock.nowMs())
  const heard = (rows: readonly Answered[]) => {
    counts.note(rows)
    return deps.events.answered(rows)
  }
  const shadows = createShadows({ routeOf: models.route, counts, answered: heard, dropped: deps.events.dropped })
  const answered = (rows: readonly Answered[]) => {
    shadows.offer(rows)
    return heard(rows)
  }
  const trying = deps.gate && createTrying({ ...deps, ...deps.gate, models, counts })

  /** The feature service of a model of the project; refuses (not_found) another name. */
  function serviceOf(name: string): ServiceDefinition {
    return features.service(requireModel(project, name).featureService)
  }

  const lastKnown = createLastKnown({ project, features, nowMs: deps.clock.nowMs })
  let unfollow = async () => {}
  const parts = { ...deps, events: { ...deps.events, answered }, models, serviceOf, lastKnown }
  const score = createScore(parts)

  return {
    async start(): Promise<void> {
      unfollow = await lastKnown.follow(deps.db)
      await models.start()
      trying?.start()
    },
    async close(): Promise<void> {
      shadows.close()
      await trying?.close()
      await models.close()
      await unfollow()
    },
    /** Canaries and shadows of a model here, and why one is not loaded. */
    besides: models.besides,
    current: models.current,
    /** Why a version in Production does not answer. */
    problem: models.problem,
    serviceOf,
    /** Its keys and features, with examples where the project names values. */
    fieldsOf: (name: string) => documentedFields(project, serviceOf(name)),
    /** What a model of the project predicts. */
    saysOf: (name: string) => saysOfModel(project, requireModel(project, name)),
    /** The model that is meant where a caller names none, if one is. */
    defaultModel: () => defaultModelOf(project)?.name,
    /** Refuses where none is; `instead` says how to name one of those that there are. */
    requireDefault: (instead: (model: string) => string) => requireDefaultModel(project, instead).name,
    ...createPredict(parts),
    whatIf: createWhatIf(parts),
    /** Predicts rows of the caller's own values, in the order of the model's inputs. */
    async score(name: string, rowsOf: (inputs: LiveModel['inputs']) => FeatureValue[][]) {
      requireModel(project, name)
      return score(name, rowsOf)
    },
    /** What can be predicted, and by which version now. */
    predictable: () => predictable(parts),
    /** What does not answer of what predictions need. */
    away: () => whatIsAway(deps.health),
    /** Of the server, or of one model; refuses (not_found) a name that is none. */
    readiness: (only?: string) => readiness(deps, models, only),
  }
}
