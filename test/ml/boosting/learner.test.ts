import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createPrng } from '../../../src/base/prng.ts'
import { fitLearner } from '../../../src/ml/learn/learners.ts'
import { binaryLabels } from '../../../src/ml/learn/task.ts'
import { rocAuc } from '../../../src/ml/measure/roc.ts'
import { boostedPredict } from '../../../src/ml/model/boosted.ts'
import type { InputColumn } from '../../../src/ml/model/encoder.ts'
import { type BoostedModel, predictAll } from '../../../src/ml/model/kinds.ts'
import { createModel, encodeModel, predictOne } from '../../../src/ml/model/model-file.ts'
import { yesOrNo } from '../../../src/ml/model/outcome.ts'
import { binaryTask } from '../binary-task.ts'
import { type BoostingLearner, SMALL, smallBoosted, smallTask } from './small-boosted.ts'

describe('gradient boosting', () => {
  it('is the same to the byte with 0, 1, 2 and 4 threads, with sampling and early stopping', async () => {
    const learner = { rowShare: 0.7, columnShare: 0.6, earlyStopping: { share: 0.2, rounds: 5, refit: true } }
    const fits = [0, 1, 2, 4].map((threads) => smallBoosted(learner, threads))
    const [first, ...others] = (await Promise.all(fits)).map((model) => Buffer.from(encodeModel(model)))
    for (const other of others) expect(other.equals(first!)).toBe(true)
  })

  it('has these bytes on every Node and machine', async () => {
    // Whole numbers only: the values themselves must not depend on the engine.
    const prng = createPrng(31)
    const count = 3_000
    const valid = Uint8Array.from({ length: count }, () => (prng.int(9) > 0 ? 1 : 0))
    const numbers = Array.from({ length: 3 }, () => Float64Array.from({ length: count }, () => prng.int(1_000) / 8))
    const values = Array.from({ length: count }, () => `level ${prng.int(12)}`)
    const many = Array.from({ length: count }, () => `shop ${prng.int(300)}`)
    const labels = Uint8Array.from(values, (level, r) =>
      numbers[0]![r]! + prng.int(60) + (level > 'level 4' ? 20 : 0) > 100 ? 1 : 0,
    )
    const inputs: InputColumn[] = [
      ...numbers.map((own, c): InputColumn => ({ name: `x${c}`, type: 'Float64', values: own, valid })),
      { name: 'level', type: 'String', values, valid },
      { name: 'shop', type: 'String', values: many, valid },
    ]
    const task = binaryTask({ rows: count, inputs, labels, train: Uint32Array.from(labels, (_, i) => i) })
    const learner = { ...SMALL, rounds: 60, rowShare: 0.8, earlyStopping: { share: 0.2, rounds: 10, refit: true } }
    const { encoder, learned } = await fitLearner(task, learner, { threads: 0 })
    const bytes = encodeModel(createModel({ label: 'y', outcome: yesOrNo(0.5), encoder, learned }))
    expect(createHash('sha256').update(bytes).digest('hex')).toMatchInlineSnapshot(
      `"93185af0ebacd798b339ef56d1b9197378482a7ffcbb877f78c8ff37a30b81ff"`,
    )
  })

  it('is another model with another seed where chance has a part, and the same where it has none', async () => {
    const bytes = async (learner: Partial<BoostingLearner>) => {
      const model = await smallBoosted({ rounds: 5, ...learner })
      return Buffer.from(encodeModel(model)).toString('base64')
    }
    expect(await bytes({ rowShare: 0.5, seed: 1 })).not.toBe(await bytes({ rowShare: 0.5, seed: 2 }))
    expect(await bytes({ columnShare: 0.5, seed: 1 })).not.toBe(await bytes({ columnShare: 0.5, seed: 2 }))
  })

  it('learns from nulls, which way they go', async () => {
    const prng = createPrng(6)
    const x = Array.from({ length: 400 }, () => (prng.int(2) === 0 ? null : prng.normal()))
    const model = await fitColumn(x, (value) => (value === null ? 1 : 0))
    expect(predictOne(model, [null])[0]).toBeGreaterThan(0.9)
    expect(predictOne(model, [0.1])[0]).toBeLessThan(0.1)
  })

  it('sends a null that training did not have to the side with more rows', async () => {
    const model = await fitColumn(
      Array.from({ length: 500 }, (_, i) => i),
      (value) => (value! < 400 ? 1 : 0),
    )
    expect(predictOne(model, [null])[0]).toBe(predictOne(model, [3])[0])
    expect(predictOne(model, [null])[0]).not.toBe(predictOne(model, [450])[0])
  })

  it('stops early: fewer trees than rounds, and all rows are learned with refit', async () => {
    const learner = { rounds: 400, learningRate: 0.3, minSamplesLeaf: 2 }
    const part = { share: 0.25, rounds: 10 }
    const long = await smallBoosted(learner)
    const short = await smallBoosted({ ...learner, earlyStopping: { ...part, refit: false } })
    const again = await smallBoosted({ ...learner, earlyStopping: { ...part, refit: true } })
    const trees = [long, short, again].map((model) => model.learned.boosted.trees)
    expect(trees[1]).toBeLessThan(200)
    expect(trees[2]).toBe(trees[1])
    expect(trees[0]).toBe(400)
    expect(again.learned.boosted.value).not.toEqual(short.learned.boosted.value)
  })

  it('has one tree without a question where nothing can be learned', async () => {
    const labels = Uint8Array.from({ length: 200 }, (_, i) => i % 2)
    const inputs: InputColumn[] = [
      { name: 'same', type: 'Float64', values: new Float64Array(200).fill(3), valid: new Uint8Array(200).fill(1) },
    ]
    const task = binaryTask({ rows: 200, inputs, labels, train: Uint32Array.from(labels, (_, i) => i) })
    for (const earlyStopping of [null, { share: 0.2, rounds: 5, refit: true }]) {
      const { learned, importance } = await fitLearner(task, { ...SMALL, earlyStopping }, { threads: 0 })
      const { boosted } = learned as BoostedModel
      const half = new Float64Array(1)
      boostedPredict(boosted, Float64Array.of(3), half)
      expect([boosted.trees, boosted.feature.length, half[0]]).toEqual([1, 1, 0.5])
      expect([...importance]).toEqual([0])
    }
  })

  it('never falls where it may only rise, and never rises where it may only fall', async () => {
    const prng = createPrng(8)
    const rows = Array.from({ length: 3_000 }, () => [prng.float() * 4, prng.float() * 4, prng.float() * 4] as const)
    const labels = Uint8Array.from(rows, ([a, b, c]) =>
      Math.sin(3 * a) + a / 2 - Math.cos(2 * b) - b / 2 + Math.sin(a * b) + c / 4 + prng.normal() > 0 ? 1 : 0,
    )
    const inputs = ['up', 'down', 'free'].map((name, c): InputColumn => {
      return {
        name,
        type: 'Float64',
        values: Float64Array.from(rows, (row) => row[c]!),
        valid: new Uint8Array(3_000).fill(1),
      }
    })
    const task = binaryTask({ rows: 3_000, inputs, labels, train: Uint32Array.from(labels, (_, i) => i) })
    const learn = async (monotone: BoostingLearner['monotone']) => {
      const { encoder, learned } = await fitLearner(
        task,
        { ...SMALL, rounds: 80, maxLeaves: 31, monotone },
        { threads: 0 },
      )
      return createModel({ label: 'y', outcome: yesOrNo(0.5), encoder, learned })
    }
    const steps = async (monotone: BoostingLearner['monotone'], column: number) => {
      const model = await learn(monotone)
      let [rose, fell] = [0, 0]
      for (const row of rows.slice(0, 100)) {
        const answers = Array.from({ length: 60 }, (_, i) => predictOne(model, row.with(column, i / 15))[0]!)
        for (let i = 1; i < answers.length; i++) {
          if (answers[i]! > answers[i - 1]!) rose++
          if (answers[i]! < answers[i - 1]!) fell++
        }
      }
      return { rises: rose > 0, falls: fell > 0 }
    }
    const monotone = { up: 'rising', down: 'falling' } as const
    expect(await steps({}, 0)).toEqual({ rises: true, falls: true })
    expect(await steps(monotone, 0)).toEqual({ rises: true, falls: false })
    expect(await steps(monotone, 1)).toEqual({ rises: false, falls: true })
    expect(await steps(monotone, 2)).toEqual({ rises: true, falls: true })
  })

  it('gives both outcomes as much weight when balanced, and keeps their shares else', async () => {
    const task = smallTask(800)
    const labels = binaryLabels(task.target)
    const rare = Uint8Array.from(labels, (label, i) => (label === 1 && i % 6 === 0 ? 1 : 0))
    const meanOf = async (classWeight: 'balanced' | 'none') => {
      const { learned, matrix } = await fitLearner(
        { ...task, target: { kind: 'binary', labels: rare } },
        { ...SMALL, classWeight },
        { threads: 0 },
      )
      const all = predictAll(learned, matrix)
      return [0, 1].map((label) => {
        const own = all.filter((_, i) => rare[i] === label)
        return own.reduce((a, b) => a + b, 0) / own.length
      })
    }
    const share = rare.reduce((a, b) => a + b, 0) / task.rows
    const [plain, balanced] = [await meanOf('none'), await meanOf('balanced')]
    expect(Math.abs((1 - share) * plain[0]! + share * plain[1]! - share)).toBeLessThan(0.02)
    expect((balanced[0]! + balanced[1]!) / 2).toBeCloseTo(0.5, 1)
  })

  it('learns 20,000 rows with a text of 14,000 values, and knows its rare ones as well as they can be known', async () => {
    const prng = createPrng(14)
    const effects = Float64Array.from({ length: 14_000 }, () => prng.normal())
    const count = 20_000
    const levels = Array.from({ length: count }, () => Math.floor(14_000 * prng.float() ** 3))
    const truth = Float64Array.from(levels, (level) => 1.5 * effects[level]!)
    const labels = Uint8Array.from(truth, (margin) => (prng.float() < 1 / (1 + Math.exp(-margin)) ? 1 : 0))
    const valid = new Uint8Array(count).fill(1)
    const inputs: InputColumn[] = [
      { name: 'shop', type: 'String', values: levels.map((level) => `shop ${level}`), valid },
      { name: 'noise', type: 'Float64', values: Float64Array.from(levels, () => prng.normal()), valid },
    ]
    const train = Uint32Array.from({ length: 15_000 }, (_, i) => i)
    const { encoder, learned, matrix } = await fitLearner(binaryTask({ rows: count, inputs, labels, train }), SMALL, {
      threads: 0,
    })
    expect(encoder.columns.map(({ kind }) => kind)).toEqual(['target_mean', 'numeric'])
    const scores = predictAll(learned, matrix).slice(15_000)
    // With the own outcome in its mean, a row of training would look certain and the rest be guessed: 0.653 here.
    expect(rocAuc(labels.slice(15_000), scores)).toBeGreaterThan(0.66)
  })

  it('tells what cannot be trained', async () => {
    const task = smallTask(100)
    const attempt = (change: object) => fitLearner({ ...task, ...change }, SMALL, { threads: 0 })
    await expect(attempt({ target: { kind: 'binary', labels: new Uint8Array(100) } })).rejects.toThrow('same label')
    const rare = Uint8Array.from({ length: 100 }, (_, i) => (i < 2 ? 1 : 0))
    const early = { ...SMALL, earlyStopping: { share: 0.95, rounds: 5, refit: true } }
    for (const threads of [0, 1]) {
      await expect(
        fitLearner({ ...task, target: { kind: 'binary', labels: rare } }, early, { threads }),
      ).rejects.toMatchObject({
        code: 'invalid_argument',
        message: expect.stringContaining('make it smaller'),
      })
    }
    const wide = { ...SMALL, maxLeaves: 1_024 }
    const inputs = Array.from({ length: 1_100 }, (_, c): InputColumn => ({ ...task.inputs[3]!, name: `c${c}` }))
    await expect(fitLearner({ ...task, inputs }, wide, { threads: 0 })).rejects.toThrow('lower maxLeaves')
  })
})

async function fitColumn(x: (number | null)[], labelOf: (value: number | null) => number) {
  const values = Float64Array.from(x, (value) => value ?? Number.NaN)
  const valid = Uint8Array.from(x, (value) => (value === null ? 0 : 1))
  const inputs: InputColumn[] = [{ name: 'x', type: 'Float64', values, valid }]
  const task = binaryTask({
    rows: x.length,
    inputs,
    labels: Uint8Array.from(x, labelOf),
    train: Uint32Array.from(x, (_, i) => i),
  })
  const { encoder, learned } = await fitLearner(task, { ...SMALL, learningRate: 0.3 }, { threads: 0 })
  return createModel({ label: 'y', outcome: yesOrNo(0.5), encoder, learned })
}
