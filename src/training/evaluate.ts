import { accuracy, type Confusion, confusion, f1, logLoss } from '../ml/measure/classification.ts'
import { type RocPoint, rocAuc, rocPoints } from '../ml/measure/roc.ts'
import type { EncoderSpec } from '../ml/model/encoder.ts'

/** The metrics of a run, by the names that users of the replaced stack know. */
export type Metrics = {
  val_auc: number
  val_f1: number
  val_acc: number
  val_logloss: number
  train_time_sec: number
}

/** What is told of a model beside its metrics. The same training gives the same evaluation: there is no time in it. */
export type Evaluation = {
  metrics: Omit<Metrics, 'train_time_sec'>
  confusion: Confusion & { threshold: number }
  /** The threshold of the first point, infinity, is null. */
  roc: { threshold: number | null; falsePositiveRate: number; truePositiveRate: number }[]
  /** Mean decrease of impurity by feature, greatest first, summing to 1. */
  importance: { feature: string; importance: number }[]
}

export function evaluate(
  labels: Uint8Array,
  scores: Float64Array,
  threshold: number,
  encoder: EncoderSpec,
  importance: Float64Array,
): Evaluation {
  const counts = confusion(labels, scores, threshold)
  return {
    metrics: {
      val_auc: rocAuc(labels, scores),
      val_f1: f1(counts),
      val_acc: accuracy(counts),
      val_logloss: logLoss(labels, scores),
    },
    confusion: { ...counts, threshold },
    roc: rocPoints(labels, scores).map((point) => ({ ...point, threshold: finite(point) })),
    importance: importanceByFeature(encoder, importance),
  }
}

function finite({ threshold }: RocPoint): number | null {
  return Number.isFinite(threshold) ? threshold : null
}

/** The columns of a category count for its feature. */
function importanceByFeature(encoder: EncoderSpec, importance: Float64Array): Evaluation['importance'] {
  const sums = new Map(encoder.inputs.map(({ name }) => [name, 0]))
  for (const [c, { input }] of encoder.columns.entries()) sums.set(input, (sums.get(input) ?? 0) + importance[c]!)
  return [...sums]
    .map(([feature, value]) => ({ feature, importance: value }))
    .sort((a, b) => b.importance - a.importance)
}
