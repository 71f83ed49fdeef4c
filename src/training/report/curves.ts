import type { LossCurve } from '../../ml/learn/boosting/loss-curve.ts'
import { rocPoints } from '../../ml/measure/roc.ts'
import { type Bar, barsSvg, chartSvg, type Point } from '../../plots/plots.ts'
import type { Evaluation } from '../evaluate.ts'
import type { Measured } from '../measured.ts'

const DIAGONAL = { name: 'by chance', points: [[0, 0] as const, [1, 1] as const], reference: true }
/** A curve of more points looks the same. */
const POINTS_MAX = 400
const BARS_MAX = 30

/** The curves of a run as images, by the name of the artifact. `measured` are the rows that measure the model. */
export function curvesOf(evaluation: Evaluation, measured: Measured): Record<string, string> {
  const helped = importanceSvg(evaluation.importance.map((i) => ({ name: i.feature, value: i.importance })))
  return { ...kindCurves(evaluation, measured), 'feature_importance.svg': helped }
}

function kindCurves(evaluation: Evaluation, { target, outputs }: Measured): Record<string, string> {
  if (evaluation.kind === 'regression') {
    const values = target.kind === 'regression' ? target.values : new Float64Array(0)
    return { 'said_and_true.svg': saidAndTrueSvg(meansByPrediction(values, outputs)) }
  }
  if (evaluation.kind === 'multiclass') {
    const labels = target.kind === 'multiclass' ? target.labels : new Uint8Array(0)
    return { 'roc.svg': classesRocSvg(evaluation.confusion.classes.map(String), labels, outputs) }
  }
  return binaryCurves(evaluation)
}

function binaryCurves(evaluation: Extract<Evaluation, { kind: 'binary' }>): Record<string, string> {
  return {
    'roc.svg': chartSvg({
      title: `ROC, area ${shown(evaluation, 'val_auc')}`,
      about:
        'Of the negatives (across) and the positives (up) the shares that are called positive, at every threshold.',
      x: { label: 'false positive rate', from: 0, to: 1 },
      y: { label: 'true positive rate', from: 0, to: 1 },
      series: [
        { name: 'model', points: thinned(evaluation.roc.map((p) => [p.falsePositiveRate, p.truePositiveRate])) },
        DIAGONAL,
      ],
    }),
    'precision_recall.svg': chartSvg({
      title: `Precision and recall, average precision ${shown(evaluation, 'val_ap')}`,
      about: 'The share of the positives that is found (across), and the share of those called positive that are (up).',
      x: { label: 'recall', from: 0, to: 1 },
      y: { label: 'precision', from: 0, to: 1 },
      series: [
        {
          name: 'model',
          points: thinned(evaluation.precisionRecall.map((p) => [p.recall, p.precision])),
          kind: 'steps',
        },
      ],
    }),
    'calibration.svg': chartSvg({
      title: `Calibration, error ${shown(evaluation, 'val_ece')}`,
      about: 'Rows in bins by what was said: the mean that was said (across), and the share that came true (up).',
      x: { label: 'said, mean of the bin', from: 0, to: 1 },
      y: { label: 'came true', from: 0, to: 1 },
      series: [
        { name: 'model', points: evaluation.calibration.map((b) => [b.meanScore, b.share]), kind: 'line_and_dots' },
        { ...DIAGONAL, name: 'said what came true' },
      ],
    }),
    'lift.svg': chartSvg({
      title: 'Gain',
      about:
        'When the share of rows with the highest scores is taken (across): how much of all positives is among them (up).',
      x: { label: 'rows taken', from: 0, to: 1, percent: true },
      y: { label: 'positives among them', from: 0, to: 1, percent: true },
      series: [
        {
          name: 'model',
          points: [[0, 0], ...evaluation.lift.map((p): Point => [p.share, p.gain])],
          kind: 'line_and_dots',
        },
        DIAGONAL,
      ],
    }),
  }
}

const CLASSES_SHOWN = 6

/** Each class against all others; of more than six the most frequent ones. */
function classesRocSvg(names: readonly string[], labels: Uint8Array, outputs: Float64Array): string {
  const counts = names.map((_, c) => labels.reduce((sum, label) => sum + (label === c ? 1 : 0), 0))
  const places = names.map((_, c) => c).sort((a, b) => counts[b]! - counts[a]! || a - b)
  const there = places.filter((c) => counts[c]! > 0 && counts[c]! < labels.length).slice(0, CLASSES_SHOWN)
  const series = there
    .sort((a, b) => a - b)
    .map((c) => {
      const own = labels.map((label) => (label === c ? 1 : 0))
      const points = rocPoints(
        own,
        Float64Array.from(labels, (_, r) => outputs[r * names.length + c]!),
      )
      return { name: names[c]!, points: thinned(points.map((p) => [p.falsePositiveRate, p.truePositiveRate])) }
    })
  return chartSvg({
    title: `ROC of each class against all others${there.length < names.length ? `, ${there.length} of ${names.length}` : ''}`,
    about:
      'Of the rows of other classes (across) and of the class (up) the shares that are called so, at every threshold.',
    x: { label: 'false positive rate', from: 0, to: 1 },
    y: { label: 'true positive rate', from: 0, to: 1 },
    series: [...series, DIAGONAL],
  })
}

const MEANS = 20

/** Rows in up to 20 bins of neighbouring predictions: the mean that was said, and the mean that came true. */
function meansByPrediction(values: Float64Array, outputs: Float64Array): Point[] {
  const order = Uint32Array.from(outputs.keys()).sort((a, b) => outputs[a]! - outputs[b]! || a - b)
  const bins = Math.min(MEANS, order.length)
  return Array.from({ length: bins }, (_, b): Point => {
    const rows = order.subarray(Math.round((b * order.length) / bins), Math.round(((b + 1) * order.length) / bins))
    const mean = (of: Float64Array) => rows.reduce((sum, r) => sum + of[r]!, 0) / rows.length
    return [mean(outputs), mean(values)]
  })
}

function saidAndTrueSvg(points: readonly Point[]): string {
  const ends = points.flat()
  const [low, high] = [Math.min(...ends), Math.max(...ends)]
  return chartSvg({
    title: 'What was said, and what came true',
    about: 'Rows in bins by what was said: the mean that was said (across), and the mean that came true (up).',
    x: { label: 'said, mean of the bin' },
    y: { label: 'came true, mean of the bin' },
    series: [
      { name: 'model', points, kind: 'line_and_dots' },
      ...(ends.length > 0
        ? [{ name: 'said what came true', points: [[low, low] as const, [high, high] as const], reference: true }]
        : []),
    ],
  })
}

/** The loss by round, of the rows that are learned from and of those that decide when it stops; nothing where there are no rounds. */
export function learningCurve(curves: readonly LossCurve[]): Record<string, string> {
  const series = curves.map(({ of, rounds, losses }) => ({
    name: of === 'valid' ? 'rows put aside to stop by' : 'rows learned from',
    points: thinned(rounds.map((round, i): Point => [round, losses[i]!])),
  }))
  if (series.every(({ points }) => points.length === 0)) return {}
  const chart = {
    title: 'Loss while it learned',
    about: 'By round (across) the mean loss (up) of the rows that are learned from, and of those put aside to stop by.',
    x: { label: 'round' },
    y: { label: 'loss' },
    series,
  }
  return { 'learning.svg': chartSvg(chart) }
}

export function importanceSvg(bars: readonly Bar[]): string {
  const shownBars = bars.slice(0, BARS_MAX)
  const more = bars.length > shownBars.length ? `, the first ${BARS_MAX} of ${bars.length}` : ''
  return barsSvg({
    title: `What helped the model${more}`,
    about: 'By feature how much its questions helped while the model was fitted, together 1.',
    x: { label: 'importance' },
    bars: shownBars,
  })
}

/** Evenly chosen ones of many points, the ends among them. */
function thinned(points: readonly Point[]): Point[] {
  if (points.length <= POINTS_MAX) return [...points]
  const step = (points.length - 1) / (POINTS_MAX - 1)
  return Array.from({ length: POINTS_MAX }, (_, i) => points[Math.round(i * step)]!)
}

function shown({ metrics }: Evaluation, name: string): string {
  return metrics[name]?.toFixed(3) ?? 'unknown'
}
