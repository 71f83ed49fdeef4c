/**
 * The loop of predictions: keys to rows of features, rows to what the model says. Each key has an answer of its own, or a
 * refusal of its own. The features are read first, so the model that answers is the one that is live when the answer is made.
 */
import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../base/clock.ts'
import type { PlatformError } from '../base/errors.ts'
import type { ServiceDefinition } from '../features/define/definitions.ts'
import { type KeyInput, keyValues } from '../features/define/keys.ts'
import type { Features } from '../features/features.ts'
import { withAges } from '../ml/model/age.ts'
import type { InputValue } from '../ml/model/encoder.ts'
import { predictOne } from '../ml/model/model-file.ts'
import type { FeatureValue } from '../wire/features.ts'
import type { Prediction } from '../wire/predict.ts'
import type { ServingEvents } from './events.ts'
import { explanationOf } from './explanation.ts'
import type { LiveModel, LiveModels } from './live-models.ts'
import { notPromoted } from './no-model.ts'
import { saidOf } from './said.ts'
import { answeredRows, type Told } from './tell-answered.ts'

/** Rows predicted, or written, in one go, some milliseconds: between two, those who wait for one prediction have their turn. */
export const SLICE_ROWS = 250

/** An explanation may take 15 ms. */
const EXPLAINED_ROWS = 1

/** A key that has no prediction, and why. */
export type Unpredicted = { key: KeyInput; error: PlatformError }

export type PredictDeps = {
  features: Pick<Features, 'readOnline' | 'refusal' | 'viewStates'>
  models: Pick<LiveModels, 'current' | 'problem'>
  serviceOf: (model: string) => ServiceDefinition
  events: Pick<ServingEvents, 'predicted' | 'stage' | 'answered'>
  clock: Clock
}

export type Predict = ReturnType<typeof createPredict>

export function createPredict({ features, models, serviceOf, events, clock }: PredictDeps) {
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
    const askedMs = performance.now()
    const rows = await features.readOnline(service.name, keys)
    const readMs = performance.now()
    events.stage(name, 'features', readMs - askedMs)
    const live = models.current(name)
    if (!live) throw await notPromoted({ features, models }, name, service)
    // T of these rows: ages are as of the moment of the request.
    const tMs = clock.nowMs()
    let count = 0
    const slice = explain ? EXPLAINED_ROWS : SLICE_ROWS
    const results: (Prediction | Unpredicted)[] = []
    const told: Told[] = []
    for (const [i, row] of rows.entries()) {
      if (i > 0 && i % slice === 0) await setImmediate()
      const key = keys[i]!
      const error = features.refusal(service.name, key, row)
      if (!error) count++
      if (error) {
        results.push({ key, error })
        told.push({ key, row, said: null, error })
        continue
      }
      const given = withAges(live.inputs, row.values, tMs)
      const prediction = predictionOf(live, service, key, row, given)
      told.push({ key, row, said: prediction.said, error: null })
      results.push(explain ? { ...prediction, explanation: explanationOf(live.model, given, row.values) } : prediction)
    }
    events.stage(name, 'model', performance.now() - readMs)
    if (count > 0) events.predicted({ name, version: live.version }, count)
    const moment = { atMs: tMs, latencyMs: performance.now() - askedMs }
    // Only where an answer is given no sooner than it is recorded is there something to wait for.
    const recorded = events.answered(answeredRows(live, service, told, moment))
    if (recorded) await recorded
    return results
  }

  return { predict, predictMany }
}

type Row = Pick<Awaited<ReturnType<Features['readOnline']>>[number], 'eventTimestamps' | 'viewTimes'> & {
  values: readonly FeatureValue[]
}

/** What one version says of one entity. */
export function predictionOf(
  live: LiveModel,
  { keys, views }: ServiceDefinition,
  key: KeyInput,
  { values, eventTimestamps: timestamps, viewTimes }: Row,
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
    times: { views: views.map((view) => view.as), at: viewTimes },
    featuresAsOf,
  }
}
