import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createPrng } from '../../src/base/prng.ts'
import { chooseCalibration, fitCalibration, type OutOfFold } from '../../src/ml/learn/calibrate.ts'
import { type Calibration, calibrated, findCalibrationFault } from '../../src/ml/model/calibration.ts'
import { sigmoid } from '../../src/ml/numbers/exp.ts'

/** Rows whose outcome has the chance `truth` of what is said of them. */
function rowsOf(seed: number, rows: number, truth: (said: number) => number): OutOfFold {
  const prng = createPrng(seed)
  const scores = Float64Array.from({ length: rows }, () => prng.float())
  const labels = Uint8Array.from(scores, (p) => (prng.float() < truth(p) ? 1 : 0))
  return { labels, scores, weights: null, folds: Uint8Array.from(scores, (_, i) => i % 5) }
}

const far = (p: number) => sigmoid(3 * Math.log(p / (1 - p)) - 1)

describe('a calibration', () => {
  it('of Platt finds the line of the log-odds that the rows were drawn by', () => {
    const found = fitCalibration('platt', rowsOf(1, 200_000, far))
    if (found.kind !== 'platt') throw new Error(found.kind)
    expect(found.slope).toBeCloseTo(3, 0)
    expect(found.offset).toBeCloseTo(-1, 0)
  })

  it('of either kind comes near the truth, and isotonic does where no line would', () => {
    const wave = (p: number) => (p < 0.5 ? 0.1 : 0.9)
    const step = fitCalibration('isotonic', rowsOf(2, 20_000, wave))
    for (const p of [0.1, 0.4, 0.6, 0.9]) expect(Math.abs(calibrated(step, p) - wave(p)), `at ${p}`).toBeLessThan(0.03)
    for (const kind of ['platt', 'isotonic'] as const) {
      const found = fitCalibration(kind, rowsOf(3, 50_000, far))
      for (const p of [0.2, 0.5, 0.8])
        expect(Math.abs(calibrated(found, p) - far(p)), `${kind} at ${p}`).toBeLessThan(0.04)
    }
  })

  it('is taken only where it helps on rows that it did not see', () => {
    expect(chooseCalibration(rowsOf(4, 5_000, far), ['platt', 'isotonic']).calibration).not.toBeNull()
    for (let seed = 10; seed < 20; seed++) {
      const honest = chooseCalibration(
        rowsOf(seed, 2_000, (p) => p),
        ['isotonic'],
      )
      expect(honest.calibration, `seed ${seed}`).toBeNull()
      // On the rows that it is fitted to it would always seem to help.
      expect(honest.losses.isotonic).toBeGreaterThan(honest.losses.none - 0.01)
    }
  })

  it('never turns the order of two rows round, and says probabilities, for whatever rows', () => {
    const row = fc.record({
      label: fc.nat(1),
      score: fc.constantFrom(0, 1e-9, 0.25, 0.5, 0.75, 1),
      weight: fc.double({ min: 0.1, max: 9, noNaN: true }),
    })
    fc.assert(
      fc.property(
        fc.array(row, { minLength: 1, maxLength: 40 }),
        fc.constantFrom('platt', 'isotonic'),
        (rows, kind) => {
          const found = fitCalibration(kind as 'platt', {
            labels: Uint8Array.from(rows, ({ label }) => label),
            scores: Float64Array.from(rows, ({ score }) => score),
            weights: Float64Array.from(rows, ({ weight }) => weight),
          })
          expect(findCalibrationFault(found)).toBeUndefined()
          let before = 0
          for (const p of [0, 1e-9, 0.1, 0.25, 0.3, 0.5, 0.6, 0.75, 0.9, 1]) {
            const now = calibrated(found, p)
            expect(now).toBeGreaterThanOrEqual(before)
            expect(now).toBeLessThanOrEqual(1)
            before = now
          }
        },
      ),
    )
  })

  it('of isotonic is the nearest rising one: no block of rows could be better alone', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1), { minLength: 2, maxLength: 12 }), (outcomes) => {
        const scores = Float64Array.from(outcomes, (_, i) => (i + 1) / 20)
        const found = fitCalibration('isotonic', { labels: Uint8Array.from(outcomes), scores, weights: null })
        // Max-min formula of isotonic regression (Robertson, Wright and Dykstra 1988), by looking at every block.
        const mean = (a: number, b: number) => outcomes.slice(a, b + 1).reduce((s, y) => s + y, 0) / (b - a + 1)
        const steps = outcomes.map((_, i) =>
          Math.max(
            ...outcomes.slice(0, i + 1).map((_, a) => Math.min(...outcomes.slice(i).map((_, k) => mean(a, i + k)))),
          ),
        )
        if (found.kind !== 'isotonic') throw new Error(found.kind)
        for (const [k, x] of found.from.entries()) {
          const inside = scores.findIndex((s) => s >= x - 1e-12)
          expect(found.to[k]).toBeCloseTo(steps[inside]!, 9)
        }
      }),
    )
  })

  it('does not depend on the order of rows', () => {
    const rows = rowsOf(7, 500, far)
    const coarse = rows.scores.map((p) => Math.round(p * 20) / 20)
    const turned = { labels: rows.labels.slice().reverse(), scores: coarse.slice().reverse(), weights: null }
    const found = fitCalibration('isotonic', { labels: rows.labels, scores: coarse, weights: null }) as Extract<
      Calibration,
      { kind: 'isotonic' }
    >
    const again = fitCalibration('isotonic', turned) as typeof found
    expect(again.from).toHaveLength(found.from.length)
    for (const [i, y] of found.to.entries()) expect(again.to[i]).toBeCloseTo(y, 12)
  })

  it('of a file is refused where an answer would be no probability', () => {
    const wrong: [Calibration, RegExp][] = [
      [{ kind: 'platt', slope: Number.NaN, offset: 0 }, /not finite/],
      [{ kind: 'platt', slope: -1, offset: 0 }, /falls/],
      [{ kind: 'isotonic', from: [], to: [] }, /0 and 0 points/],
      [{ kind: 'isotonic', from: [0.1], to: [0.1, 0.2] }, /1 and 2 points/],
      [{ kind: 'isotonic', from: [0.1, 0.1], to: [0.1, 0.2] }, /does not rise/],
      [{ kind: 'isotonic', from: [0.1, 0.2], to: [0.2, 0.1] }, /does not rise/],
      [{ kind: 'isotonic', from: [0.1, 2], to: [0.1, 0.2] }, /no pair/],
    ]
    for (const [calibration, message] of wrong) expect(findCalibrationFault(calibration)).toMatch(message)
  })
})
