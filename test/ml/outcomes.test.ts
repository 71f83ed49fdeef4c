/** Models of several classes and of numbers: in memory, in their file, in ONNX. Their trees are those of a forest, with other leaves. */
import { InferenceSession } from 'onnxruntime-web'
import { describe, expect, it } from 'vitest'
import { createPrng } from '../../src/base/prng.ts'
import type { Forest } from '../../src/ml/model/forest.ts'
import {
  createModel,
  decodeModel,
  encodeModel,
  type Model,
  predictBatch,
  predictOne,
} from '../../src/ml/model/model-file.ts'
import { encodeOnnx } from '../../src/ml/model/onnx.ts'
import { type Label, type Outcome, saidBy } from '../../src/ml/model/outcome.ts'
import { signature } from '../../src/training/mlmodel.ts'
import { feeds } from './onnx-feeds.ts'
import { randomRows, smallModel } from './small-model.ts'

const OUTCOMES: Record<string, Outcome> = {
  'two texts': { kind: 'binary', classes: ['stays', 'goes'], threshold: 0.4 },
  'two whole numbers': { kind: 'binary', classes: [7, -3], threshold: 0.4 },
  'several texts': { kind: 'multiclass', classes: ['ünï, "x"', '', 'label', 'probability'] },
  'several whole numbers': { kind: 'multiclass', classes: [-5, 0, 9_007_199_254_740_991] },
  'as many classes as can be': { kind: 'multiclass', classes: Array.from({ length: 255 }, (_, i) => `class ${i}`) },
  'a number': { kind: 'regression' },
}

describe.each(Object.entries(OUTCOMES))('a model of %s', (_name, outcome) => {
  it('reads back as the same model, and says the same for one row and for many', async () => {
    const model = await modelOf(outcome)
    const back = decodeModel(encodeModel(model))
    expect(back).toEqual(model)
    const rows = randomRows(5, 300, true)
    const one = rows.flatMap((row) => [...predictOne(back, row)])
    expect([...predictBatch(model, rows)]).toEqual(one)
  })

  it('says the same in ONNX: labels of their type, probabilities within 1e-6, a number within 1e-6 of its size', async () => {
    const model = await modelOf(outcome)
    const rows = randomRows(77, 300)
    for (const row of rows.slice(0, 20)) row[0] = 'Satellite'
    const session = await InferenceSession.create(encodeOnnx(model))
    const answer = await session.run(feeds(model, rows))
    const ours = predictBatch(model, rows)
    const [first, ...rest] = session.outputNames
    const columns = outcome.kind === 'regression' ? [first!] : rest
    for (const [c, name] of columns.entries()) {
      const theirs = answer[name]!.data as Float32Array
      const width = outcome.kind === 'multiclass' ? columns.length : 1
      const worst = Math.max(
        ...rows.map((_, r) => {
          const own = ours[r * width + c]!
          return Math.abs(own - theirs[r]!) / Math.max(1, Math.abs(own))
        }),
      )
      expect(worst).toBeLessThan(1e-6)
    }
    if (outcome.kind === 'regression') return
    const width = outcome.kind === 'multiclass' ? outcome.classes.length : 1
    const said = rows.map((_, r) => saidBy(model.outcome, ours, r * width))
    expect(Array.from(answer[first!]!.data as Iterable<string | bigint>, labelOf)).toEqual(said)
  })

  it('is told to MLflow by the names and types of its answers', async () => {
    const { encoder } = await modelOf(outcome)
    const outputs = JSON.parse(signature(encoder.spec, outcome).outputs) as { name: string; type: string }[]
    if (outcome.kind === 'regression')
      return expect(outputs).toEqual([{ name: 'value', type: 'float', required: true }])
    expect(outputs[0]).toMatchObject({
      name: 'label',
      type: typeof outcome.classes[0] === 'string' ? 'string' : 'long',
    })
    expect(outputs).toHaveLength(outcome.kind === 'multiclass' ? outcome.classes.length + 1 : 2)
  })
})

describe('a model file', () => {
  it('is refused where its outcome is none, or its outputs are not those of its outcome', async () => {
    const model = await modelOf({ kind: 'multiclass', classes: ['a', 'b', 'c'] })
    const attempt = (outcome: unknown) => () => decodeModel(encodeModel({ ...model, outcome: outcome as Outcome }))
    expect(attempt({ kind: 'regression' })).toThrow('its outputs (3 of a multiclass) are not those of its outcome')
    expect(attempt({ kind: 'multiclass', classes: ['a', 'b'] })).toThrow('its outputs (3 of a multiclass)')
    expect(attempt({ kind: 'binary', classes: ['a', 'b'], threshold: 0.5 })).toThrow('its outputs')
    expect(attempt({ kind: 'multiclass', classes: ['a', 'b', 'a'] })).toThrow('class "a" is there twice')
    expect(attempt({ kind: 'multiclass', classes: ['a', 'b', 3] })).toThrow('its classes are texts and numbers')
    expect(attempt({ kind: 'multiclass', classes: ['a', 'b', null] })).toThrow('neither a text nor a whole number')
    expect(attempt({ kind: 'multiclass', classes: ['a'] })).toThrow('fewer than two classes')
    expect(attempt({ kind: 'several', classes: ['a'] })).toThrow("an outcome 'several' is unknown")
    expect(attempt({ kind: 'binary', classes: ['a', 'b', 'c'], threshold: 0.5 })).toThrow('3 classes instead of two')
    expect(attempt({ kind: 'multiclass', classes: Array.from({ length: 256 }, (_, i) => i) })).toThrow('more than 255')
  })

  it('is refused where a leaf names a vector that there is not, or a vector holds what is no share', async () => {
    const model = await modelOf({ kind: 'multiclass', classes: ['a', 'b', 'c'] })
    const { forest } = model.learned
    const leaf = forest.feature.findIndex((column) => column < 0)
    const attempt = (change: Partial<Forest>) => () =>
      decodeModel(encodeModel({ ...model, learned: { ...model.learned, forest: { ...forest, ...change } } }))
    const vectors = forest.leaves.length / 3
    for (const wrong of [-1, 0.5, vectors, 1e308]) {
      expect(attempt({ value: forest.value.with(leaf, wrong) }), String(wrong)).toThrow('has the vector')
    }
    for (const wrong of [-0.1, 1.5, Number.NaN]) {
      expect(attempt({ leaves: forest.leaves.with(4, wrong) }), String(wrong)).toThrow('not between 0 and 1')
    }
    const number = await modelOf({ kind: 'regression' })
    const tall = { ...number.learned.forest, value: number.learned.forest.value.with(leaf, Number.POSITIVE_INFINITY) }
    expect(() => decodeModel(encodeModel({ ...number, learned: { ...number.learned, forest: tall } }))).toThrow(
      'has the value Infinity',
    )
  })
})

function labelOf(value: string | bigint): Label {
  return typeof value === 'string' ? value : Number(value)
}

/** The small forest, whose leaves say something else. */
async function modelOf(outcome: Outcome): Promise<Model & { learned: { kind: 'random_forest'; forest: Forest } }> {
  const wide = outcome.kind === 'multiclass' && outcome.classes.length > 100
  const { encoder, learned } = await smallModel({ trees: wide ? 1 : 5 })
  const prng = createPrng(11)
  const forest: Forest = { ...learned.forest, value: learned.forest.value.slice() }
  const leaves = [...forest.feature].flatMap((column, node) => (column < 0 ? [node] : []))
  if (outcome.kind === 'regression') {
    forest.link = 'identity'
    for (const leaf of leaves) forest.value[leaf] = prng.normal() * 1e5
  }
  if (outcome.kind === 'multiclass') {
    forest.outputs = outcome.classes.length
    forest.leaves = new Float64Array(leaves.length * forest.outputs)
    for (const [l, leaf] of leaves.entries()) {
      forest.value[leaf] = l
      const shares = Array.from(outcome.classes, () => prng.float())
      const sum = shares.reduce((a, b) => a + b, 0)
      for (const [c, share] of shares.entries()) forest.leaves[l * forest.outputs + c] = share / sum
    }
  }
  const model = createModel({ label: 'outcome', outcome, encoder: encoder.spec, learned: { ...learned, forest } })
  return { ...model, learned: { kind: 'random_forest', forest } }
}
