import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createPrng } from '../../src/base/prng.ts'
import { BOOSTING_DEFAULTS } from '../../src/ml/learn/boosting/params.ts'
import { fitLearner, type Learner } from '../../src/ml/learn/learners.ts'
import type { InputColumn } from '../../src/ml/model/encoder.ts'
import type { Learned } from '../../src/ml/model/kinds.ts'
import { createModel, decodeModel, encodeModel, type Model } from '../../src/ml/model/model-file.ts'
import { yesOrNo } from '../../src/ml/model/outcome.ts'
import type { Trees } from '../../src/ml/model/trees.ts'
import { binaryTask } from './binary-task.ts'

const FOREST: Learner = {
  kind: 'random_forest',
  trees: 4,
  maxDepth: null,
  minSamplesLeaf: 3,
  minSamplesSplit: 2,
  maxFeatures: 'sqrt',
  classWeight: 'balanced',
  bootstrap: false,
  seed: 7,
}
const BOOSTING: Learner = {
  kind: 'gradient_boosting',
  ...BOOSTING_DEFAULTS,
  rounds: 6,
  minSamplesLeaf: 5,
  earlyStopping: null,
  monotone: {},
}

/** More rows than the blocks that boosting sums in. */
const ROWS = 3_000
const { inputs, labels } = table()
const train = Uint32Array.from(labels, (_, i) => i)

describe('the cover of a node', () => {
  it('is the weight of the training rows that come to it, in a forest', async () => {
    const { learned, x } = await fitted(FOREST)
    const positive = labels.reduce((sum, label) => sum + label, 0)
    const weights = [ROWS / (2 * (ROWS - positive)), ROWS / (2 * positive)]
    const forest = treesOf(learned)
    const counted = count(forest, x, (r) => weights[labels[r]!]!, learned)
    for (const [i, weight] of counted.entries()) expect(forest.cover![i]! / weight, `node ${i}`).toBeCloseTo(1, 6)
  })

  it('is the number of training rows that come to it, in boosted trees', async () => {
    const { learned, x } = await fitted(BOOSTING)
    const boosted = treesOf(learned)
    expect([...boosted.cover!]).toEqual([...count(boosted, x, () => 1, learned)])
    expect(boosted.cover![0]).toBe(ROWS)
  })

  it('stands in the file, in layout 3; what was read without covers is written in its old layout', async () => {
    for (const [learner, old] of [[FOREST, 1] as const, [BOOSTING, 2] as const]) {
      const { model } = await fitted(learner)
      const bytes = encodeModel(model)
      expect(new DataView(bytes.buffer).getUint32(8, true)).toBe(3)
      expect(treesOf(decodeModel(bytes).learned).cover).toEqual(treesOf(model.learned).cover)
      const before = encodeModel(withCover(model, null))
      expect(new DataView(before.buffer).getUint32(8, true)).toBe(old)
      const read = decodeModel(before)
      expect(treesOf(read.learned).cover).toBeNull()
      expect(Buffer.from(encodeModel(read)).equals(before)).toBe(true)
      const pretending = bytes.slice()
      pretending[8] = old
      expect(() => decodeModel(pretending)).toThrow(`layout ${old} has no covers`)
    }
  })

  it('is refused where it is no weight, or children do not sum to their parent', async () => {
    for (const learner of [FOREST, BOOSTING]) {
      const { model } = await fitted(learner)
      const { cover } = treesOf(model.learned)
      for (const wrong of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
        expect(() => decodeModel(encodeModel(withCover(model, cover!.with(3, wrong))))).toThrow(/node \d+ covers/)
      }
      expect(() => decodeModel(encodeModel(withCover(model, cover!.with(1, cover![1]! * 1.001))))).toThrow(
        /node 0 covers .* rows, its children/,
      )
      const said = { ...model, learned: model.learned }
      expect(() => decodeModel(described(encodeModel(said), '"cover":true', '"cover":null'))).toThrow(
        'cover is neither',
      )
    }
  })
})

async function fitted(learner: Learner): Promise<{ learned: Learned; x: Float64Array; model: Model }> {
  const { encoder, matrix, learned } = await fitLearner(binaryTask({ rows: ROWS, inputs, labels, train }), learner, {
    threads: 0,
  })
  const x = new Float64Array(ROWS * matrix.columns)
  for (let c = 0; c < matrix.columns; c++) {
    for (let r = 0; r < ROWS; r++) x[r * matrix.columns + c] = matrix.values[c * ROWS + r]!
  }
  return { learned, x, model: createModel({ label: 'y', outcome: yesOrNo(0.5), encoder, learned }) }
}

/** Every training row walked through every tree, its weight left at each node. */
function count(trees: Trees, x: Float64Array, weightOf: (row: number) => number, learned: Learned): Float64Array {
  const counted = new Float64Array(trees.feature.length)
  for (let t = 0; t < trees.trees; t++) {
    for (let r = 0; r < ROWS; r++) {
      for (let node = trees.roots[t]!; ; ) {
        counted[node]! += weightOf(r)
        if (trees.feature[node]! < 0) break
        node = goesLeft(learned, node, x[r * trees.columns + trees.feature[node]!]!) ? node + 1 : trees.right[node]!
      }
    }
  }
  return counted
}

function goesLeft(learned: Learned, node: number, x: number): boolean {
  const { value } = treesOf(learned)
  if (learned.kind === 'random_forest') {
    return Number.isNaN(x) ? learned.forest.missingLeft[node] === 1 : x <= value[node]!
  }
  const { flags, sets } = (learned as Extract<Learned, { kind: 'gradient_boosting' }>).boosted
  if (Number.isNaN(x)) return (flags[node]! & 1) === 1
  if ((flags[node]! & 2) === 0) return x <= value[node]!
  return ((sets[value[node]! * 8 + (x >>> 5)]! >>> (x & 31)) & 1) === 1
}

function treesOf(learned: Learned): Trees {
  return learned.kind === 'random_forest'
    ? learned.forest
    : (learned as Extract<Learned, { kind: 'gradient_boosting' }>).boosted
}

function withCover(model: Model, cover: Float32Array | null): Model {
  const { learned } = model
  if (learned.kind === 'random_forest')
    return { ...model, learned: { ...learned, forest: { ...learned.forest, cover } } }
  const boosted = learned as Extract<Learned, { kind: 'gradient_boosting' }>
  return { ...model, learned: { ...boosted, boosted: { ...boosted.boosted, cover } } }
}

function described(bytes: Uint8Array, from: string, to: string): Uint8Array {
  const copy = bytes.slice()
  const end = 48 + new DataView(copy.buffer).getUint32(12, true)
  copy.set(Buffer.from(Buffer.from(copy.subarray(48, end)).toString().replace(from, to)), 48)
  copy.set(createHash('sha256').update(copy.subarray(48)).digest(), 16)
  return copy
}

function table(): { inputs: InputColumn[]; labels: Uint8Array } {
  const prng = createPrng(5)
  const valid = Uint8Array.from({ length: ROWS }, () => (prng.int(6) > 0 ? 1 : 0))
  const numbers = Array.from({ length: 3 }, () => Float64Array.from({ length: ROWS }, () => prng.normal()))
  const levels = Array.from({ length: ROWS }, () => `level ${prng.int(9)}`)
  const inputs: InputColumn[] = numbers.map((values, c) => ({ name: `x${c}`, type: 'Float64', values, valid }))
  inputs.push({ name: 'level', type: 'String', values: levels, valid })
  const labels = Uint8Array.from(levels, (level, r) =>
    numbers[0]![r]! + (level > 'level 4' ? 1 : 0) + prng.normal() > 1 ? 1 : 0,
  )
  return { inputs, labels }
}
