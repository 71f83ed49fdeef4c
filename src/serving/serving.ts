/**
 * Serving: the live model of each project model, and predictions with it.
 *
 * Owns no table. Invariants:
 * - The newest version in Production answers. It is followed live (live-models.ts): a new one is loaded whole and then
 *   takes over between two requests; one that cannot be loaded leaves the old one answering.
 * - Never sees a learner. Features come from the online store in the order of the feature service, as stored; a null is
 *   a value. An unknown entity is 404, what is not materialized or not promoted 503, never a guess.
 */
import type { Clock } from '../base/clock.ts'
import { PlatformError } from '../base/errors.ts'
import { displayInstant, instantOfMs } from '../base/instant.ts'
import { requireModel } from '../config/find.ts'
import type { ServiceDefinition } from '../features/definitions.ts'
import type { KeyInput } from '../features/keys.ts'
import { predictBatch, predictOne } from '../ml/model/model-file.ts'
import type { FeatureValue } from '../wire/features.ts'
import type { Prediction } from '../wire/predict.ts'
import { createLiveModels, type LiveModel, type LiveModelDeps } from './live-models.ts'

export type ServingDeps = LiveModelDeps & { clock: Clock }

/** A key that has no prediction, and why. */
export type Unpredicted = { key: KeyInput; error: PlatformError }

export type Serving = ReturnType<typeof createServing>

export function createServing(deps: ServingDeps) {
  const { project, features, db, clock, events } = deps
  const models = createLiveModels(deps)

  /** The feature service of a model of the project; refuses (not_found) another name. */
  function serviceOf(name: string): ServiceDefinition {
    return features.service(requireModel(project, name).featureService)
  }

  async function predict(name: string, key: KeyInput): Promise<Prediction> {
    const [result] = await predictMany(name, [key])
    if (result && 'error' in result) throw result.error
    return result as Prediction
  }

  /** One answer for each key, in order. */
  async function predictMany(name: string, keys: readonly KeyInput[]): Promise<(Prediction | Unpredicted)[]> {
    const service = serviceOf(name)
    // The features are read first: so the model that answers is the one that is live when the answer is made.
    const rows = await features.readOnline(service.name, keys)
    const live = models.current(name)
    if (!live) throw await notPromoted(name, service)
    let count = 0
    const results = rows.map((row, i) => {
      const key = keys[i]!
      const error = features.refusal(service.name, key, row)
      if (error) return { key, error }
      count++
      return predictionOf(live, key, row.values, row.eventTimestamps)
    })
    if (count > 0) events.predicted({ name, version: live.version }, count)
    return results
  }

  function predictionOf(
    live: LiveModel,
    key: KeyInput,
    values: readonly FeatureValue[],
    timestamps: readonly (string | null)[],
  ): Prediction {
    const probability = predictOne(live.model, values)
    let featuresAsOf: string | null = null
    for (const t of timestamps) if (t !== null && (featuresAsOf === null || t < featuresAsOf)) featuresAsOf = t
    return {
      keys: live.keyNames.map((keyName) => ({ name: keyName, value: keyPart(key, keyName) })),
      prediction: probability >= live.model.threshold ? 1 : 0,
      probability,
      features: { names: live.featureNames, values },
      model: { name: live.name, version: live.version, run_id: live.runId },
      featuresAsOf,
    }
  }

  /** Predicts rows of the caller's own values, in the order of the model's inputs. */
  function score(name: string, rowsOf: (inputs: LiveModel['inputs']) => FeatureValue[][]) {
    requireModel(project, name)
    const live = models.current(name)
    if (!live) throw noModel(name, models.problem(name))
    const rows = rowsOf(live.inputs)
    const probabilities = predictBatch(live.model, rows)
    events.predicted({ name, version: live.version }, rows.length)
    return Array.from(probabilities, (probability) => ({
      label: probability >= live.model.threshold ? 1 : 0,
      probability,
    }))
  }

  /** Names the views too when they are missing as well: then a promotion alone would not help. */
  async function notPromoted(name: string, service: ServiceDefinition): Promise<PlatformError> {
    const error = noModel(name, models.problem(name))
    const missing = await missingViews(service)
    if (missing.length === 0) return error
    const views = missing.map((view) => `'${view}'`).join(', ')
    const message = `${error.message}; and not materialized yet: feature view ${views}; run: weir materialize`
    return new PlatformError('unavailable', message, { details: { missing_views: missing } })
  }

  async function missingViews(service: ServiceDefinition): Promise<string[]> {
    const states = await features.viewStates()
    const views = service.views.map((view) => view.name)
    return states.filter((state) => views.includes(state.view) && !state.materialized).map((state) => state.view)
  }

  /** Why not every model of the project can answer with fresh features; empty when all can. */
  async function unreadiness(): Promise<string[]> {
    try {
      await db.query('select 1')
    } catch {
      return ['the database does not answer']
    }
    const reasons: string[] = []
    for (const { name } of project.models) {
      const problem = models.problem(name)
      if (!models.current(name)) reasons.push(noModel(name, problem).message)
      else if (problem) reasons.push(problem)
    }
    const states = await features.viewStates()
    for (const { view, materialized, validAt, ttlMs } of states) {
      if (!materialized) reasons.push(`feature view '${view}' is not materialized`)
      else if (validAt !== null && ttlMs !== null && validAt < instantOfMs(clock.nowMs() - ttlMs)) {
        reasons.push(`feature view '${view}' is older than its ttl (${displayInstant(validAt)})`)
      }
    }
    return reasons
  }

  return {
    start: models.start,
    close: models.close,
    current: models.current,
    serviceOf,
    predict,
    predictMany,
    score,
    unreadiness,
  }
}

function noModel(name: string, problem: string | undefined): PlatformError {
  const message =
    problem ?? `no version of ${name} is in Production; run: weir promote ${name} VERSION --stage Production`
  return new PlatformError('unavailable', message)
}

function keyPart(key: KeyInput, name: string): FeatureValue {
  return (typeof key === 'object' ? (key as Record<string, unknown>)[name] : key) as FeatureValue
}
