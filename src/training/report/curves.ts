import { type Bar, barsSvg, chartSvg, type Point } from '../../plots/plots.ts'
import type { Evaluation } from '../evaluate.ts'

const DIAGONAL = { name: 'by chance', points: [[0, 0] as const, [1, 1] as const], reference: true }
/** A curve of more points looks the same. */
const POINTS_MAX = 400
const BARS_MAX = 30

/** The curves of a run as images, by the name of the artifact; each has its numbers beside it as JSON. */
export function curvesOf(evaluation: Evaluation): Record<string, string> {
  const helped = importanceSvg(evaluation.importance.map((i) => ({ name: i.feature, value: i.importance })))
  if (evaluation.kind !== 'binary') return { 'feature_importance.svg': helped }
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
    'feature_importance.svg': helped,
  }
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
