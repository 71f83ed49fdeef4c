import type { Interval } from '../ml/measure/bootstrap.ts'
import { type CalibrationBin, calibrationBins, calibrationError } from '../ml/measure/calibration.ts'
import { accuracy, type Confusion, confusion, f1, rowLogLoss } from '../ml/measure/classification.ts'
import { type LiftPoint, liftPoints } from '../ml/measure/lift.ts'
import { meanOf } from '../ml/measure/mean.ts'
import {
  type PrecisionRecallPoint,
  precisionRecallPoints,
  rankedAveragePrecision,
} from '../ml/measure/precision-recall.ts'
import { rankScores } from '../ml/measure/ranked.ts'
import { type RocPoint, rankedAuc, rocPoints } from '../ml/measure/roc.ts'
import type { Label } from '../ml/model/outcome.ts'
import { intervalsOf, type Measured } from './measured.ts'

/** Of two outcomes: area under ROC, average precision, F1, accuracy, log-loss, Brier score, calibration error. */
export type BinaryScores = Record<'auc' | 'ap' | 'f1' | 'acc' | 'logloss' | 'brier' | 'ece', number>

/** Curves count each row once, also where rows have weights. */
export type BinaryCurves = {
  confusion: Confusion & { threshold: number; classes?: readonly Label[] }
  /** The threshold of the first point, infinity, is null. */
  roc: { threshold: number | null; falsePositiveRate: number; truePositiveRate: number }[]
  precisionRecall: PrecisionRecallPoint[]
  calibration: CalibrationBin[]
  lift: LiftPoint[]
}

type Rows = Measured & { labels: Uint8Array }

export function binaryScores({ labels, outputs, weights }: Rows, threshold: number): BinaryScores {
  const ranked = rankScores(outputs)
  const given = weights ?? undefined
  const counts = confusion(labels, outputs, threshold, given)
  const squares = Float64Array.from(labels, (label, r) => (outputs[r]! - label) ** 2)
  return {
    auc: rankedAuc(ranked, labels, given),
    ap: rankedAveragePrecision(ranked, labels, given),
    f1: f1(counts),
    acc: accuracy(counts),
    logloss: meanOf(rowLogLoss(labels, outputs), weights),
    brier: meanOf(squares, weights),
    ece: calibrationError(labels, outputs, 10, given),
  }
}

export function binaryIntervals(rows: Rows): Record<string, Interval | null> {
  const { labels, outputs } = rows
  const ranked = rankScores(outputs)
  const losses = rowLogLoss(labels, outputs)
  return intervalsOf(rows, ['auc', 'ap', 'logloss'], (counts) => [
    rankedAuc(ranked, labels, counts),
    rankedAveragePrecision(ranked, labels, counts),
    meanOf(losses, counts),
  ])
}

export function binaryCurves(
  { labels, outputs }: Rows,
  threshold: number,
  classes: readonly Label[] | null,
): BinaryCurves {
  return {
    confusion: { ...confusion(labels, outputs, threshold), threshold, ...(classes && { classes }) },
    roc: rocPoints(labels, outputs).map((point) => ({ ...point, threshold: finite(point) })),
    precisionRecall: precisionRecallPoints(labels, outputs),
    calibration: calibrationBins(labels, outputs),
    lift: liftPoints(labels, outputs),
  }
}

function finite({ threshold }: RocPoint): number | null {
  return Number.isFinite(threshold) ? threshold : null
}
