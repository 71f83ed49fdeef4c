import { describe, expect, it } from 'vitest'
import { createPrng } from '../../../src/base/prng.ts'
import { gaussLegendre } from '../../../src/ml/explain/gauss-legendre.ts'
import { explainTrees } from '../../../src/ml/explain/tree-shap.ts'
import type { KernelChoice } from '../../../src/ml/model/tree-kernels.ts'
import { createWalker } from '../../../src/ml/model/walker.ts'
import { type RandomTrees, randomRow, randomTrees } from '../random-trees.ts'
import { slowShap } from './slow-shap.ts'

const CHOICES: KernelChoice[] = ['fastest', 'javascript']

describe('exact TreeSHAP', () => {
  it('is what all subsets of columns say, on 200 random models with nulls, sets and repeated columns', () => {
    for (let seed = 0; seed < 200; seed++) {
      const categories = [0, 5, 256][seed % 3]!
      const wanted = { trees: 1 + (seed % 4), columns: 1 + (seed % 8), depth: 1 + (seed % 9), categories }
      const trees = randomTrees(seed, wanted)
      const prng = createPrng(seed + 5_000)
      const explainer = explainerOf(trees, 'fastest')
      for (let i = 0; i < 3; i++) {
        const row = randomRow(prng, trees, categories)
        const slow = slowShap(trees, row)
        expect(explainer.base[0], `seed ${seed}`).toBeCloseTo(slow.base, 11)
        const found = explained(explainer, row)
        for (const [c, contribution] of slow.contributions.entries()) {
          expect(Math.abs(found[c]! - contribution), `seed ${seed}, column ${c}`).toBeLessThan(1e-11)
        }
      }
    }
  })

  it('sums to the margin within 1e-9, on deep trees that ask many columns, with small shares', () => {
    for (const wanted of [
      { trees: 20, columns: 60, depth: 14, categories: 30 },
      { trees: 3, columns: 300, depth: 17, categories: 0 },
    ]) {
      const trees = randomTrees(9, wanted)
      const prng = createPrng(10)
      const walker = createWalker(trees, trees, 'javascript')
      const explainer = explainerOf(trees, 'fastest')
      for (let i = 0; i < 20; i++) {
        const row = randomRow(prng, trees, wanted.categories)
        const margin = [...walker.leavesOf(row)].reduce((sum, leaf) => sum + trees.value[leaf]!, 0)
        const said = explained(explainer, row).reduce((sum, x) => sum + x, explainer.base[0]!)
        expect(Math.abs(said - margin)).toBeLessThan(1e-9)
      }
    }
  })

  it('has the same bits in WebAssembly and in JavaScript', () => {
    for (let seed = 0; seed < 40; seed++) {
      const trees = randomTrees(seed, { trees: 5, columns: 4 + seed, depth: 10, categories: 7 })
      const [wasm, javascript] = CHOICES.map((choice) => explainerOf(trees, choice))
      const prng = createPrng(seed)
      for (let i = 0; i < 5; i++) {
        const row = randomRow(prng, trees, 7)
        expect(explained(wasm!, row)).toEqual(explained(javascript!, row))
      }
    }
  })

  it('explains a chain of a thousand questions, each of another column', () => {
    const deep = 1_000
    const trees = chain(deep)
    const explainer = explainerOf(trees, 'fastest')
    const row = new Float64Array(deep).map((_, c) => (c % 3 === 0 ? 1 : -1))
    const found = explained(explainer, row)
    const leaf = createWalker(trees, trees, 'javascript').leavesOf(row)[0]!
    expect(Math.abs(found.reduce((sum, x) => sum + x, explainer.base[0]!) - trees.value[leaf]!)).toBeLessThan(1e-9)
  })

  it('gives each of several outputs its own, from leaves of several values or from trees of its own', () => {
    const trees = randomTrees(3, { trees: 6, columns: 5, depth: 6, categories: 4 })
    const prng = createPrng(4)
    const row = randomRow(prng, trees, 4)
    const shared = explainTrees({
      ...partsOf(trees),
      outputs: 3,
      valueOf: (i, k) => trees.value[i]! * (k + 1),
      scale: 0.5,
    })
    const one = explained(explainerOf(trees, 'fastest'), row)
    const out = new Float64Array(3 * 5)
    shared.contributions(row, out)
    for (let k = 0; k < 3; k++) {
      expect(shared.base[k]).toBeCloseTo(explainerOf(trees, 'fastest').base[0]! * (k + 1) * 0.5, 12)
      for (let c = 0; c < 5; c++) expect(out[k * 5 + c]).toBeCloseTo(one[c]! * (k + 1) * 0.5, 12)
    }
    const own = explainTrees({ ...partsOf(trees), outputs: 3, outputOf: (t) => t % 3, base: (k) => k })
    own.contributions(row, out)
    for (let k = 0; k < 3; k++) {
      const mine = [k, k + 3].map((t) => slowShap(treeOf(trees, t), row))
      expect(own.base[k]).toBeCloseTo(mine[0]!.base + mine[1]!.base + k, 11)
      for (let c = 0; c < 5; c++) {
        expect(out[k * 5 + c]).toBeCloseTo(mine[0]!.contributions[c]! + mine[1]!.contributions[c]!, 11)
      }
    }
  })

  it('refuses trees without covers, as files of older layouts have them', () => {
    const trees = { ...randomTrees(1, { trees: 1, columns: 2, depth: 2 }), cover: null }
    expect(() => explainTrees({ ...partsOf(trees), trees })).toThrow(
      'of an older layout, without the counts of training rows',
    )
  })
})

describe('points of Gauss and Legendre', () => {
  it('integrate what they promise exactly, up to 500 of them', () => {
    for (const count of [1, 2, 3, 4, 7, 16, 64, 500]) {
      const { points, weights } = gaussLegendre(count)
      for (const degree of [0, 1, count, 2 * count - 1]) {
        const sum = weights.reduce((all, weight, i) => all + weight * points[i]! ** degree, 0)
        expect(Math.abs(sum * (degree + 1) - 1), `${count} points, degree ${degree}`).toBeLessThan(1e-11)
      }
      expect([...points].every((t) => t > 0 && t < 1)).toBe(true)
    }
  })
})

function partsOf(trees: Omit<RandomTrees, 'cover'> & { cover: Float32Array | null }) {
  return { trees, questions: trees, outputs: 1, valueOf: (node: number) => trees.value[node]!, base: () => 0, scale: 1 }
}

function explainerOf(trees: RandomTrees, choice: KernelChoice) {
  return explainTrees(partsOf(trees), choice)
}

function explained(explainer: ReturnType<typeof explainTrees>, row: Float64Array): number[] {
  const out = new Float64Array(row.length)
  explainer.contributions(row, out)
  return [...out]
}

function treeOf(trees: RandomTrees, t: number): RandomTrees {
  const [start, end] = [trees.roots[t]!, trees.roots[t + 1]!]
  return {
    ...trees,
    trees: 1,
    roots: Uint32Array.of(0, end - start),
    feature: trees.feature.slice(start, end),
    right: trees.right.slice(start, end).map((right) => (right === 0 ? 0 : right - start)),
    value: trees.value.slice(start, end),
    cover: trees.cover.slice(start, end),
    flags: trees.flags.slice(start, end),
  }
}

/** Each question has a leaf on its left and the next question on its right. */
function chain(deep: number): RandomTrees {
  const count = 2 * deep + 1
  const isLeaf = (i: number) => i % 2 === 1 || i === count - 1
  return {
    trees: 1,
    columns: deep,
    roots: Uint32Array.of(0, count),
    feature: Int16Array.from({ length: count }, (_, i) => (isLeaf(i) ? -1 : i / 2)),
    right: Uint32Array.from({ length: count }, (_, i) => (isLeaf(i) ? 0 : i + 2)),
    value: Float64Array.from({ length: count }, (_, i) => (isLeaf(i) ? Math.sin(i) : 0)),
    cover: Float32Array.from({ length: count }, (_, i) => (isLeaf(i) && i < count - 1 ? 1 : 1 + (count - 1 - i) / 2)),
    flags: new Uint8Array(count),
    sets: new Uint32Array(0),
    isCategory: new Array<boolean>(deep).fill(false),
  }
}
