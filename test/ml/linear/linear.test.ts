import { describe, expect, it } from 'vitest'
import { createPrng } from '../../../src/base/prng.ts'
import { fitLearner, type Learner } from '../../../src/ml/learn/learners.ts'
import { designOf, learnBasis, writeRow } from '../../../src/ml/learn/linear/design.ts'
import { leaveOneOutLoss } from '../../../src/ml/learn/linear/leave-one-out.ts'
import { minimise, rowLoss, sumsOf } from '../../../src/ml/learn/linear/newton.ts'
import { LINEAR_DEFAULTS, SPLINE_DEFAULTS } from '../../../src/ml/learn/linear/params.ts'
import { penaltyMatrix, timesPenalty } from '../../../src/ml/learn/linear/penalty.ts'
import type { Problem } from '../../../src/ml/learn/problem.ts'
import type { Target, Task } from '../../../src/ml/learn/task.ts'
import { rocAuc } from '../../../src/ml/measure/roc.ts'
import type { EncodedColumn, InputColumn } from '../../../src/ml/model/encoder.ts'
import type { CurvesModel } from '../../../src/ml/model/kinds.ts'
import { predictAll } from '../../../src/ml/model/kinds.ts'
import { taskOf } from '../shapes/small-shapes.ts'

const LOGISTIC: Learner = { kind: 'logistic_regression', ...LINEAR_DEFAULTS }
const RIDGE: Learner = { kind: 'ridge_regression', penalty: 'auto', seed: 42 }
const SPLINE: Learner = { kind: 'spline_regression', ...SPLINE_DEFAULTS, knots: 8 }
const HERE = { threads: 0 }

/** 90 rows of three numbers, one with nulls, and a problem of each kind. */
function smallProblem(link: Problem['link'], rows = 90) {
  const prng = createPrng(11)
  const values = Float64Array.from({ length: rows * 3 }, (_, i) =>
    i < rows && prng.int(5) === 0 ? Number.NaN : prng.normal(),
  )
  const matrix = { rows, columns: 3, values }
  const columns: EncodedColumn[] = ['a', 'b', 'c'].map((input) => ({ kind: 'numeric', input }))
  const basis = learnBasis(matrix, columns, 6)
  const signal = (r: number) => (Number.isNaN(values[r]!) ? 1 : values[r]!) + Math.sin(2 * values[rows + r]!)
  const outputs = link === 'softmax' ? 3 : 1
  const truth = Float64Array.from({ length: rows }, (_, r) => {
    const noisy = signal(r) + 0.5 * prng.normal()
    if (link === 'identity') return noisy
    return link === 'logit' ? Number(noisy > 0) : Math.min(2, Math.max(0, Math.round(1 + noisy)))
  })
  const weights = Float64Array.from({ length: rows }, () => 0.5 + prng.float())
  const problem: Problem = { link, outputs, truth, weights }
  return {
    basis,
    design: designOf(matrix, basis),
    problem,
    penalty: penaltyMatrix(basis, { smoothing: 3, ridge: 0.2 }),
  }
}

const zeros = ({ design, problem }: ReturnType<typeof smallProblem>) => new Float64Array(design.width * problem.outputs)

describe.each(['logit', 'softmax', 'identity'] as const)('the weights of least loss, link %s', (link) => {
  it('leave no slope: the derivative of loss and penalty by each weight is 0', () => {
    const small = smallProblem(link)
    const { design, basis, problem, penalty } = small
    const { weights } = minimise(design, basis, problem, penalty, zeros(small))
    const total = (w: Float64Array) => {
      const sums = sumsOf(design, basis, w, problem.outputs)
      let loss = 0
      for (let r = 0; r < design.rows; r++) loss += problem.weights[r]! * rowLoss(problem, sums, r * problem.outputs, r)
      const times = new Float64Array(design.width)
      for (let k = 0; k < problem.outputs; k++) {
        timesPenalty(penalty, design.width, w, k * design.width, times)
        for (let i = 0; i < design.width; i++) loss += (times[i]! * w[k * design.width + i]!) / 2
      }
      return loss
    }
    for (let i = 0; i < weights.length; i++) {
      const slope = (total(weights.with(i, weights[i]! + 1e-4)) - total(weights.with(i, weights[i]! - 1e-4))) / 2e-4
      expect(Math.abs(slope), `weight ${i}`).toBeLessThan(5e-3)
    }
  })

  it('and their leave-one-out loss is what fits without each row give', () => {
    const small = smallProblem(link)
    const { design, basis, problem, penalty } = small
    const whole = minimise(design, basis, problem, penalty, zeros(small))
    const quick = leaveOneOutLoss(design, basis, problem, whole)
    let [loss, total] = [0, 0]
    for (let r = 0; r < design.rows; r++) {
      const without = { ...problem, weights: problem.weights.with(r, 0) }
      const fitted = minimise(design, basis, without, penalty, whole.weights)
      loss += problem.weights[r]! * rowLoss(problem, fitted.sums, r * problem.outputs, r)
      total += problem.weights[r]!
    }
    if (link === 'identity') expect(quick).toBeCloseTo(loss / total, 6)
    else expect(Math.abs(quick / (loss / total) - 1)).toBeLessThan(link === 'logit' ? 0.03 : 0.1)
  })
})

describe('the rows of a design', () => {
  it('share a value between its two knots, and give the missing a weight of its own', () => {
    const values = Float64Array.of(0, 1, 2, 4, 3, Number.NaN)
    const matrix = { rows: 6, columns: 1, values }
    const basis = learnBasis(matrix, [{ kind: 'numeric', input: 'a' }], 3)
    expect([...basis.columns[0]!.knots]).toEqual([0, 2, 4])
    const design = designOf(matrix, basis)
    const [index, value] = [new Int32Array(3), new Float64Array(3)]
    const rowOf = (r: number) => {
      const n = writeRow(design, basis, r, index, value)
      return Array.from({ length: n }, (_, i) => [index[i], value[i]])
    }
    expect(rowOf(1)).toEqual([
      [0, 1],
      [1, 0.5],
      [2, 0.5],
    ])
    expect(rowOf(5)).toEqual([
      [0, 1],
      [4, 1],
    ])
  })
})

describe('the linear learners', () => {
  const scoresOf = async (task: Task, learner: Learner) => {
    const { learned, matrix } = await fitLearner(task, learner, HERE)
    return predictAll(learned, matrix)
  }

  it.each([
    ['binary', LOGISTIC],
    ['binary', SPLINE],
    ['multiclass', LOGISTIC],
    ['multiclass', SPLINE],
    ['regression', RIDGE],
    ['regression', SPLINE],
  ] as const)('a row that weighs two is the row twice: %s %o', async (kind, learner) => {
    const task = taskOf(kind, 300)
    // The penalty is for rows whose weights have the mean 1.
    const fixed = (by: number) =>
      ({ ...learner, ...(learner.kind === 'spline_regression' ? { smoothing: 8 * by } : { penalty: by }) }) as Learner
    const twice = Uint32Array.from([...task.train, ...task.train.filter((r) => r % 3 === 0)].sort((a, b) => a - b))
    const weights = Float64Array.from({ length: 300 }, (_, r) => (r % 3 === 0 ? 2 : 1))
    // Without the text of many values, whose folds are by row.
    const inputs = task.inputs.slice(0, 12)
    const weighted = await scoresOf({ ...task, inputs, weights }, fixed(1))
    const repeated = await scoresOf({ ...task, inputs, train: twice }, fixed(4 / 3))
    const size = kind === 'regression' ? 1e6 : 1
    // Knots stand at other ranks where rows are repeated, so curves differ a little; lines are standardised by rows.
    const within = learner.kind === 'spline_regression' ? 0.1 : 0.02
    expect(Math.max(...weighted.map((x, i) => Math.abs(x - repeated[i]!))) / size).toBeLessThan(within)
  })

  it('splines find a wave that lines do not', async () => {
    const prng = createPrng(5)
    const x = Float64Array.from({ length: 3_000 }, () => 10 * prng.float())
    const labels = Uint8Array.from(x, (v) => (2 * Math.sin(v) + prng.normal() > 0 ? 1 : 0))
    const inputs: InputColumn[] = [{ name: 'x', type: 'Float64', values: x, valid: new Uint8Array(3_000).fill(1) }]
    const train = Uint32Array.from({ length: 2_000 }, (_, i) => i)
    const task: Task = { rows: 3_000, inputs, target: { kind: 'binary', labels }, weights: null, train }
    const auc = async (learner: Learner) => rocAuc(labels.slice(2_000), (await scoresOf(task, learner)).slice(2_000))
    expect(await auc(SPLINE)).toBeGreaterThan((await auc(LOGISTIC)) + 0.2)
  })

  it.each([LOGISTIC, SPLINE])('give probabilities of each class that sum to 1: %o', async (learner) => {
    const scores = await scoresOf(taskOf('multiclass', 300), learner)
    for (let r = 0; r < 300; r++) {
      expect(scores[r * 3]! + scores[r * 3 + 1]! + scores[r * 3 + 2]!).toBeCloseTo(1, 12)
    }
  })

  it('do not depend on the units of features and values', async () => {
    const task = taskOf('regression', 600)
    const target = task.target as Extract<Target, { kind: 'regression' }>
    const inputs = task.inputs.map((input, i) =>
      i === 8 || i === 9 ? { ...input, values: (input.values as Float64Array).map((v) => 1024 * v) } : input,
    )
    const other: Task = { ...task, inputs, target: { kind: 'regression', values: target.values.map((v) => v * 4096) } }
    for (const learner of [RIDGE, SPLINE]) {
      const [one, two] = [await scoresOf(task, learner), await scoresOf(other, learner)]
      expect(Math.max(...one.map((x, i) => Math.abs(x - two[i]! / 4096)))).toBeLessThan(1e-3)
    }
  })

  it('give what is missing, and what training did not have, the mean of its column', async () => {
    const { learned } = await fitLearner(taskOf('binary', 400), SPLINE, HERE)
    const { curves } = learned as CurvesModel
    // int32_full has no null in training.
    expect([...curves.missing.subarray(2, 3)]).toEqual([0])
    expect(curves.missing[3]).not.toBe(0)
  })

  it('give the same bytes again', async () => {
    const task = taskOf('binary', 500)
    const [one, two] = [await fitLearner(task, SPLINE, HERE), await fitLearner(task, SPLINE, { threads: 2 })]
    expect(two.learned).toEqual(one.learned)
    expect(one.importance.reduce((sum, x) => sum + x, 0)).toBeCloseTo(1, 9)
  })

  it('refuse what they cannot learn: one label, too many columns, another kind of label', async () => {
    const task = taskOf('binary', 100)
    const same: Task = { ...task, target: { kind: 'binary', labels: new Uint8Array(100) } }
    await expect(fitLearner(same, LOGISTIC, HERE)).rejects.toThrow('all 100 training rows have the same label')
    const wide = Array.from({ length: 2_000 }, (_, i) => ({ ...task.inputs[6]!, name: `x${i}` }))
    await expect(fitLearner({ ...task, inputs: wide }, SPLINE, HERE)).rejects.toThrow('2000 columns are too many')
    await expect(fitLearner(task, RIDGE, HERE)).rejects.toThrow('ridge_regression cannot learn a binary')
  })

  it('take constants, and columns of nulls alone, as they are', async () => {
    const task = taskOf('binary', 200)
    const valid = new Uint8Array(200)
    const nulls: InputColumn = {
      name: 'nothing',
      type: 'Float64',
      values: new Float64Array(200).fill(Number.NaN),
      valid,
    }
    const same: InputColumn = {
      name: 'same',
      type: 'Float64',
      values: new Float64Array(200).fill(7),
      valid: valid.map(() => 1),
    }
    const inputs = [...task.inputs.slice(0, 8), nulls, same]
    for (const learner of [LOGISTIC, SPLINE]) {
      const scores = await scoresOf({ ...task, inputs }, learner)
      expect(scores.every((p) => p > 0 && p < 1)).toBe(true)
    }
  })
})
