import { Counter, type Registry } from 'prom-client'
import { quickHistogram, type Series } from './quick-histogram.ts'

/** What a request for predictions goes through: until it has its turn, reading features, asking the model, all of it. */
export type Stage = 'queue' | 'features' | 'model' | 'total'

/** Seconds; a walk over trees takes less than a tenth of a millisecond. */
const STAGE_BUCKETS = [
  0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
]

type Told = { model: string; version: string; arm: string; error: string | null }

/** What serving tells of predictions. No key and no value of anybody is a label. */
export function predictionMetrics(registers: Registry[]) {
  const predictions = new Counter({
    name: 'weir_predictions_total',
    help: 'Rows predicted, by model and version',
    labelNames: ['model', 'version'] as const,
    registers,
  })
  const answers = new Counter({
    name: 'weir_prediction_answers_total',
    help: 'Keys that were answered, shadows too, by model, version and arm',
    labelNames: ['model', 'version', 'arm'] as const,
    registers,
  })
  const refusals = new Counter({
    name: 'weir_prediction_refusals_total',
    help: 'Keys that were refused, by model, arm and the code of the error',
    labelNames: ['model', 'arm', 'error'] as const,
    registers,
  })
  const dropped = new Counter({
    name: 'weir_shadow_dropped_total',
    help: 'Rows that no shadow was asked for, because too many waited',
    labelNames: ['model'] as const,
    registers,
  })
  const stages = quickHistogram<'model' | 'stage'>({
    name: 'weir_prediction_stage_seconds',
    help: 'Time of each stage of a request for predictions: queue, features, model, total',
    buckets: STAGE_BUCKETS,
    registers,
  })
  const series = new Map<string, Map<Stage, Series>>()

  function stageOf(model: string, stage: Stage): Series {
    const ofModel = series.get(model) ?? new Map<Stage, Series>()
    series.set(model, ofModel)
    const found = ofModel.get(stage) ?? stages.series({ model, stage })
    ofModel.set(stage, found)
    return found
  }

  return {
    events: {
      predicted: (model: { name: string; version: string }, count: number) =>
        predictions.inc({ model: model.name, version: model.version }, count),
      stage: (model: string, stage: Stage, ms: number, _requestId?: string | null) =>
        stageOf(model, stage).observe(ms / 1000),
      dropped: (model: string, rows: number) => dropped.inc({ model }, rows),
      answered(rows: readonly Told[]) {
        for (const { model, version, arm, error } of rows) {
          if (error === null) answers.inc({ model, version, arm })
          else refusals.inc({ model, arm, error })
        }
      },
    },
  }
}
