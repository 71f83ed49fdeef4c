import type { Interval } from '../ml/measure/bootstrap.ts'
import { meanOf } from '../ml/measure/mean.ts'
import { classAccuracy, classConfusion, macroF1, rowClassLogLoss } from '../ml/measure/multiclass.ts'
import { rankScores } from '../ml/measure/ranked.ts'
import { rankedAuc } from '../ml/measure/roc.ts'
import type { Label } from '../ml/model/outcome.ts'
import { intervalsOf, type Measured } from './measured.ts'

/** Of several classes: the mean over the classes of the area under ROC against all others, accuracy, the mean of their F1, log-loss. */
export type ClassesScores = { aucMacro: number; acc: number; f1Macro: number; logloss: number }

/** One line for each class, each row counted once; null where the class, or every other, is absent. */
export type ClassLine = {
  class: Label
  rows: number
  said: number
  auc: number | null
  precision: number | null
  recall: number | null
}

type Rows = Measured & { labels: Uint8Array; classes: number }

export function classesScores(rows: Rows): ClassesScores {
  const { labels, outputs: scores, classes, weights } = rows
  const counts = classConfusion(labels, { classes, scores }, weights ?? undefined)
  return {
    aucMacro: macro(ranksOf(rows).map((one) => rankedAuc(one.ranked, one.isOne, weights ?? undefined))),
    acc: classAccuracy(counts),
    f1Macro: macroF1(counts),
    logloss: meanOf(rowClassLogLoss(labels, { classes, scores }), weights),
  }
}

export function classesIntervals(rows: Rows): Record<string, Interval | null> {
  const { labels, outputs: scores, classes } = rows
  const ranks = ranksOf(rows)
  const losses = rowClassLogLoss(labels, { classes, scores })
  return intervalsOf(rows, ['auc_macro', 'acc', 'f1_macro', 'logloss'], (counts) => {
    const table = classConfusion(labels, { classes, scores }, counts)
    const aucs = ranks.map(({ ranked, isOne }) => rankedAuc(ranked, isOne, counts))
    return [macro(aucs), classAccuracy(table), macroF1(table), meanOf(losses, counts)]
  })
}

export function classTable(rows: Rows, names: readonly Label[]): { confusion: number[][]; classes: ClassLine[] } {
  const { labels, outputs: scores, classes } = rows
  const confusion = classConfusion(labels, { classes, scores })
  const aucs = ranksOf(rows).map(({ ranked, isOne }) => rankedAuc(ranked, isOne))
  const lines = names.map((name, c): ClassLine => {
    const there = confusion[c]!.reduce((sum, n) => sum + n, 0)
    const said = confusion.reduce((sum, row) => sum + row[c]!, 0)
    const right = confusion[c]![c]!
    return {
      class: name,
      rows: there,
      said,
      auc: finite(aucs[c]!),
      precision: finite(right / said),
      recall: finite(right / there),
    }
  })
  return { confusion, classes: lines }
}

/** Each class against all others, sorted once. */
function ranksOf({ labels, outputs, classes }: Rows) {
  return Array.from({ length: classes }, (_, c) => ({
    ranked: rankScores(Float64Array.from(labels, (_label, r) => outputs[r * classes + c]!)),
    isOne: Uint8Array.from(labels, (label) => (label === c ? 1 : 0)),
  }))
}

/** The mean over the classes that there are. */
function macro(values: readonly number[]): number {
  const there = values.filter(Number.isFinite)
  return there.reduce((sum, value) => sum + value, 0) / there.length
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null
}
