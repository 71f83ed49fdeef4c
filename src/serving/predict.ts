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
import type { FeatureValue } from '../wire/features.ts'
import type { Prediction } from '../wire/predict.ts'
import { answerOf, type SaidBy } from './arms/answer.ts'
import { keyTextOf, pickArm } from './arms/route.ts'
import type { ServingEvents } from './events.ts'
import { explanationOf } from './explanation.ts'
import type { LiveModels } from './live-models.ts'
import { notPromoted } from './no-model.ts'
import { answeredRows, type Told } from './tell-answered.ts'

/** Rows predicted, or written, in one go, some milliseconds: between two, those who wait for one prediction have their turn. */
export const SLICE_ROWS = 250

/** An explanation may take 15 ms. */
const EXPLAINED_ROWS = 1

/** A key that has no prediction, and why. */
export type Unpredicted = { key: KeyInput; error: PlatformError }

export type PredictDeps = {
  features: Pick<Features, 'readOnline' | 'refusal' | 'viewStates'>
  models: Pick<LiveModels, 'route' | 'problem'>
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
    const route = models.route(name)
    if (!route) throw await notPromoted({ features, models }, name, service)
    // T of these rows: ages are as of the moment of the request.
    const tMs = clock.nowMs()
    const counts = new Map<string, number>()
    const slice = explain ? EXPLAINED_ROWS : SLICE_ROWS
    const results: (Prediction | Unpredicted)[] = []
    const told: Told[] = []
    for (const [i, row] of rows.entries()) {
      if (i > 0 && i % slice === 0) await setImmediate()
      const key = keys[i]!
      const parts = keyValues(service.keys, key)
      const picked = pickArm(route, keyTextOf(parts))
      const error = features.refusal(service.name, key, row)
      if (error) {
        results.push({ key, error })
        told.push({ keys: parts, row, by: picked, said: null, error: error.code })
        continue
      }
      const given = withAges(picked.live.inputs, row.values, tMs)
      const by = answerOf(route, picked, given)
      if (by.insteadOf) told.push({ keys: parts, row, by: picked, said: null, error: 'internal', failed: true })
      told.push({ keys: parts, row, by, said: by.said, error: null })
      const prediction = predictionOf(by, service, parts, row)
      results.push(
        explain ? { ...prediction, explanation: explanationOf(by.live.model, given, row.values) } : prediction,
      )
      counts.set(by.live.version, (counts.get(by.live.version) ?? 0) + 1)
    }
    events.stage(name, 'model', performance.now() - readMs)
    for (const [version, count] of counts) events.predicted({ name, version }, count)
    const moment = { atMs: tMs, latencyMs: performance.now() - askedMs }
    // Only where an answer is given no sooner than it is recorded is there something to wait for.
    const recorded = events.answered(answeredRows(told, moment))
    if (recorded) await recorded
    return results
  }

  return { predict, predictMany }
}

type Row = Pick<Awaited<ReturnType<Features['readOnline']>>[number], 'eventTimestamps' | 'viewTimes'> & {
  values: readonly FeatureValue[]
}

/** What is answered of one entity. */
export function predictionOf(
  { arm, live, said, insteadOf }: SaidBy,
  { keys, views }: ServiceDefinition,
  keyParts: readonly FeatureValue[],
  { values, eventTimestamps: timestamps, viewTimes }: Row,
): Prediction {
  let featuresAsOf: string | null = null
  for (const t of timestamps) if (t !== null && (featuresAsOf === null || t < featuresAsOf)) featuresAsOf = t
  const { name, version, runId } = live
  const model = { name, version, run_id: runId, arm }
  return {
    keys: keys.map(({ name }, i) => ({ name, value: keyParts[i] ?? null })),
    said,
    features: { names: live.featureNames, values },
    model: insteadOf ? { ...model, instead_of: insteadOf.live.version } : model,
    times: { views: views.map((view) => view.as), at: viewTimes },
    featuresAsOf,
  }
}
