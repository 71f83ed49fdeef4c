import { describe, expect, it } from 'vitest'
import { createPrng } from '../../src/base/prng.ts'
import { type ForestParams, fitForest } from '../../src/ml/learn/random-forest.ts'
import { rankCodes } from '../../src/ml/learn/rank-codes.ts'
import { createGrower, growTree, type Tree, type TreeParams } from '../../src/ml/learn/tree.ts'
import { type Forest, findForestFault, forestPredict, forestPredictAll } from '../../src/ml/model/forest.ts'
import { matrixOf, randomTable } from './random-tables.ts'
import { growSlowly, type SlowTree } from './slow-tree.ts'

const BASE: ForestParams = {
  trees: 20,
  maxDepth: null,
  minSamplesLeaf: 1,
  minSamplesSplit: 2,
  maxFeatures: 'sqrt',
  classWeight: 'balanced',
  bootstrap: true,
  seed: 42,
}

describe('a tree', () => {
  it('is the one that a slow obvious search finds, on 300 random tables', () => {
    for (let seed = 1; seed <= 300; seed++) {
      const { x, y } = randomTable(seed)
      const prng = createPrng(seed + 1000)
      const params: TreeParams = {
        maxDepth: prng.int(3) === 0 ? prng.int(5) : null,
        minSamplesLeaf: 1 + prng.int(3),
        minSamplesSplit: 2 + prng.int(3),
        tryColumns: 1 + prng.int(x[0]!.length),
        classWeights: prng.int(2) === 0 ? [1, 1] : [0.7, 1.8],
        bootstrap: prng.int(3) > 0,
        seed,
      }
      const tree = growTree(createGrower(rankCodes(matrixOf(x)), Uint8Array.from(y), params), 3)
      expect(nested(tree, 0), `table ${seed}`).toEqual(growSlowly(x, y, params, 3))
    }
  })
})

describe('a random forest', () => {
  it('is the same to the byte with 0, 1, 2 and 3 threads, and again', async () => {
    const { x, y } = randomTable(7)
    const fits = [0, 1, 2, 3, 2].map((threads) => fitForest(matrixOf(x), Uint8Array.from(y), BASE, { threads }))
    const [first, ...others] = await Promise.all(fits)
    for (const other of others) expect(other).toEqual(first)
  })

  it('is another one with another seed', async () => {
    const { x, y } = randomTable(7)
    const [a, b] = await Promise.all(
      [1, 2].map((seed) => fitForest(matrixOf(x), Uint8Array.from(y), { ...BASE, seed }, { threads: 0 })),
    )
    expect(a!.forest).not.toEqual(b!.forest)
  })

  it('has importances that sum to 1 and name the column that matters', async () => {
    const prng = createPrng(5)
    const x = Array.from({ length: 400 }, () => [prng.normal(), prng.normal(), prng.normal()])
    const y = x.map((row) => (row[1]! > 0.2 ? 1 : 0))
    const { importance, forest } = await fitForest(matrixOf(x), Uint8Array.from(y), BASE, { threads: 0 })
    expect(importance.reduce((a, b) => a + b)).toBeCloseTo(1, 12)
    expect(importance[1]).toBeGreaterThan(0.7)
    expect(findForestFault(forest)).toBeUndefined()
  })

  it('learns from what is missing', async () => {
    const prng = createPrng(6)
    const x = Array.from({ length: 300 }, () => [prng.int(2) === 0 ? Number.NaN : prng.normal(), prng.normal()])
    const y = x.map((row) => (Number.isNaN(row[0]) ? 1 : 0))
    const { forest } = await fitForest(matrixOf(x), Uint8Array.from(y), BASE, { threads: 0 })
    expect(probabilityOf(forest, Float64Array.of(Number.NaN, 0))).toBeGreaterThan(0.9)
    expect(probabilityOf(forest, Float64Array.of(0.1, 0))).toBeLessThan(0.1)
  })

  it('answers one row and many rows with the same numbers to the bit', async () => {
    const { x, y } = randomTable(11)
    const { forest } = await fitForest(matrixOf(x), Uint8Array.from(y), BASE, { threads: 0 })
    const together = forestPredictAll(forest, matrixOf(x))
    expect([...together]).toEqual(x.map((row) => probabilityOf(forest, Float64Array.from(row))))
  })

  it('tells what cannot be trained', async () => {
    const { x, y } = randomTable(7)
    const train = (labels: Uint8Array) => fitForest(matrixOf(x), labels, BASE, { threads: 0 })
    await expect(train(new Uint8Array(x.length))).rejects.toThrow('same label')
    await expect(train(Uint8Array.from(y.slice(1)))).rejects.toThrow('labels')
  })
})

function nested(tree: Tree, at: number): SlowTree {
  if (tree.feature[at]! < 0) return { leaf: tree.value[at]! }
  return {
    column: tree.feature[at]!,
    threshold: tree.value[at]!,
    missingLeft: tree.missingLeft[at] === 1,
    left: nested(tree, at + 1),
    right: nested(tree, tree.right[at]!),
  }
}

function probabilityOf(forest: Forest, row: Float64Array): number {
  const out = new Float64Array(1)
  forestPredict(forest, row, out)
  return out[0]!
}
