import { expect, test } from 'vitest'
import { createPrng } from '../../src/base/prng.ts'
import { type Target, takeTarget } from '../../src/ml/learn/task.ts'
import { meanAbsoluteError, rootMeanSquaredError, rSquared } from '../../src/ml/measure/regression.ts'
import type { Outcome } from '../../src/ml/model/outcome.ts'
import { evaluate, scoresOf } from '../../src/training/evaluate.ts'

const ROWS = 300
const prng = createPrng(3)
const weights = Float64Array.from({ length: ROWS }, () => 1 + prng.int(3))
const labels = Uint8Array.from({ length: ROWS }, () => prng.int(3))
const values = Float64Array.from({ length: ROWS }, () => prng.normal())
const share = Float64Array.from({ length: ROWS }, () => prng.float())
const shares = Float64Array.from({ length: ROWS * 3 }, () => prng.float())

const CASES: [Outcome, Target, Float64Array][] = [
  [
    { kind: 'binary', classes: ['no', 'yes'], threshold: 0.4 },
    { kind: 'binary', labels: labels.map((c) => (c === 0 ? 0 : 1)) },
    share,
  ],
  [{ kind: 'multiclass', classes: ['a', 'b', 'c'] }, { kind: 'multiclass', classes: 3, labels }, shares],
  [{ kind: 'regression' }, { kind: 'regression', values }, values.map((value, r) => value + share[r]!)],
]

test.each(CASES)('measures of %o: a row of weight 3 counts as three rows', (outcome, target, outputs) => {
  const width = outputs.length / ROWS
  const repeated = Uint32Array.from([...weights].flatMap((weight, r) => new Array<number>(weight).fill(r)))
  const entities = Uint32Array.from({ length: ROWS }, (_, r) => r)
  const weighed = scoresOf({ target, outputs, entities, weights }, outcome)
  const rows = {
    target: takeTarget(target, repeated),
    outputs: Float64Array.from([...repeated].flatMap((r) => [...outputs.subarray(r * width, (r + 1) * width)])),
    entities: repeated.map((r) => entities[r]!),
    weights: null,
  }
  const counted = scoresOf(rows, outcome)
  // Bins of calibration have as many rows each, and those are others.
  const names = Object.keys(counted).filter((name) => name !== 'ece')
  for (const name of names) expect(weighed[name], name).toBeCloseTo(counted[name]!, 9)
  const plain = scoresOf({ target, outputs, entities, weights: null }, outcome)
  expect(names.some((name) => plain[name] !== weighed[name])).toBe(true)
})

test('numbers are measured as their definitions say, with intervals around them', () => {
  const [outcome, target, outputs] = CASES[2]!
  const test = { target, outputs, entities: Uint32Array.from({ length: ROWS }, (_, r) => r), weights: null }
  const encoder = { inputs: [], columns: [] }
  const { metrics } = evaluate({
    test,
    holdOut: null,
    outcome,
    randomRows: 0.25,
    encoder,
    importance: new Float64Array(0),
  })
  expect(metrics.val_rmse).toBeCloseTo(rootMeanSquaredError(values, outputs), 12)
  expect(metrics.val_mae).toBeCloseTo(meanAbsoluteError(values, outputs), 12)
  expect(metrics.val_r2).toBeCloseTo(rSquared(values, outputs), 12)
  expect(metrics.val_r2_random_rows).toBe(0.25)
  expect(metrics.val_rmse_low).toBeLessThan(metrics.val_rmse!)
  expect(metrics.val_rmse_high).toBeGreaterThan(metrics.val_rmse!)
})
