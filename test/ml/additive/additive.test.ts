import { describe, expect, it } from 'vitest'
import { createPrng } from '../../../src/base/prng.ts'
import { findGridStep, gridRoom } from '../../../src/ml/learn/additive/pair-step.ts'
import { ADDITIVE_DEFAULTS } from '../../../src/ml/learn/additive/params.ts'
import { purify } from '../../../src/ml/learn/additive/purify.ts'
import { type BinSums, findStep, L2 } from '../../../src/ml/learn/additive/step.ts'
import { shapeTable } from '../../../src/ml/learn/additive/table.ts'
import { fitLearner, type Learner } from '../../../src/ml/learn/learners.ts'
import type { Task } from '../../../src/ml/learn/task.ts'
import { rocAuc } from '../../../src/ml/measure/roc.ts'
import type { InputColumn } from '../../../src/ml/model/encoder.ts'
import { type AdditiveModel, predictAll } from '../../../src/ml/model/kinds.ts'
import { taskOf } from '../shapes/small-shapes.ts'

const LEARNER: Learner = { kind: 'additive_model', ...ADDITIVE_DEFAULTS, minSamplesLeaf: 20, rounds: 150 }
const HERE = { threads: 0 }

function randomSums(bins: number, seed: number): BinSums {
  const prng = createPrng(seed)
  const of = (value: () => number) => Float64Array.from({ length: bins }, value)
  return { gradient: of(() => prng.normal()), hessian: of(() => 1 + prng.float()), rows: of(() => 1 + prng.int(9)) }
}

const sumOf = (values: Float64Array, where: (bin: number) => boolean) =>
  values.reduce((sum, x, bin) => (where(bin) ? sum + x : sum), 0)

describe('a step', () => {
  it('is the mean of all stumps, each weighted by what it takes off the loss', () => {
    const sums = randomSums(13, 7)
    const step = new Float64Array(13)
    findStep(sums, 12, false, { minSamplesLeaf: 8 }, 0.5, step)
    const slow = new Float64Array(12)
    let total = 0
    for (let cut = 1; cut < 12; cut++) {
      const sides = [(b: number) => b < cut, (b: number) => b >= cut && b < 12]
      const [n, g, h] = [sums.rows, sums.gradient, sums.hessian].map((of) => sides.map((side) => sumOf(of, side)))
      if (n!.some((rows) => rows < 8)) continue
      const gain = (i: number) => g![i]! ** 2 / (h![i]! + L2)
      const whole = (g![0]! + g![1]!) ** 2 / (h![0]! + h![1]! + L2)
      const weight = Math.max(0, gain(0) + gain(1) - whole)
      total += weight
      for (let b = 0; b < 12; b++) slow[b]! += (weight * g![b < cut ? 0 : 1]!) / (h![b < cut ? 0 : 1]! + L2)
    }
    for (let b = 0; b < 12; b++) expect(step[b]).toBeCloseTo((-0.5 * slow[b]!) / total, 10)
  })

  it('of a grid is the mean of all contrasts of quarters, and leaves the sums of both sides alone', () => {
    const size = { first: 5, second: 4 }
    const sums = randomSums(20, 8)
    const step = new Float64Array(20)
    findGridStep(sums, size, { minSamplesLeaf: 3 }, 0.5, gridRoom(20), step)
    const slow = new Float64Array(20)
    let total = 0
    for (let i = 1; i < 5; i++) {
      for (let j = 1; j < 4; j++) {
        const quarterOf = (bin: number) => (Math.floor(bin / 4) < i ? 0 : 2) + (bin % 4 < j ? 0 : 1)
        const [n, g, h] = [sums.rows, sums.gradient, sums.hessian].map((of) =>
          [0, 1, 2, 3].map((q) => sumOf(of, (bin) => quarterOf(bin) === q)),
        )
        if (n!.some((rows) => rows < 3)) continue
        const sign = [1, -1, -1, 1]
        const contrast = sign.reduce((sum, s, q) => sum + (s * g![q]!) / (h![q]! + L2), 0)
        const by = contrast / h!.reduce((sum, x) => sum + 1 / (x + L2), 0)
        total += contrast * by
        for (let bin = 0; bin < 20; bin++) {
          const q = quarterOf(bin)
          slow[bin]! += (contrast * by * by * sign[q]!) / (h![q]! + L2)
        }
      }
    }
    for (let bin = 0; bin < 20; bin++) expect(step[bin]).toBeCloseTo((-0.5 * slow[bin]!) / total, 8)
  })
})

describe('the wider bins of a pair', () => {
  it('are runs of bins, at most so many, and the missing alone', () => {
    const prng = createPrng(9)
    for (const count of [1, 2, 5, 30, 400]) {
      const values = Float64Array.from({ length: 500 }, () => (prng.int(9) === 0 ? Number.NaN : prng.int(count)))
      const table = shapeTable({ rows: 500, columns: 1, values }, [0], { bins: 64, wide: 8 })
      const wide = [...table.wide[0]!]
      expect(wide[0]).toBe(0)
      expect(Math.max(...wide)).toBeLessThan(8)
      expect(wide.at(-1)).toBe(wide.at(-2)! + 1)
      expect(wide.slice(1).every((w, i) => w === wide[i] || w === wide[i]! + 1)).toBe(true)
    }
  })
})

/** Two numbers and noise; the outcome depends on their product, and on the first alone by `alone`. */
function productTask(alone: number, product: number, rows = 3_000): Task {
  const prng = createPrng(21)
  const values = Array.from({ length: 3 }, () => Float64Array.from({ length: rows }, () => prng.normal()))
  const labels = Uint8Array.from({ length: rows }, (_, r) => {
    const margin = alone * Math.sin(2 * values[0]![r]!) + product * values[0]![r]! * values[1]![r]!
    return margin + prng.normal() > 0 ? 1 : 0
  })
  const valid = new Uint8Array(rows).fill(1)
  const inputs = values.map((own, i): InputColumn => ({ name: `x${i}`, type: 'Float64', values: own, valid }))
  const train = Uint32Array.from({ length: (rows * 2) / 3 }, (_, i) => i)
  return { rows, inputs, target: { kind: 'binary', labels }, weights: null, train }
}

async function aucOf(task: Task, learner: Learner): Promise<{ auc: number; model: AdditiveModel }> {
  const { learned, matrix } = await fitLearner(task, learner, HERE)
  const scores = predictAll(learned, matrix)
  const from = task.train.length
  const labels = task.target.kind === 'binary' ? task.target.labels : new Uint8Array()
  return { auc: rocAuc(labels.slice(from), scores.slice(from)), model: learned as AdditiveModel }
}

describe('an additive model learns', () => {
  it('a pair that acts together, and takes no pair where none does', async () => {
    const together = productTask(0, 1.5)
    const { auc, model } = await aucOf(together, LEARNER)
    expect(auc).toBeGreaterThan(0.75)
    expect(model.additive.pairs.slice(0, 2)).toEqual(Uint32Array.of(0, 1))
    expect((await aucOf(together, { ...LEARNER, pairs: 0 })).auc).toBeLessThan(0.6)
    const apart = await aucOf(productTask(1.5, 0), LEARNER)
    expect(apart.auc).toBeGreaterThan(0.75)
    expect(apart.model.additive.pairs.length).toBe(0)
  })

  it('several classes, with probabilities that sum to 1, and numbers', async () => {
    const classes = await fitLearner(taskOf('multiclass', 600), { ...LEARNER, rounds: 40 }, HERE)
    const scores = predictAll(classes.learned, classes.matrix)
    for (let r = 0; r < 600; r++) {
      expect(scores[3 * r]! + scores[3 * r + 1]! + scores[3 * r + 2]!).toBeCloseTo(1, 12)
    }
    const task = taskOf('regression', 800)
    const values = task.target.kind === 'regression' ? task.target.values : new Float64Array()
    const numbers = await fitLearner(task, LEARNER, HERE)
    const predicted = predictAll(numbers.learned, numbers.matrix)
    const error = Math.sqrt(predicted.reduce((sum, p, r) => sum + (p - values[r]!) ** 2, 0) / 800)
    // The values spread by about 250.
    expect(error).toBeLessThan(110)
  })

  it('the same from weights in any unit, and the same bytes again', async () => {
    const task = taskOf('binary', 500)
    const weights = Float64Array.from({ length: 500 }, (_, r) => 1 + (r % 3))
    const one = await fitLearner({ ...task, weights }, LEARNER, HERE)
    const two = await fitLearner({ ...task, weights: weights.map((w) => 1024 * w) }, LEARNER, { threads: 2 })
    expect(two.learned).toEqual(one.learned)
    const none = await fitLearner(task, LEARNER, HERE)
    expect(none.learned).not.toEqual(one.learned)
    expect(one.importance.reduce((sum, x) => sum + x, 0)).toBeCloseTo(1, 9)
  })

  it('nothing from one label, and says so', async () => {
    const task = taskOf('binary', 100)
    const same: Task = { ...task, target: { kind: 'binary', labels: new Uint8Array(100) } }
    await expect(fitLearner(same, LEARNER, HERE)).rejects.toThrow('all 100 training rows have the same label')
  })
})

describe('shapes and grids are pure', () => {
  it('each has the mean 0 over the rows, a grid in each row and column too, and the sums stay', () => {
    const prng = createPrng(31)
    const values = Float64Array.from({ length: 1_000 }, (_, i) => (i < 500 ? prng.int(9) : prng.normal()))
    const table = shapeTable({ rows: 500, columns: 2, values }, [0, 0], { bins: 32, wide: 6 })
    const random = (length: number) => Float64Array.from({ length }, () => prng.normal())
    const shapes = {
      table,
      base: Float64Array.of(0.5),
      scores: [random(table.valueBins[0]! + 1), random(table.valueBins[1]! + 1)],
      pairs: [{ a: 0, b: 1 }],
      grids: [random(table.wideBins[0]! * table.wideBins[1]!)],
      rounds: [1, 1] as [number, number],
    }
    const weights = Float64Array.from({ length: 500 }, () => 0.5 + prng.float())
    const places = (r: number) => [table.bins[r]!, table.bins[500 + r]!] as const
    const gridAt = (r: number) => {
      const [a, b] = places(r)
      return shapes.grids[0]![table.wide[0]![a]! * table.wideBins[1]! + table.wide[1]![b]!]!
    }
    const sums = () =>
      Array.from({ length: 500 }, (_, r) => {
        const [a, b] = places(r)
        return shapes.base[0]! + shapes.scores[0]![a]! + shapes.scores[1]![b]! + gridAt(r)
      })
    const before = sums()
    purify(shapes, weights, 1)
    for (const [r, sum] of sums().entries()) expect(sum).toBeCloseTo(before[r]!, 9)
    for (const wide of [0, 1, 2, 3]) {
      let mean = 0
      for (let r = 0; r < 500; r++) if (table.wide[0]![places(r)[0]] === wide) mean += weights[r]! * gridAt(r)
      expect(Math.abs(mean)).toBeLessThan(1e-6)
    }
    let mean = 0
    for (let r = 0; r < 500; r++) mean += weights[r]! * shapes.scores[1]![places(r)[1]]!
    expect(Math.abs(mean)).toBeLessThan(1e-9)
  })
})
