import { describe, expect, it } from 'vitest'
import { createPrng } from '../../../src/base/prng.ts'
import { splitEarly } from '../../../src/ml/learn/boosting/early-split.ts'
import { isPoint } from '../../../src/ml/learn/boosting/loss-curve.ts'
import { fitLearner } from '../../../src/ml/learn/learners.ts'
import type { Boosted } from '../../../src/ml/model/boosted.ts'
import type { InputColumn } from '../../../src/ml/model/encoder.ts'
import type { BoostedModel } from '../../../src/ml/model/kinds.ts'
import { type BoostingLearner, SMALL, smallBoosted } from './small-boosted.ts'

/** Every way from root to leaf: the columns asked, level by level, and what each asks. */
function waysOf(model: Boosted): { column: number; asks: string }[][][] {
  return Array.from({ length: model.trees }, (_, t) => {
    const ways: { column: number; asks: string }[][] = []
    const walk = (node: number, way: { column: number; asks: string }[]) => {
      const column = model.feature[node]!
      if (column < 0) return void ways.push(way)
      const isSet = (model.flags[node]! & 2) !== 0
      const set = isSet
        ? [...model.sets.slice(model.value[node]! * 8, model.value[node]! * 8 + 8)].join()
        : model.value[node]!
      const next = [...way, { column, asks: `${column} ${set} ${model.flags[node]}` }]
      walk(node + 1, next)
      walk(model.right[node]!, next)
    }
    walk(model.roots[t]!, [])
    return ways
  })
}

describe('symmetric trees', () => {
  it('ask one question of all leaves of a level, numbers and sets of categories', async () => {
    const { learned } = await smallBoosted({ shape: 'symmetric', maxLeaves: 16, rounds: 30 })
    const trees = waysOf(learned.boosted)
    for (const ways of trees) {
      for (let level = 0; level < 4; level++) {
        expect(
          new Set(ways.flatMap((way) => way.slice(level, level + 1).map(({ asks }) => asks))).size,
        ).toBeLessThanOrEqual(1)
      }
      expect(Math.max(...ways.map((way) => way.length))).toBeLessThanOrEqual(4)
    }
    expect(trees.some((ways) => ways.length > 8)).toBe(true)
    expect([...learned.boosted.cover!].every((rows) => rows > 0)).toBe(true)
    const leafWise = waysOf((await smallBoosted({ maxLeaves: 16, rounds: 30 })).learned.boosted)
    expect(
      leafWise.some((ways) => new Set(ways.flatMap((way) => way.slice(1, 2).map(({ asks }) => asks))).size > 1),
    ).toBe(true)
  })

  it('find what only two questions together tell, and keep what may only rise', async () => {
    const prng = createPrng(21)
    const rows = 4_000
    const x = Array.from({ length: 3 }, () => Float64Array.from({ length: rows }, () => prng.float()))
    const labels = x[0]!.map((a, r) => ((a > 0.4 && x[1]![r]! > 0.6 ? 0.9 : 0.1) > prng.float() ? 1 : 0))
    const inputs = x.map(
      (values, c): InputColumn => ({ name: `x${c}`, type: 'Float64', values, valid: new Uint8Array(rows).fill(1) }),
    )
    const task = {
      rows,
      inputs,
      target: { kind: 'binary' as const, labels: Uint8Array.from(labels) },
      weights: null,
      train: Uint32Array.from(labels, (_, r) => r),
    }
    const learner: BoostingLearner = {
      ...SMALL,
      shape: 'symmetric',
      maxLeaves: 4,
      rounds: 1,
      learningRate: 1,
      monotone: { x0: 'rising' },
    }
    const { learned } = await fitLearner(task, learner, { threads: 0 })
    const [ways] = waysOf((learned as BoostedModel).boosted)
    // Where a split would let the answer fall, a leaf stays whole.
    expect(ways!.length).toBeGreaterThan(2)
    for (const way of ways!) expect(way.map(({ column }) => column).every((column) => column < 2)).toBe(true)
    const { feature, value } = (learned as BoostedModel).boosted
    const thresholds = [...feature].flatMap((column, i) => (column >= 0 ? [[column, value[i]!] as const] : []))
    for (const [column, threshold] of thresholds)
      expect(Math.abs(threshold - (column === 0 ? 0.4 : 0.6))).toBeLessThan(0.02)
  })
})

describe('groups of features', () => {
  it.each(['leaf_wise', 'symmetric'] as const)(
    'are kept: no way through a tree has features of two groups, %s',
    async (shape) => {
      const learner = { maxLeaves: 16, rounds: 30, shape }
      const free = await smallBoosted(learner)
      const names = free.encoder.spec.columns.map(({ input }) => input)
      const lists = [names.slice(0, 4), [names[3]!, names[6]!]]
      const rest = names.filter((name) => !lists.flat().includes(name))
      const mixes = (model: Boosted) =>
        waysOf(model)
          .flat()
          .filter((way) => {
            const own = way.map(({ column }) => names[column]!)
            return ![...lists, rest].some((list) => own.every((name) => list.includes(name)))
          }).length
      expect(mixes(free.learned.boosted)).toBeGreaterThan(0)
      const kept = await smallBoosted({ ...learner, interactions: lists })
      expect(mixes(kept.learned.boosted)).toBe(0)
      expect(
        waysOf(kept.learned.boosted)
          .flat()
          .some((way) => new Set(way.map(({ column }) => column)).size > 1),
      ).toBe(true)
    },
  )
})

describe('what early stopping puts aside', () => {
  it('is whole entities where rows of one stay together', () => {
    const prng = createPrng(2)
    const together = Uint32Array.from({ length: 12_000 }, () => prng.int(900))
    const target = { kind: 'binary' as const, labels: Uint8Array.from(together, (e) => (e % 3 === 0 ? 1 : 0)) }
    const { train, test } = splitEarly({ target, together, params: { seed: 1 } }, 0.2)
    const sides = [train, test].map((rows) => new Set([...rows].map((r) => together[r]!)))
    expect([...sides[0]!].some((entity) => sides[1]!.has(entity))).toBe(false)
    expect(train.length + test.length).toBe(12_000)
    expect(test.length / 12_000).toBeCloseTo(0.2, 1)
    const apart = splitEarly({ target, params: { seed: 1 } }, 0.2)
    const own = new Set([...apart.test].map((r) => together[r]!))
    expect([...apart.train].some((r) => own.has(together[r]!))).toBe(true)
  })
})

it('a curve has at most 100 points, every one of the first rounds among them', () => {
  const points = Array.from({ length: 10_000 }, (_, i) => i + 1).filter(isPoint)
  expect(points.slice(0, 16)).toEqual(Array.from({ length: 16 }, (_, i) => i + 1).filter((r) => r <= 16))
  expect(points.length).toBeLessThanOrEqual(100)
})
