import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../base/clock.ts'
import { withAges } from '../ml/model/age.ts'
import { predictBatch } from '../ml/model/model-file.ts'
import { outputsOf } from '../ml/model/outcome.ts'
import type { FeatureValue } from '../wire/features.ts'
import type { Said } from '../wire/predict.ts'
import type { ServingEvents } from './events.ts'
import type { LiveModel, LiveModels } from './live-models.ts'
import { noModel } from './no-model.ts'
import { SLICE_ROWS } from './predict.ts'
import { saidOf } from './said.ts'

type Deps = {
  models: Pick<LiveModels, 'current' | 'problem'>
  events: Pick<ServingEvents, 'predicted'>
  clock: Clock
}

export function createScore({ models, events, clock }: Deps) {
  /** Predicts rows of the caller's own values, in the order of the model's inputs. */
  return async function score(name: string, rowsOf: (inputs: LiveModel['inputs']) => FeatureValue[][]) {
    const live = models.current(name)
    if (!live) throw noModel(name, models.problem(name))
    const tMs = clock.nowMs()
    const rows = rowsOf(live.inputs).map((values) => withAges(live.inputs, values, tMs))
    const width = outputsOf(live.model.outcome)
    const said: Said[] = []
    for (let from = 0; from < rows.length; from += SLICE_ROWS) {
      if (from > 0) await setImmediate()
      const slice = rows.slice(from, from + SLICE_ROWS)
      const outputs = live.outside ? await live.outside.predict(slice) : predictBatch(live.model, slice)
      for (let at = 0; at < outputs.length; at += width) said.push(saidOf(live.model, outputs, at))
    }
    events.predicted({ name, version: live.version }, rows.length)
    return { said, model: { name, version: live.version, run_id: live.runId, arm: 'champion' as const } }
  }
}
