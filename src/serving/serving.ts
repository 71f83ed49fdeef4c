/**
 * Serving: the live model of each project model, and predictions with it.
 *
 * Owns no table. Invariants:
 * - The newest version in Production answers. It is followed live (live-models.ts): a new one is loaded whole and then
 *   takes over between two requests; one that cannot be loaded leaves the old one answering.
 * - Never sees a learner. Features come from the online store in the order of the feature service, as stored; a null is
 *   a value. An unknown entity is 404, what is not materialized or not promoted 503, never a guess.
 *
 * Doors: live-models.ts, readiness.ts, server-routes.ts, servers.ts.
 */
import { setImmediate } from 'node:timers/promises'
import { must } from '../base/assert.ts'
import type { Clock } from '../base/clock.ts'
import { PlatformError } from '../base/errors.ts'
import { defaultModelOf, requireDefaultModel, requireModel } from '../config/find.ts'
import { saysOfModel } from '../config/predicts.ts'
import type { ServiceDefinition } from '../features/define/definitions.ts'
import { documentedFields } from '../features/define/examples.ts'
import { type KeyInput, keyValues } from '../features/define/keys.ts'
import { withAges } from '../ml/model/age.ts'
import type { InputValue } from '../ml/model/encoder.ts'
import { predictBatch, predictOne } from '../ml/model/model-file.ts'
import { outputsOf } from '../ml/model/outcome.ts'
import type { FeatureValue } from '../wire/features.ts'
import type { Prediction } from '../wire/predict.ts'
import type { Field } from '../wire/values.ts'
import type { PredictModel, WhatIf } from '../wire/what-if.ts'
import { explanationOf } from './explanation.ts'
import { createLiveModels, type LiveModel, type LiveModelDeps } from './live-models.ts'
import { noModel } from './no-model.ts'
import { type HealthCheck, readiness, whatIsAway } from './readiness.ts'
import { invocationOf, saidOf } from './said.ts'
import { overridden } from './what-if.ts'

/** `health`: what else must answer before the server is ready. */
export type ServingDeps = LiveModelDeps & { clock: Clock; health: readonly HealthCheck[] }

/** Rows predicted, or written, in one go, some milliseconds: between two, those who wait for one prediction have their turn. */
export const SLICE_ROWS = 250

/** A key that has no prediction, and why. */
export type Unpredicted = { key: KeyInput; error: PlatformError }

export type Serving = ReturnType<typeof createServing>

export function createServing(deps: ServingDeps) {
  const { project, features, events } = deps
  const models = createLiveModels(deps)

  /** The feature service of a model of the project; refuses (not_found) another name. */
  function serviceOf(name: string): ServiceDefinition {
    return features.service(requireModel(project, name).featureService)
  }

  /** With `explain` it says what each feature added. */
  async function predict(name: string, key: KeyInput, { explain = false } = {}): Promise<Prediction> {
    const [result] = await predictMany(name, [key], { explain })
    if (result && 'error' in result) throw result.error
    return result as Prediction
  }

  /** One answer for each key, in order. */
  async function predictMany(
    name: string,
    keys: readonly KeyInput[],
    { explain = false } = {},
  ): Promise<(Prediction | Unpredicted)[]> {
    const service = serviceOf(name)
    // The features are read first: so the model that answers is the one that is live when the answer is made.
    const rows = await features.readOnline(service.name, keys)
    const live = models.current(name)
    if (!live) throw await notPromoted(name, service)
    // T of these rows: ages are as of the moment of the request.
    const tMs = deps.clock.nowMs()
    let count = 0
    const results: (Prediction | Unpredicted)[] = []
    for (const [i, row] of rows.entries()) {
      if (i > 0 && i % SLICE_ROWS === 0) await setImmediate()
      const key = keys[i]!
      const error = features.refusal(service.name, key, row)
      if (!error) count++
      if (error) {
        results.push({ key, error })
        continue
      }
      const given = withAges(live.inputs, row.values, tMs)
      const prediction = predictionOf(live, service, key, row, given)
      results.push(explain ? { ...prediction, explanation: explanationOf(live.model, given) } : prediction)
    }
    if (count > 0) events.predicted({ name, version: live.version }, count)
    return results
  }

  function predictionOf(
    live: LiveModel,
    { keys }: ServiceDefinition,
    key: KeyInput,
    {
      values,
      eventTimestamps: timestamps,
    }: { values: readonly FeatureValue[]; eventTimestamps: readonly (string | null)[] },
    given: readonly InputValue[],
  ): Prediction {
    const said = saidOf(live.model, predictOne(live.model, given), 0)
    let featuresAsOf: string | null = null
    for (const t of timestamps) if (t !== null && (featuresAsOf === null || t < featuresAsOf)) featuresAsOf = t
    const keyParts = keyValues(keys, key)
    return {
      keys: keys.map(({ name }, i) => ({ name, value: keyParts[i] ?? null })),
      said,
      features: { names: live.featureNames, values },
      model: { name: live.name, version: live.version, run_id: live.runId },
      featuresAsOf,
    }
  }

  /** The same entity as it is and with other values, by one version; refuses what `predict` and `score` refuse. */
  async function whatIf(name: string, key: KeyInput, given: Record<string, unknown>): Promise<WhatIf> {
    const service = serviceOf(name)
    const [row] = await features.readOnline(service.name, [key])
    const live = models.current(name)
    if (!live) throw await notPromoted(name, service)
    const refused = features.refusal(service.name, key, must(row))
    if (refused) throw refused
    const { values, eventTimestamps } = must(row)
    const tMs = deps.clock.nowMs()
    const explained = (values: readonly FeatureValue[]): Prediction => {
      const aged = withAges(live.inputs, values, tMs)
      const prediction = predictionOf(live, service, key, { values, eventTimestamps }, aged)
      return { ...prediction, explanation: explanationOf(live.model, aged) }
    }
    const { changed, values: others } = overridden(name, live.inputs, values, given)
    const both = { asIs: explained(values), whatIf: explained(others), changed }
    events.predicted({ name, version: live.version }, 2)
    return both
  }

  /** What can be predicted, and by which version now. */
  function predictable(): PredictModel[] {
    const meant = defaultModelOf(project)?.name
    return project.models.map(({ name }) => {
      const service = serviceOf(name)
      const live = models.current(name)
      const { keys, features: used } = documentedFields(project, service)
      const fields = (all: readonly Field[]) => all.map(({ name, type }) => ({ name, type }))
      return {
        name,
        predicts: saysOfModel(project, requireModel(project, name)).kind,
        default: name === meant,
        keys: fields(keys),
        entities: entitiesOf(keys.map((key) => key.name)),
        features: fields(used),
        live: live ? { version: live.version, run_id: live.runId } : null,
      }
    })
  }

  /** Those whose keys are all among these: the one with all of them first. */
  function entitiesOf(keys: readonly string[]): string[] {
    const among = project.entities.filter(({ joinKeys }) => joinKeys.every(({ name }) => keys.includes(name)))
    return among.sort((a, b) => b.joinKeys.length - a.joinKeys.length).map(({ name }) => name)
  }

  /** Predicts rows of the caller's own values, in the order of the model's inputs. */
  async function score(name: string, rowsOf: (inputs: LiveModel['inputs']) => FeatureValue[][]) {
    requireModel(project, name)
    const live = models.current(name)
    if (!live) throw noModel(name, models.problem(name))
    const tMs = deps.clock.nowMs()
    const rows = rowsOf(live.inputs).map((values) => withAges(live.inputs, values, tMs))
    const width = outputsOf(live.model.outcome)
    const scores: Record<string, unknown>[] = []
    for (let from = 0; from < rows.length; from += SLICE_ROWS) {
      if (from > 0) await setImmediate()
      const outputs = predictBatch(live.model, rows.slice(from, from + SLICE_ROWS))
      for (let at = 0; at < outputs.length; at += width) scores.push(invocationOf(saidOf(live.model, outputs, at)))
    }
    events.predicted({ name, version: live.version }, rows.length)
    return scores
  }

  /** Names the views too when they are missing as well: then a promotion alone would not help. */
  async function notPromoted(name: string, service: ServiceDefinition): Promise<PlatformError> {
    const error = noModel(name, models.problem(name))
    const missing = await missingViews(service)
    if (missing.length === 0) return error
    const views = missing.map((view) => `'${view}'`).join(', ')
    const message = `${error.message}; and not materialized yet: feature view ${views}; run: weir materialize`
    const lacking = service.features.filter((f) => missing.includes(service.views[f.view]?.name ?? ''))
    const details = { missing_views: missing, missing_features: lacking.map((f) => f.name) }
    return new PlatformError('unavailable', message, { details })
  }

  async function missingViews(service: ServiceDefinition): Promise<string[]> {
    const states = await features.viewStates()
    const views = service.views.map((view) => view.name)
    return states.filter((state) => views.includes(state.view) && !state.materialized).map((state) => state.view)
  }

  return {
    start: models.start,
    close: models.close,
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
    predict,
    predictMany,
    score,
    whatIf,
    predictable,
    /** What does not answer of what predictions need. */
    away: () => whatIsAway(deps.health),
    /** Of the server, or of one model; refuses (not_found) a name that is none. */
    readiness: (only?: string) => readiness(deps, models, only),
  }
}
