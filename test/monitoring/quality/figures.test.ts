import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { createPrng } from '../../../src/base/prng.ts'
import { expectedAuc, expectedConfusion, ofConfusion } from '../../../src/ml/measure/estimate.ts'
import { rankScores } from '../../../src/ml/measure/ranked.ts'
import { estimateFigures } from '../../../src/monitoring/quality/estimate.ts'
import { partingOf } from '../../../src/monitoring/quality/part.ts'
import { realisedFigures } from '../../../src/monitoring/quality/realised.ts'

/** Made by goldens.py with the real NannyML and scikit-learn. */
const goldens = JSON.parse(readFileSync(new URL('goldens.json', import.meta.url), 'utf8'))
const { threshold } = goldens.made
const scores = Float64Array.from(goldens.current.scores)
const labels = Uint8Array.from(goldens.current.labels)
const chances = Float64Array.from(goldens.current.chances)
const reference = {
  labels: Uint8Array.from(goldens.reference.labels),
  scores: Float64Array.from(goldens.reference.scores),
}

describe('what came true', () => {
  const truth = realisedFigures({ kind: 'binary', labels, scores, threshold })

  it('has the measures that scikit-learn gives', () => {
    const { confusion, ...measures } = goldens.realised
    for (const [name, value] of Object.entries(measures))
      expect(truth.measures[name]?.value, name).toBeCloseTo(Number(value), 12)
    const { trueNegative, falsePositive, falseNegative, truePositive } = truth.confusion!
    expect([trueNegative, falsePositive, falseNegative, truePositive]).toEqual(confusion)
  })

  it('has an interval around each measure', () => {
    for (const [name, { value, low, high }] of Object.entries(truth.measures)) {
      expect(low, name).toBeLessThan(value!)
      // A calibration error of few rows is biased upwards, so that its resamples lie above it.
      if (name !== 'calibration') expect(high, name).toBeGreaterThan(value!)
      expect(high! - low!, name).toBeLessThan(0.15)
    }
  })

  it('says why there is no area under the curve where all labels are the same', () => {
    const same = realisedFigures({ kind: 'binary', labels: new Uint8Array(5), scores: scores.slice(0, 5), threshold })
    expect(same.measures.auc).toEqual({ value: null, low: null, high: null })
    expect(same.unsaid).toEqual([{ measure: 'auc', why: 'all 5 labels are the same, and it takes both' }])
    expect(
      realisedFigures({ kind: 'binary', labels: new Uint8Array(0), scores: new Float64Array(0), threshold }).rows,
    ).toBe(0)
  })

  it('of several classes says what was not kept, and of numbers has their own measures', () => {
    const several = realisedFigures({
      kind: 'multiclass',
      classes: 3,
      labels: Uint8Array.of(0, 1, 2, 2),
      said: Uint8Array.of(0, 1, 1, 2),
      sure: Float64Array.of(0.8, 0.5, 0.4, 0.9),
      scores: null,
    })
    expect(several.measures.accuracy?.value).toBe(0.75)
    expect(several.unsaid.map(({ measure }) => measure)).toEqual(['logloss', 'auc_macro'])
    const numbers = realisedFigures({
      kind: 'regression',
      labels: Float64Array.of(1, 2, 3),
      scores: Float64Array.of(1, 2, 5),
    })
    expect(numbers.measures.mae?.value).toBeCloseTo(2 / 3, 12)
    expect(Object.keys(numbers.measures)).toEqual(['rmse', 'mae', 'r2'])
  })
})

describe('what is expected before labels come', () => {
  it('is what NannyML estimates from the same chances', () => {
    const cells = expectedConfusion(chances, scores, threshold)
    for (const [name, value] of Object.entries(ofConfusion(cells)))
      expect(value, name).toBeCloseTo(goldens.estimated[name], 12)
    // NannyML rounds its sums to five decimals.
    expect(expectedAuc(rankScores(scores), chances)).toBeCloseTo(goldens.estimated.auc, 6)
  })

  it('is near to what NannyML estimates with a calibration of its own', () => {
    const { measures, confusion } = estimateFigures(reference, { scores, threshold })
    const { roc_auc, confusion: cells, ...others } = goldens.whole
    // The chances that the reference was drawn by: neither knows them.
    const real = scores.map((score) => 1 / (1 + Math.exp(-2.2 * (score - 0.5))))
    const exact: Record<string, number> = {
      auc: expectedAuc(rankScores(scores), real),
      ...ofConfusion(expectedConfusion(real, scores, threshold)),
    }
    for (const [name, value] of Object.entries({ auc: roc_auc, ...others })) {
      const ours = measures[name]!.value!
      expect(Math.abs(ours - Number(value)), name).toBeLessThan(0.03)
      expect(Math.abs(ours - exact[name]!), name).toBeLessThan(Math.abs(Number(value) - exact[name]!) + 0.005)
    }
    expect(Math.abs(confusion!.truePositive - cells[3])).toBeLessThan(0.03 * scores.length)
  })

  it('does not depend on the order of rows with one score', () => {
    const [a, b] = [Float64Array.of(0.5, 0.5, 0.2), Float64Array.of(0.5, 0.5, 0.2)]
    const ranked = rankScores(a)
    expect(expectedAuc(ranked, Float64Array.of(0.9, 0.1, 0.2))).toBe(
      expectedAuc(rankScores(b), Float64Array.of(0.1, 0.9, 0.2)),
    )
  })
})

describe('truth and estimate', () => {
  /** Rows of a world in which a score says too much; `turn` changes what the scores mean, and not the scores. */
  function rows(seed: number, count: number, turn: number) {
    const prng = createPrng(seed)
    const said = Float64Array.from({ length: count }, () => prng.float())
    const came = Uint8Array.from(said, (score) =>
      prng.float() < 1 / (1 + Math.exp(-(2.2 * (score - 0.5) + turn))) ? 1 : 0,
    )
    return { scores: said, labels: came }
  }

  it('do not part in more than 5 of 100 months in which nothing changed', () => {
    let parted = 0
    for (let seed = 1; seed <= 100; seed++) {
      const { scores: said, labels: came } = rows(seed, 200, 0)
      const estimate = estimateFigures(rows(seed + 1_000, 300, 0), { scores: said, threshold }, { times: 100 })
      const truth = realisedFigures({ kind: 'binary', labels: came, scores: said, threshold }, { times: 1 })
      if (partingOf(truth, estimate)?.conceptDrift) parted++
    }
    expect(parted).toBeLessThanOrEqual(8)
  })

  it('part where the same scores mean something else, which is called concept drift', () => {
    const { scores: said, labels: came } = rows(7, 1_500, -1)
    const estimate = estimateFigures(rows(8, 1_500, 0), { scores: said, threshold })
    const found = partingOf(realisedFigures({ kind: 'binary', labels: came, scores: said, threshold }), estimate)
    expect(found?.conceptDrift).toBe(true)
    expect(found?.says).toMatch(
      /^concept drift: the same features no longer mean the same: logloss was estimated at 0\.\d{4}/,
    )
  })
})
