import { must } from '../base/assert.ts'
import { type KeyInput, keyValues } from '../features/define/keys.ts'
import { withAges } from '../ml/model/age.ts'
import type { FeatureValue } from '../wire/features.ts'
import type { Prediction } from '../wire/predict.ts'
import type { WhatIf } from '../wire/what-if.ts'
import { predictionOf } from './answer-row.ts'
import { answerOf } from './arms/answer.ts'
import { keyTextOf, pickArm } from './arms/route.ts'
import { explanationOf } from './explanation.ts'
import { notPromoted } from './no-model.ts'
import type { PredictDeps } from './predict.ts'
import { overridden } from './what-if.ts'

export function createWhatIf({ features, models, serviceOf, events, clock }: PredictDeps) {
  /** The same entity as it is and with other values, by the version that answers this key; refuses what `predict` and `score` refuse. */
  return async function whatIf(name: string, key: KeyInput, given: Record<string, unknown>): Promise<WhatIf> {
    const service = serviceOf(name)
    const [row] = await features.readOnline(service.name, [key])
    const route = models.route(name)
    if (!route) throw await notPromoted({ features, models }, name, service)
    const refused = features.refusal(service.name, key, must(row))
    if (refused) throw refused
    const { values, eventTimestamps, viewTimes } = must(row)
    const tMs = clock.nowMs()
    const parts = keyValues(service.keys, key)
    const picked = pickArm(route, keyTextOf(parts))
    const { live } = picked
    const explained = (values: readonly FeatureValue[]): Prediction => {
      const aged = withAges(live.inputs, values, tMs)
      const by = answerOf(route, picked, aged)
      return {
        ...predictionOf(by, service, parts, { values, eventTimestamps, viewTimes }),
        explanation: explanationOf(by.live.model, aged, values),
      }
    }
    const { changed, values: others } = overridden(name, live.inputs, values, given)
    const both = { asIs: explained(values), whatIf: explained(others), changed }
    events.predicted({ name, version: live.version }, 2)
    return both
  }
}
