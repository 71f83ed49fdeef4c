import { describe, expect, it } from 'vitest'
import { createPrng } from '../../src/base/prng.ts'
import { learner as learnerShape } from '../../src/config/learner-shapes.ts'
import type { TrainingColumn, TrainingData } from '../../src/features/offline/read-training-set.ts'
import { type FitJob, type FitResult, runFitJob } from '../../src/training/fit-job.ts'
import { fitInThread } from '../../src/training/fit-thread.ts'

type Kind = 'binary' | 'multiclass' | 'regression'

const LABELS: Record<Kind, (x: number, noise: number) => TrainingColumn['values'][number]> = {
  binary: (x, noise) => (x + noise > 0.8 ? 1 : 0),
  multiclass: (x, noise) => ['low', 'middle', 'high'][Math.min(2, Math.floor(2 * (x + noise)))]!,
  regression: (x, noise) => 10 * x + noise,
}
const TYPES = { binary: 'Bool', multiclass: 'String', regression: 'Float64' } as const

/** A number, a text, and a label of the kind; `late`: so many rows had no number yet at T. */
function dataOf(kind: Kind, rows: number, late = 0): TrainingData {
  const prng = createPrng(5)
  const whole = () => new Uint8Array(rows).fill(1)
  const x = Float64Array.from({ length: rows }, () => prng.float())
  const noise = Float64Array.from(x, () => 0.4 * prng.float())
  const labels = Array.from(x, (value, r) => LABELS[kind](value, noise[r]!))
  const values = kind === 'multiclass' ? labels.map(String) : Float64Array.from(labels, Number)
  return {
    rows,
    columns: new Map<string, TrainingColumn>([
      ['user', { type: 'String', values: Array.from(x, (_, r) => `user ${r}`), valid: whole() }],
      ['event_timestamp', { type: 'UnixTimestamp', values: new Array<string>(rows).fill('2024'), valid: whole() }],
      [
        'x',
        {
          type: 'Float64',
          values: x.map((v, r) => (r < late ? Number.NaN : v)),
          valid: whole().map((_, r) => (r < late ? 0 : 1)),
        },
      ],
      ['text', { type: 'String', values: Array.from(x, (_, r) => `kind ${r % 3}`), valid: whole() }],
      ['y', { type: TYPES[kind], values, valid: whole() }],
    ]),
  }
}

function jobOf(kind: Kind, rows: number, change: Partial<FitJob> = {}): FitJob {
  const split = { by: 'rows', testShare: 0.25, seed: 1, stratify: kind !== 'regression', holdOut: 0.1 } as const
  const learner = learnerShape.parse({ kind: 'gradient_boosting', rounds: 30, learningRate: 0.2, earlyStopping: null })
  const definition = {
    predicts: kind,
    positive: null,
    learner,
    split,
    threshold: 0.5,
    calibration: 'none',
    segments: null,
  } as const
  return {
    data: dataOf(kind, rows),
    served: null,
    features: ['x', 'text'],
    label: 'y',
    weight: null,
    definition,
    champion: null,
    threads: 1,
    ...change,
  }
}

const CURVES: Record<Kind, string[]> = {
  binary: ['calibration.svg', 'feature_importance.svg', 'learning.svg', 'lift.svg', 'precision_recall.svg', 'roc.svg'],
  multiclass: ['feature_importance.svg', 'learning.svg', 'roc.svg'],
  regression: ['feature_importance.svg', 'learning.svg', 'said_and_true.svg'],
}
const MEASURES: Record<Kind, string[]> = { binary: ['auc', 'logloss'], multiclass: ['logloss'], regression: ['rmse'] }

describe.each(Object.keys(LABELS) as Kind[])('the report of a %s', (kind) => {
  it('has its curves, segments, leaks, the comparison with the champion and the hindsight gap', async () => {
    const first = await runFitJob(jobOf(kind, 900))
    expect(Object.keys(first.report.images).sort()).toEqual(CURVES[kind])
    for (const svg of Object.values(first.report.images)) expect(svg).not.toMatch(/NaN|undefined|Infinity/)
    expect(first.report.segments.map(({ value }) => value)).toEqual(['kind 0', 'kind 1', 'kind 2'])
    expect(first.report.leaks.map(({ feature }) => feature)).toEqual(['x', 'text'])
    expect(first.report).toMatchObject({ champion: null, hindsight: null })

    const champion = { version: 4, holdOut: 0.1, bytes: first.model }
    const second = await runFitJob(jobOf(kind, 900, { champion, served: dataOf(kind, 900, 300) }))
    const { report } = second
    expect(report.champion).toMatchObject({ version: 4, rows: second.holdOutRows, unseen: true })
    const differences = (report.champion as { differences: Record<string, { difference: number }> }).differences
    expect(Object.keys(differences)).toEqual(MEASURES[kind])
    for (const { difference } of Object.values(differences)) expect(difference).toBe(0)
    const { hindsight } = report as {
      hindsight: {
        changedRows: number
        rows: number
        measures: Record<string, { candidate: number; champion: number }>
      }
    }
    expect(hindsight.changedRows).toBeGreaterThan(hindsight.rows / 4)
    const main = hindsight.measures[MEASURES[kind][0]!]!
    // The number told the label, and a third of the rows had none yet at T.
    if (kind === 'binary') expect(main.candidate).toBeGreaterThan(main.champion + 0.03)
    else expect(main.candidate).toBeLessThan(main.champion * 0.95)
  })
})

it('a champion of another kind, or with another feature, is not compared, and the report says why', async () => {
  const other = await runFitJob(jobOf('regression', 400))
  const reason = async (change: Partial<FitJob>) =>
    ((await runFitJob(jobOf('binary', 400, change))).report.champion as { reason: string }).reason
  expect(await reason({ champion: { version: 1, holdOut: 0, bytes: other.model } })).toBe(
    'it predicts a regression, and the new version a binary',
  )
  const wider = await runFitJob(jobOf('binary', 400))
  expect(await reason({ features: ['x'], champion: { version: 1, holdOut: 0, bytes: wider.model } })).toBe(
    'it asks for the feature text, which the new version does not have',
  )
  expect(await reason({ champion: { version: 1, holdOut: 0, bytes: new Uint8Array(100) } })).toContain(
    'not a usable model file',
  )
})

// More rows than a slice of texts has.
it('a thread says the same of hindsight as the caller would, texts of both tables among them', async () => {
  const job = () => jobOf('binary', 20_500, { served: dataOf('binary', 20_500, 3_000) })
  const reportOf = ({ report }: FitResult) => report
  expect(reportOf(await fitInThread(job()))).toEqual(reportOf(await runFitJob(job())))
})
