import { describe, expect, it } from 'vitest'
import { createPrng } from '../../src/base/prng.ts'
import { packTrees } from '../../src/ml/model/packed-trees.ts'
import type { KernelChoice } from '../../src/ml/model/tree-kernels.ts'
import { createWalker, plainWalker, walkerForRows, walkerOf } from '../../src/ml/model/walker.ts'
import { type RandomTrees, randomRow, randomTrees } from './random-trees.ts'

const CHOICES: KernelChoice[] = ['fastest', 'javascript']

describe('walking packed trees', () => {
  it('gives every row the leaf that the trees as learned give it, nulls, sets and infinities included', () => {
    for (let seed = 0; seed < 150; seed++) {
      const categories = [0, 3, 40, 256][seed % 4]!
      // Tails of every length behind the groups of eight.
      const wanted = { trees: 1 + (seed % 21), columns: 1 + (seed % 7), depth: 1 + (seed % 9), categories }
      const trees = randomTrees(seed, wanted)
      const plain = plainWalker(trees, trees)
      const prng = createPrng(seed + 1_000)
      const rows = Array.from({ length: 30 }, () => randomRow(prng, trees, categories))
      for (const choice of CHOICES) {
        const walker = createWalker(trees, trees, choice)
        for (const row of rows) {
          expect([...walker.leavesOf(row)], `seed ${seed}, ${choice}`).toEqual([...plain.leavesOf(row)])
        }
      }
    }
  })

  it('gives many rows the leaves that it gives each alone, over blocks and their tails', () => {
    const trees = randomTrees(77, { trees: 11, columns: 5, depth: 7, categories: 9 })
    const prng = createPrng(78)
    const count = 2_061
    const rows = Array.from({ length: count }, () => randomRow(prng, trees, 9))
    const expected = rows.map((row) => [...plainWalker(trees, trees).leavesOf(row)])
    const walkers = CHOICES.map((choice) => createWalker(trees, trees, choice))
    for (const walker of [...walkers, plainWalker(trees, trees)]) {
      const found = rows.map(() => new Array<number>(trees.trees))
      walker.leavesOfAll(matrixOf(trees, rows), (t, first, some, leaves) => {
        for (let r = 0; r < some; r++) found[first + r]![t] = leaves[r]!
      })
      expect(found).toEqual(expected)
    }
  })

  it('walks as learned what does not fit into words: more columns and thresholds than bits', () => {
    const trees = randomTrees(5, { trees: 2, columns: 6, depth: 4 })
    // So many columns leave 15 bits of a word, and the nodes need 16.
    const chains = manyNodes(32_767, 70_000)
    expect(packTrees(chains, chains)).toBeUndefined()
    const row = new Float64Array(32_767).fill(1)
    expect([...createWalker(chains, chains, 'fastest').leavesOf(row)]).toEqual([
      ...plainWalker(chains, chains).leavesOf(row),
    ])
    expect(packTrees(trees, trees)).toBeDefined()
  })

  it('is made ready once, and not for few rows', () => {
    const trees = randomTrees(6, { trees: 3, columns: 4, depth: 9 })
    const few = walkerForRows(trees, trees, 1)
    expect(walkerForRows(trees, trees, 1)).not.toBe(few)
    expect(walkerOf(trees, trees)).toBe(walkerOf(trees, trees))
    expect(walkerForRows(trees, trees, 1)).toBe(walkerOf(trees, trees))
    expect(walkerOf({ ...trees }, trees)).not.toBe(walkerOf(trees, trees))
  })
})

function matrixOf({ columns }: RandomTrees, rows: Float64Array[]) {
  const values = new Float64Array(rows.length * columns)
  for (const [r, row] of rows.entries()) for (let c = 0; c < columns; c++) values[c * rows.length + r] = row[c]!
  return { rows: rows.length, columns, values }
}

/** Trees of one question each. */
function manyNodes(columns: number, nodes: number) {
  const trees = Math.ceil(nodes / 3)
  const count = 3 * trees
  return {
    trees,
    columns,
    roots: Uint32Array.from({ length: trees + 1 }, (_, t) => 3 * t),
    feature: Int16Array.from({ length: count }, (_, i) => (i % 3 === 0 ? i % columns : -1)),
    right: Uint32Array.from({ length: count }, (_, i) => (i % 3 === 0 ? i + 2 : 0)),
    value: Float64Array.from({ length: count }, (_, i) => (i % 7) - 2),
    cover: null,
    flags: new Uint8Array(count),
    sets: new Uint32Array(0),
  }
}
