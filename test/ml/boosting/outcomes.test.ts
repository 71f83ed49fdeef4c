import { InferenceSession } from 'onnxruntime-web'
import { describe, expect, it } from 'vitest'
import { createPrng } from '../../../src/base/prng.ts'
import { explain } from '../../../src/ml/explain/explain.ts'
import { fitLearner } from '../../../src/ml/learn/learners.ts'
import type { Target, Task } from '../../../src/ml/learn/task.ts'
import { boostedMargins } from '../../../src/ml/model/boosted.ts'
import { encodeRow, type InputColumn } from '../../../src/ml/model/encoder.ts'
import { type BoostedModel, predictAll } from '../../../src/ml/model/kinds.ts'
import { createModel, type Model, predictBatch } from '../../../src/ml/model/model-file.ts'
import { encodeOnnx } from '../../../src/ml/model/onnx.ts'
import type { Outcome } from '../../../src/ml/model/outcome.ts'
import { feeds } from '../onnx-feeds.ts'
import { answersTheSameEverywhere, hardRows, readsBack, survivesChangedBytes } from '../shapes/suite.ts'
import { type BoostingLearner, randomBoostedRows, SMALL, smallTask } from './small-boosted.ts'

const OUTCOMES: Record<'multiclass' | 'regression', Outcome> = {
  multiclass: { kind: 'multiclass', classes: ['a', 'b', 'c', 'never seen'] },
  regression: { kind: 'regression' },
}

/** What small-boosted.ts learns, as one of four classes or as a number far from 0. */
function taskOf(kind: 'multiclass' | 'regression'): Task {
  const task = smallTask(900)
  const { labels } = task.target as Extract<Target, { kind: 'binary' }>
  const fee = task.inputs[6]!.values as Float64Array
  const above = (r: number) => (Number.isNaN(fee[r]!) || fee[r]! > 0 ? 1 : 0)
  const target: Target =
    kind === 'multiclass'
      ? { kind, labels: labels.map((label, r) => label + above(r)), classes: 4 }
      : { kind, values: Float64Array.from(labels, (label, r) => 1e6 + 500 * label + 100 * above(r)) }
  return { ...task, target }
}

async function modelOf(kind: 'multiclass' | 'regression', learner: Partial<BoostingLearner> = {}): Promise<Model> {
  const { encoder, learned } = await fitLearner(taskOf(kind), { ...SMALL, rounds: 20, ...learner }, { threads: 0 })
  return createModel({ label: 'y', outcome: OUTCOMES[kind], encoder, learned })
}

describe.each(['multiclass', 'regression'] as const)('boosted trees of a %s', (kind) => {
  it('read back as the same, answer the same everywhere, and are refused or answer sensibly when bytes are changed', async () => {
    const model = await modelOf(kind)
    readsBack(model)
    answersTheSameEverywhere(model)
    survivesChangedBytes(model, 300)
  })

  it('say the same in ONNX', async () => {
    const model = await modelOf(kind)
    const rows = hardRows()
    const session = await InferenceSession.create(encodeOnnx(model))
    const answer = await session.run(feeds(model, rows))
    const ours = predictBatch(model, rows)
    const names = kind === 'regression' ? session.outputNames : session.outputNames.slice(1)
    expect(names).toHaveLength(kind === 'regression' ? 1 : 4)
    for (const [k, name] of names.entries()) {
      const theirs = answer[name]!.data as Float32Array
      for (const [r] of rows.entries()) {
        const own = ours[r * names.length + k]!
        expect(Math.abs(own - theirs[r]!) / Math.max(1, Math.abs(own))).toBeLessThan(1e-6)
      }
    }
  })

  it('are explained: contributions sum to the margin of each output', async () => {
    const model = await modelOf(kind)
    const { boosted } = model.learned as BoostedModel
    const margins = new Float64Array(boosted.base.length)
    for (const row of randomBoostedRows(6, 20)) {
      encodeRow(model.encoder, row, model.row)
      boostedMargins(boosted, model.row, margins)
      for (const [k, { base, contributions }] of explain(model, row).entries()) {
        const sum = contributions.reduce((all, own) => all + own, base)
        expect(Math.abs(sum - margins[k]!) / Math.max(1, Math.abs(margins[k]!))).toBeLessThan(1e-9)
      }
    }
  })

  it('stop early on what they have not learned, and learn what there is', async () => {
    const task = taskOf(kind)
    const train = Uint32Array.from({ length: 600 }, (_, i) => i)
    const learner = { ...SMALL, rounds: 300, earlyStopping: { share: 0.2, rounds: 20, refit: true } }
    const { learned, matrix, curves } = await fitLearner({ ...task, train }, learner, { threads: 0 })
    const said = predictAll(learned, matrix)
    if (task.target.kind === 'multiclass') {
      const right = [...task.target.labels.slice(600)].filter((label, i) => {
        const own = [...said.slice((600 + i) * 4, (601 + i) * 4)]
        return own.indexOf(Math.max(...own)) === label
      })
      expect(right.length / 300).toBeGreaterThan(0.6)
      // A class that nobody is of stays rare.
      expect(Math.max(...Array.from({ length: 300 }, (_, i) => said[(600 + i) * 4 + 3]!))).toBeLessThan(0.05)
    } else if (task.target.kind === 'regression') {
      const values = task.target.values.slice(600)
      const mean = values.reduce((a, b) => a + b) / 300
      const off = (of: (i: number) => number) => values.reduce((sum, value, i) => sum + (value - of(i)) ** 2, 0)
      expect(off((i) => said[600 + i]!)).toBeLessThan(0.6 * off(() => mean))
    }
    const [train1, valid] = curves!
    expect([train1!.of, valid!.of]).toEqual(['train', 'valid'])
    expect(valid!.losses.at(-1)).toBeLessThan(valid!.losses[0]!)
    expect(train1!.rounds).toEqual(valid!.rounds)
  })
})

describe('weights of rows', () => {
  const prng = createPrng(17)
  const rows = 2_000
  const x = Float64Array.from({ length: rows }, () => prng.float())
  const inputs: InputColumn[] = [{ name: 'x', type: 'Float64', values: x, valid: new Uint8Array(rows).fill(1) }]
  const train = Uint32Array.from(x, (_, i) => i)
  // Half of the rows say the contrary.
  const lies = Uint8Array.from(x, () => prng.int(2))
  const truth = (r: number) => (x[r]! > 0.5 ? 1 : 0)
  const weights = Float64Array.from(lies, (lie) => (lie === 1 ? 0.001 : 3_000))
  const targets: Target[] = [
    { kind: 'binary', labels: Uint8Array.from(lies, (lie, r) => truth(r) ^ lie) },
    { kind: 'multiclass', labels: Uint8Array.from(lies, (lie, r) => 2 * (truth(r) ^ lie)), classes: 3 },
    { kind: 'regression', values: Float64Array.from(lies, (lie, r) => 7 + 100 * (truth(r) ^ lie)) },
  ]

  it.each(targets)('say which rows count, however far they are apart: $kind', async (target) => {
    const learner = { ...SMALL, rounds: 60, learningRate: 0.3, minSamplesLeaf: 20 }
    const said = async (own: Float64Array | null) => {
      const { learned, matrix } = await fitLearner({ rows, inputs, target, weights: own, train }, learner, {
        threads: 0,
      })
      const all = predictAll(learned, matrix)
      const high = target.kind === 'multiclass' ? (r: number) => all[3 * r + 2]! : (r: number) => all[r]!
      const mean = (of: number) => {
        const places = [...train].filter((r) => truth(r) === of)
        return places.reduce((sum, r) => sum + high(r), 0) / places.length
      }
      return mean(1) - mean(0)
    }
    const most = target.kind === 'regression' ? 100 : 1
    expect(await said(weights)).toBeGreaterThan(0.95 * most)
    expect(Math.abs(await said(null))).toBeLessThan(0.2 * most)
  })

  it('of classes are made equal by balanced, however many classes there are', async () => {
    const labels = Uint8Array.from(x, (own, r) => (r % 50 === 0 ? 2 : own > prng.float() ? 1 : 0))
    const target: Target = { kind: 'multiclass', labels, classes: 3 }
    const rare = async (classWeight: 'balanced' | 'none') => {
      const task = { rows, inputs, target, weights: null, train }
      const { learned, matrix } = await fitLearner(task, { ...SMALL, rounds: 30, classWeight }, { threads: 0 })
      return predictAll(learned, matrix).reduce((sum, p, i) => sum + (i % 3 === 2 ? p : 0), 0) / rows
    }
    expect(await rare('none')).toBeCloseTo(0.02, 2)
    expect(await rare('balanced')).toBeGreaterThan(0.25)
  })
})
