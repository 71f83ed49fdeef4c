import { describe, expect, it } from 'vitest'
import { createPrng } from '../../src/base/prng.ts'
import { splitRows } from '../../src/ml/learn/split-rows.ts'
import { accuracy, confusion, f1, logLoss } from '../../src/ml/measure/classification.ts'
import { rocAuc, rocPoints } from '../../src/ml/measure/roc.ts'

describe('the area under the ROC curve', () => {
  it('is the chance that a positive scores above a negative, a tie counting one half', () => {
    for (let seed = 1; seed <= 50; seed++) {
      const { labels, scores } = randomAnswers(seed)
      let wins = 0
      let pairs = 0
      for (const [i, label] of labels.entries()) {
        for (const [j, other] of labels.entries()) {
          if (label !== 1 || other !== 0) continue
          pairs++
          wins += scores[i]! > scores[j]! ? 1 : scores[i] === scores[j] ? 0.5 : 0
        }
      }
      expect(rocAuc(labels, scores), `seed ${seed}`).toBeCloseTo(wins / pairs, 12)
    }
  })

  it('is the area below the points of the curve', () => {
    const { labels, scores } = randomAnswers(3)
    const points = rocPoints(labels, scores)
    let area = 0
    for (let i = 1; i < points.length; i++) {
      const [a, b] = [points[i - 1]!, points[i]!]
      area += ((b.falsePositiveRate - a.falsePositiveRate) * (a.truePositiveRate + b.truePositiveRate)) / 2
    }
    expect(area).toBeCloseTo(rocAuc(labels, scores), 12)
    expect(points[0]).toEqual({ threshold: Infinity, falsePositiveRate: 0, truePositiveRate: 0 })
    expect(points.at(-1)).toMatchObject({ falsePositiveRate: 1, truePositiveRate: 1 })
  })

  it('is not a number when a class is absent', () => {
    expect(rocAuc(Uint8Array.of(1, 1), Float64Array.of(0.1, 0.2))).toBeNaN()
  })
})

describe('measures at a threshold', () => {
  const labels = Uint8Array.of(0, 0, 1, 1, 1)
  const scores = Float64Array.of(0.1, 0.5, 0.5, 0.9, 0.2)

  it('count a score equal to the threshold as positive', () => {
    const counts = confusion(labels, scores, 0.5)
    expect(counts).toEqual({ trueNegative: 1, falsePositive: 1, falseNegative: 1, truePositive: 2 })
    expect(accuracy(counts)).toBe(0.6)
    expect(f1(counts)).toBeCloseTo(2 / 3, 12)
  })

  it('have F1 0 when nothing is called positive', () => {
    expect(f1(confusion(labels, scores, 2))).toBe(0)
  })

  it('have a log-loss that stays finite at a certain wrong answer', () => {
    expect(logLoss(Uint8Array.of(1), Float64Array.of(0))).toBeCloseTo(-Math.log(Number.EPSILON), 9)
    expect(logLoss(Uint8Array.of(1, 0), Float64Array.of(0.8, 0.4))).toBeCloseTo(
      -(Math.log(0.8) + Math.log(0.6)) / 2,
      12,
    )
  })
})

describe('the split into training and test rows', () => {
  const labels = Uint8Array.from({ length: 7043 }, (_, i) => (i % 15 < 4 ? 1 : 0))
  const split = splitRows({ kind: 'binary', labels }, { testShare: 0.25, seed: 42, stratify: true })

  it('gives every row to one part, and a quarter, rounded up, to the test', () => {
    expect([split.train.length, split.test.length]).toEqual([5282, 1761])
    expect([...split.train, ...split.test].sort((a, b) => a - b)).toEqual(Array.from(labels, (_, i) => i))
  })

  it('keeps the share of the classes when stratified', () => {
    const share = (rows: Uint32Array) => rows.reduce((sum, row) => sum + labels[row]!, 0) / rows.length
    expect(share(split.test)).toBeCloseTo(share(split.train), 3)
  })

  it('case 16: says how many rows there are and how many are needed, where they are too few', () => {
    const split = (labels: number[], testShare = 0.25, stratify = true) =>
      splitRows({ kind: 'binary', labels: Uint8Array.from(labels) }, { testShare, seed: 42, stratify })
    expect(() => split([1])).toThrow(/there is 1 training row, too few to split: .* at least 4 are needed/)
    expect(() => split([0, 1])).toThrow(/there are 2 training rows, too few to split: .* at least 4 are needed/)
    expect(() => split([])).toThrow(/there are 0 training rows/)
    expect(() => split([0, 1, 0, 1, 1], 0.9)).toThrow(/there are 5 training rows, too few .* at least 20 are needed/)
    expect(() => split([1, 1, 1, 1, 1])).toThrow(
      /all 5 training rows have the same label; there is nothing to tell apart/,
    )
    const least = split([0, 1, 0, 1])
    expect([least.train.length, least.test.length]).toEqual([3, 1])
  })

  it('depends on the seed only', () => {
    expect(splitRows({ kind: 'binary', labels }, { testShare: 0.25, seed: 42, stratify: true })).toEqual(split)
    expect(splitRows({ kind: 'binary', labels }, { testShare: 0.25, seed: 43, stratify: true })).not.toEqual(split)
  })
})

function randomAnswers(seed: number): { labels: Uint8Array; scores: Float64Array } {
  const prng = createPrng(seed)
  const labels = Uint8Array.from({ length: 40 }, (_, i) => (i < 2 ? i : prng.int(2)))
  return { labels, scores: Float64Array.from(labels, (label) => (prng.int(8) + label) / 10) }
}
