import { describe, expect, it } from 'vitest'
import { createPrng } from '../../src/base/prng.ts'
import { bootstrapIntervals, quantile } from '../../src/ml/measure/bootstrap.ts'
import { brier, calibrationBins, calibrationError } from '../../src/ml/measure/calibration.ts'
import { confusion, f1 } from '../../src/ml/measure/classification.ts'
import { liftPoints } from '../../src/ml/measure/lift.ts'
import {
  classAccuracy,
  classConfusion,
  classLogLoss,
  macroF1,
  oneVersusRestAuc,
} from '../../src/ml/measure/multiclass.ts'
import { averagePrecision, precisionRecallPoints } from '../../src/ml/measure/precision-recall.ts'
import { rankScores } from '../../src/ml/measure/ranked.ts'
import { meanAbsoluteError, rootMeanSquaredError, rSquared } from '../../src/ml/measure/regression.ts'
import { rankedAuc } from '../../src/ml/measure/roc.ts'
import { chooseThreshold, type ThresholdRule } from '../../src/ml/measure/threshold.ts'

/** Few distinct scores, so that there are ties. */
function randomAnswers(seed: number, rows = 60) {
  const prng = createPrng(seed)
  const labels = Uint8Array.from({ length: rows }, () => (prng.float() < 0.4 ? 1 : 0))
  labels[0] = 1
  labels[1] = 0
  const scores = Float64Array.from({ length: rows }, () => prng.int(15) / 14)
  return { labels, scores }
}

const seeds = Array.from({ length: 30 }, (_, i) => i + 1)

describe('average precision', () => {
  it('is precision at each distinct score, weighted by the gain of recall', () => {
    for (const seed of seeds) {
      const { labels, scores } = randomAnswers(seed)
      const positives = labels.reduce((a, b) => a + b, 0)
      let [before, sum] = [0, 0]
      for (const threshold of [...new Set(scores)].sort((a, b) => b - a)) {
        const c = confusion(labels, scores, threshold)
        const recall = c.truePositive / positives
        sum += (recall - before) * (c.truePositive / (c.truePositive + c.falsePositive))
        before = recall
      }
      expect(averagePrecision(labels, scores), `seed ${seed}`).toBeCloseTo(sum, 12)
    }
  })

  it('is what scikit-learn 1.5 gives for its own example, and not a number without a positive', () => {
    expect(averagePrecision(Uint8Array.of(0, 0, 1, 1), Float64Array.of(0.1, 0.4, 0.35, 0.8))).toBeCloseTo(0.8333333, 6)
    expect(averagePrecision(Uint8Array.of(0, 0), Float64Array.of(0.1, 0.4))).toBeNaN()
  })

  it('has a curve whose points are precision and recall at their thresholds', () => {
    const { labels, scores } = randomAnswers(3)
    for (const { threshold, precision, recall } of precisionRecallPoints(labels, scores)) {
      const c = confusion(labels, scores, threshold)
      expect(precision).toBeCloseTo(c.truePositive / (c.truePositive + c.falsePositive), 12)
      expect(recall).toBeCloseTo(c.truePositive / (c.truePositive + c.falseNegative), 12)
    }
  })
})

describe('calibration', () => {
  it('has bins of about as many rows each, that hold every row once and part no rows of one score', () => {
    for (const seed of seeds) {
      const { labels, scores } = randomAnswers(seed, 500)
      const bins = calibrationBins(labels, scores, 10)
      expect(bins.reduce((sum, bin) => sum + bin.rows, 0)).toBe(500)
      expect(bins.length).toBeLessThanOrEqual(10)
      const means = bins.map((bin) => bin.meanScore)
      expect(means).toEqual([...means].sort((a, b) => a - b))
      const shares = bins.reduce((sum, bin) => sum + bin.rows * bin.share, 0)
      expect(shares).toBeCloseTo(
        labels.reduce((a, b) => a + b, 0),
        9,
      )
    }
  })

  it('does not depend on the order of rows', () => {
    const { labels, scores } = randomAnswers(5, 300)
    expect(calibrationBins(labels.slice().reverse(), scores.slice().reverse())).toEqual(calibrationBins(labels, scores))
  })

  it('has no error when what is said comes true, and one of 0.5 when 0.5 is said of what never happens', () => {
    const labels = Uint8Array.from({ length: 400 }, (_, i) => (i % 4 === 0 ? 1 : 0))
    expect(calibrationError(labels, new Float64Array(400).fill(0.25))).toBeCloseTo(0, 12)
    expect(calibrationError(new Uint8Array(400), new Float64Array(400).fill(0.5))).toBeCloseTo(0.5, 12)
    expect(brier(Uint8Array.of(1, 0), Float64Array.of(0.8, 0.4))).toBeCloseTo((0.04 + 0.16) / 2, 12)
  })
})

describe('a threshold by a rule', () => {
  const rules: [string, ThresholdRule, (labels: Uint8Array, scores: Float64Array, threshold: number) => number][] = [
    ['F1', { rule: 'f1' }, (labels, scores, t) => f1(confusion(labels, scores, t))],
    [
      'cost',
      { rule: 'cost', falsePositive: 1, falseNegative: 3 },
      (labels, scores, t) => {
        const c = confusion(labels, scores, t)
        return -(c.falsePositive + 3 * c.falseNegative)
      },
    ],
    [
      'the recall at a precision',
      { rule: 'precision', atLeast: 0.45 },
      (labels, scores, t) => {
        const c = confusion(labels, scores, t)
        const precision = c.truePositive / (c.truePositive + c.falsePositive)
        return precision >= 0.45 ? c.truePositive : -1
      },
    ],
    [
      'the precision at a recall',
      { rule: 'recall', atLeast: 0.6 },
      (labels, scores, t) => {
        const c = confusion(labels, scores, t)
        const recall = c.truePositive / (c.truePositive + c.falseNegative)
        return recall >= 0.6 ? c.truePositive / (c.truePositive + c.falsePositive) : -1
      },
    ],
  ]
  for (const [name, rule, value] of rules) {
    it(`is best by ${name} of all thresholds there are`, () => {
      for (const seed of seeds) {
        const { labels, scores } = randomAnswers(seed)
        const all = [...new Set(scores), 1.5].map((t) => value(labels, scores, t))
        let best: number
        try {
          best = value(labels, scores, chooseThreshold(labels, scores, rule))
        } catch {
          expect(Math.max(...all.filter((v) => !Number.isNaN(v))), `seed ${seed}`).toBe(-1)
          continue
        }
        expect(best, `seed ${seed}`).toBeCloseTo(Math.max(...all.filter((v) => !Number.isNaN(v))), 12)
      }
    })
  }

  it('is refused when no threshold reaches the precision, with what to do', () => {
    const [labels, scores] = [Uint8Array.of(0, 1), Float64Array.of(0.9, 0.1)]
    expect(() => chooseThreshold(labels, scores, { rule: 'precision', atLeast: 0.9 })).toThrow(
      /no threshold reaches a precision of 0.9 .* ask for less/,
    )
  })
})

describe('intervals', () => {
  it('hold the true value about 95 times of 100', () => {
    let inside = 0
    for (let seed = 1; seed <= 200; seed++) {
      const prng = createPrng(seed)
      const values = Float64Array.from({ length: 100 }, () => prng.normal())
      const [interval] = bootstrapIntervals({ rows: 100, seed, times: 300 }, (counts) => [
        values.reduce((sum, v, i) => sum + v * counts[i]!, 0) / 100,
      ])
      if (interval!.low <= 0 && interval!.high >= 0) inside++
    }
    expect(inside).toBeGreaterThan(180)
    expect(inside).toBeLessThan(200)
  })

  it('are wider where rows belong to few entities, for those are drawn whole', () => {
    const { labels, scores } = randomAnswers(1, 60)
    const repeat = <T extends Uint8Array | Float64Array>(a: T) => a.map((_, i) => a[Math.floor(i / 5)]!) as T
    const many = { labels: repeat(labels), scores: repeat(scores) }
    const ranked = rankScores(many.scores)
    const width = (entities?: Uint32Array) => {
      const measured = (counts: Uint32Array) => [rankedAuc(ranked, many.labels, counts)]
      const [interval] = bootstrapIntervals({ rows: 60, seed: 1, ...(entities ? { entities } : {}) }, measured)
      return interval!.high - interval!.low
    }
    expect(width(Uint32Array.from({ length: 60 }, (_, i) => Math.floor(i / 5)))).toBeGreaterThan(1.5 * width())
  })

  it('are the same for the same seed, and none where a measure is hardly ever a number', () => {
    const { labels, scores } = randomAnswers(2)
    const ranked = rankScores(scores)
    const once = () => bootstrapIntervals({ rows: 60, seed: 9 }, (counts) => [rankedAuc(ranked, labels, counts), NaN])
    expect(once()).toEqual(once())
    expect(once()[1] ?? null).toBeNull()
  })

  it('count a row as often as it is drawn', () => {
    const { labels, scores } = randomAnswers(4, 20)
    const counts = Uint32Array.from({ length: 20 }, (_, i) => i % 3)
    const drawn = [...counts].flatMap((n, row) => new Array<number>(n).fill(row))
    const as = rankedAuc(rankScores(scores), labels, counts)
    const repeated = rankedAuc(
      rankScores(Float64Array.from(drawn, (row) => scores[row]!)),
      Uint8Array.from(drawn, (row) => labels[row]!),
    )
    expect(as).toBeCloseTo(repeated, 12)
  })

  it('have quantiles between neighbours', () => {
    expect(quantile(Float64Array.of(1, 2, 3, 4), 0.5)).toBe(2.5)
    expect(quantile(Float64Array.of(1, 2, 3, 4), 0)).toBe(1)
    expect(quantile(Float64Array.of(1, 2, 3, 4), 1)).toBe(4)
  })
})

describe('measures of numbers', () => {
  it('are RMSE, MAE and R² as scikit-learn has them', () => {
    const labels = Float64Array.of(3, -0.5, 2, 7)
    const predicted = Float64Array.of(2.5, 0, 2, 8)
    expect(rootMeanSquaredError(labels, predicted)).toBeCloseTo(0.6123724357, 9)
    expect(meanAbsoluteError(labels, predicted)).toBe(0.5)
    expect(rSquared(labels, predicted)).toBeCloseTo(0.9486081371, 9)
    expect(rSquared(Float64Array.of(2, 2), Float64Array.of(2, 2))).toBe(1)
    expect(rSquared(Float64Array.of(2, 2), Float64Array.of(2, 3))).toBe(0)
    expect(rSquared(new Float64Array(), new Float64Array())).toBeNaN()
  })
})

describe('measures of several classes', () => {
  const labels = Uint32Array.of(0, 1, 2, 2, 1)
  const scores = Float64Array.of(0.8, 0.1, 0.1, 0.3, 0.4, 0.3, 0.1, 0.2, 0.7, 0.5, 0.2, 0.3, 0.2, 0.5, 0.3)

  it('say the likeliest class, and count', () => {
    const counts = classConfusion(labels, { classes: 3, scores })
    expect(counts).toEqual([
      [1, 0, 0],
      [0, 2, 0],
      [1, 0, 1],
    ])
    expect(classAccuracy(counts)).toBe(0.8)
    expect(macroF1(counts)).toBeCloseTo((2 / 3 + 1 + 2 / 3) / 3, 12)
    expect(classLogLoss(labels, { classes: 3, scores })).toBeCloseTo(
      -(Math.log(0.8) + Math.log(0.4) + Math.log(0.7) + Math.log(0.3) + Math.log(0.5)) / 5,
      12,
    )
    expect(oneVersusRestAuc(labels, { classes: 3, scores })[1]).toBe(1)
  })

  it('leave a class out of macro F1 that is neither there nor said', () => {
    expect(
      macroF1([
        [2, 0, 0],
        [0, 3, 0],
        [0, 0, 0],
      ]),
    ).toBe(1)
  })
})

describe('lift', () => {
  it('ends with all positives and a lift of 1, and begins with what the best rows have', () => {
    const { labels, scores } = randomAnswers(6, 200)
    const points = liftPoints(labels, scores)
    expect(points).toHaveLength(20)
    expect(points.at(-1)).toEqual({ share: 1, gain: 1, lift: 1 })
    const perfect = liftPoints(
      labels,
      Float64Array.from(labels, (l) => l),
    )
    const positives = labels.reduce((a, b) => a + b, 0)
    expect(perfect[0]!.gain).toBeCloseTo(10 / positives, 12)
  })

  it('does not depend on the order of rows, and needs no more rows than there are', () => {
    const { labels, scores } = randomAnswers(7, 90)
    expect(liftPoints(labels.slice().reverse(), scores.slice().reverse())).toEqual(liftPoints(labels, scores))
    expect(liftPoints(Uint8Array.of(1, 0), Float64Array.of(0.2, 0.1))).toHaveLength(2)
  })
})
