/**
 * The loop of predictions: keys to rows of features, rows to what the model says. Each key has an answer of its own, or a
 * refusal of its own. The features are read first, so the model that answers is the one that is live when the answer is made.
 *
 * A lone caller's key is read at once. Those that come while features are being read wait for one another: they are read by
 * one query, and the model is asked for all of them in a row, while its trees are in the cache.
 */
import { setImmediate } from 'node:timers/promises'
import { type Batcher, createBatcher } from '../base/batcher.ts'
import type { Clock } from '../base/clock.ts'
import type { PlatformError } from '../base/errors.ts'
import type { ServiceDefinition } from '../features/define/definitions.ts'
import type { KeyInput } from '../features/define/keys.ts'
import type { Features } from '../features/features.ts'
import { withAges } from '../ml/model/age.ts'
import type { Prediction } from '../wire/predict.ts'
import { predictionOf } from './answer-row.ts'
import { answerOf } from './arms/answer.ts'
import { keyTextOf, pickArm } from './arms/route.ts'
import { type Asked, askedOf } from './asked.ts'
import type { ServingEvents } from './events.ts'
import { explanationOf } from './explanation.ts'
import type { LastKnown } from './last-known.ts'
import type { LiveModels } from './live-models.ts'
import { notPromoted } from './no-model.ts'
import { answerOutside, askOutside, refusalOutside, usesOutside } from './onnx/ask-outside.ts'
import { answeredRows, type Told } from './tell-answered.ts'

/** Rows predicted, or written, in one go, some milliseconds: between two, those who wait for one prediction have their turn. */
export const SLICE_ROWS = 250

/** An explanation may take 15 ms. */
const EXPLAINED_ROWS = 1

/**
 * Two reads at a time, like those that they become (read-online.ts): the third waits and takes those behind it along. What they
 * ask has a limit of its own, below this one.
 */
const TURNS = { maxKeys: 128, maxInFlight: 2, besideMin: 8, limitMs: 20_000 }

/** A key that has no prediction, and why. */
export type Unpredicted = { key: KeyInput; error: PlatformError }

export type PredictDeps = {
  features: Pick<Features, 'readOnline' | 'refusal' | 'viewStates'>
  lastKnown: Pick<LastKnown, 'read'>
  models: Pick<LiveModels, 'route' | 'problem'>
  serviceOf: (model: string) => ServiceDefinition
  events: Pick<ServingEvents, 'predicted' | 'stage' | 'answered'>
  clock: Clock
}

export type Predict = ReturnType<typeof createPredict>

export function createPredict({ features, lastKnown, models, serviceOf, events, clock }: PredictDeps) {
  const turns = new Map<string, Batcher<Asked, Prediction | Unpredicted>>()

  /** With `explain` it says what each feature added. */
  async function predict(name: string, key: KeyInput, { explain = false } = {}): Promise<Prediction> {
    const asked = [askedOf(serviceOf(name).keys, key)]
    const [result] = explain ? await answerAll(name, asked, { explain, requests: asked }) : await turnOf(name)(asked)
    if ('error' in result!) throw result.error
    return result!
  }

  function turnOf(name: string): Batcher<Asked, Prediction | Unpredicted> {
    const known = turns.get(name)
    if (known !== undefined) return known
    const what = `the predictions of ${name}`
    const made = createBatcher((asked: readonly Asked[]) => answerAll(name, asked, { requests: asked }), {
      ...TURNS,
      what,
    })
    turns.set(name, made)
    return made
  }

  /** One answer for each key, in order. */
  async function predictMany(
    name: string,
    keys: readonly KeyInput[],
    { explain = false } = {},
  ): Promise<(Prediction | Unpredicted)[]> {
    const { keys: columns } = serviceOf(name)
    const asked = keys.map((key) => askedOf(columns, key))
    return answerAll(name, asked, { explain, requests: asked.slice(0, 1) })
  }

  /** `requests`: those that asked, by the first key of each. */
  async function answerAll(
    name: string,
    asked: readonly Asked[],
    { explain = false, requests }: { explain?: boolean; requests: readonly Asked[] },
  ): Promise<(Prediction | Unpredicted)[]> {
    const service = serviceOf(name)
    const entities = asked.map(({ entity }) => entity)
    const rows = await lastKnown.read(name, service.name, entities)
    const readMs = performance.now()
    for (const one of requests) events.stage(name, 'features', readMs - one.askedMs, one.requestId)
    const route = models.route(name)
    if (!route) throw await notPromoted({ features, models }, name, service)
    // T of these rows: ages are as of the moment of the request.
    const tMs = clock.nowMs()
    const counts = new Map<string, number>()
    const slice = explain ? EXPLAINED_ROWS : SLICE_ROWS
    const results: (Prediction | Unpredicted)[] = []
    const told: Told[] = []
    const outside = usesOutside(route) ? await askOutside(route, asked, rows, tMs) : undefined
    for (let i = 0; i < rows.length; i++) {
      if (i > 0 && i % slice === 0) await setImmediate()
      const [row, one] = [rows[i]!, asked[i]!]
      const { key, parts } = one
      const picked = pickArm(route, keyTextOf(parts))
      const elsewhere = outside?.[i]
      const error = row.away ?? features.refusal(service.name, key, row) ?? refusalOutside(picked, elsewhere)
      if (error) {
        results.push({ key, error })
        told.push({ asked: one, row, by: picked, said: null, error: error.code })
        continue
      }
      const given = withAges(picked.live.inputs, row.values, tMs)
      const by =
        elsewhere === undefined ? answerOf(route, picked, given) : answerOutside(route, picked, given, elsewhere)
      if (by.insteadOf) told.push({ asked: one, row, by: picked, said: null, error: 'internal', failed: true })
      told.push({ asked: one, row, by, said: by.said, error: null })
      const prediction = predictionOf(by, service, parts, row)
      results.push(
        explain ? { ...prediction, explanation: explanationOf(by.live.model, given, row.values) } : prediction,
      )
      counts.set(by.live.version, (counts.get(by.live.version) ?? 0) + 1)
    }
    const doneMs = performance.now()
    for (const { requestId } of requests) events.stage(name, 'model', doneMs - readMs, requestId)
    for (const [version, count] of counts) events.predicted({ name, version }, count)
    // Only where an answer is given no sooner than it is recorded is there something to wait for.
    const recorded = events.answered(answeredRows(told, { atMs: tMs, nowMs: doneMs }))
    if (recorded) await recorded
    return results
  }

  return { predict, predictMany }
}
