import { describe, expect, it } from 'vitest'
import { createPrng } from '../../../src/base/prng.ts'
import { binTable } from '../../../src/ml/learn/boosting/binned-table.ts'
import { boost } from '../../../src/ml/learn/boosting/boost.ts'
import { lossOf } from '../../../src/ml/learn/boosting/objective.ts'
import { packTrees } from '../../../src/ml/learn/boosting/pack.ts'
import { BOOSTING_DEFAULTS } from '../../../src/ml/learn/boosting/params.ts'
import type { Target } from '../../../src/ml/learn/task.ts'
import { type Boosted, boostedMargins } from '../../../src/ml/model/boosted.ts'
import { ASKS_SET, inSet, MISSING_LEFT } from '../../../src/ml/model/questions.ts'
import { matrixOf, randomTable } from '../random-tables.ts'
import { boostSlowly, type SlowTree } from './slow-boosting.ts'

/** The outcomes of a random table as each kind of target: y is 0 and 1. */
function targetOf(kind: Target['kind'], x: number[][], y: number[]): Target {
  if (kind === 'binary') return binary(y)
  const number = (r: number) => (Number.isNaN(x[r]![0]!) ? 3 : x[r]![0]!)
  if (kind === 'regression') return { kind, values: Float64Array.from(y, (label, r) => 40 * label + number(r) ** 2) }
  return { kind, labels: Uint8Array.from(y, (label, r) => label + (number(r) > 1 ? 1 : 0)), classes: 4 }
}

const KINDS = ['binary', 'multiclass', 'regression'] as const
const LINKS = { binary: 'logit', multiclass: 'softmax', regression: 'identity' } as const

const binary = (y: number[]) => ({ kind: 'binary' as const, labels: Uint8Array.from(y) })

/** A random table with a column of categories, some missing; and random ways to learn it. */
function randomTask(seed: number) {
  const prng = createPrng(seed + 5_000)
  const { x, y } = randomTable(seed)
  const kinds = 2 + prng.int(8)
  const hasNulls = prng.int(2) === 0
  for (const row of x) row.push(hasNulls && prng.int(4) === 0 ? Number.NaN : prng.int(kinds))
  const columns = x[0]!.length
  const categories = Array.from({ length: columns }, (_, c) => (c === columns - 1 ? kinds : 0))
  const weights = prng.int(2) === 0 ? y.map(() => 1) : y.map((label) => (label === 1 ? 2.5 : 0.7))
  const params = {
    ...BOOSTING_DEFAULTS,
    rounds: 3,
    learningRate: [0.1, 1][prng.int(2)]!,
    maxLeaves: 2 + prng.int(8),
    minSamplesLeaf: 1 + prng.int(5),
    minChildHessian: [0, 0.5][prng.int(2)]!,
    l1: [0, 1][prng.int(2)]!,
    l2: [0, 3][prng.int(2)]!,
  }
  return { x, y, categories, weights, params }
}

describe('boosting', () => {
  it.each(KINDS)(
    'grows the trees that a slow obvious search finds, on random tables with nulls and categories: %s',
    (kind) => {
      for (let seed = 1; seed <= (kind === 'binary' ? 120 : 60); seed++) {
        const { x, y, categories, weights, params } = randomTask(seed)
        const matrix = matrixOf(x)
        const table = binTable(matrix, categories, 255)
        const part = {
          rows: Uint32Array.from(y, (_, i) => i),
          target: targetOf(kind, x, y),
          weights: Float64Array.from(weights),
        }
        const monotone = new Int8Array(matrix.columns)
        const { base, trees } = boost(table, part, null, { ...params, monotone }, () => {})
        const outputs = base.length
        const boosted = packTrees(table, trees, { base, link: LINKS[kind] })
        const cuts = table.cuts.map((own) => [...own])
        const slow = boostSlowly(matrix, part.target, weights, {
          ...params,
          rounds: trees.length / outputs,
          categories,
          cuts,
        })
        const fast = trees.map((_, t) => nested(boosted, boosted.roots[t]!))
        expect(rounded(fast), `table ${seed}`).toEqual(rounded(slow.trees))
        const out = new Float64Array(outputs)
        for (const [r, row] of x.entries()) {
          boostedMargins(boosted, Float64Array.from(row), out)
          for (let k = 0; k < outputs; k++) {
            const slowly = slow.margins[k]![r]! + (kind === 'regression' ? slow.base[0]! : 0)
            expect(out[k], `table ${seed}, row ${r}`).toBeCloseTo(slowly, 6)
          }
        }
      }
    },
  )

  it('gives the same bytes in JavaScript and in WebAssembly, for records of every width, each loss, both shapes and with sampling', () => {
    for (let seed = 1; seed <= 60; seed++) {
      const { x, y, categories, weights, params } = randomTask(seed)
      const wide = x.map((row) => [...row, ...Array.from({ length: seed % 13 }, (_, c) => Math.sin(c + row[0]!))])
      const matrix = matrixOf(wide)
      const kinds = [...categories, ...new Array<number>(seed % 13).fill(0)]
      const table = binTable(matrix, kinds, 255)
      const rows = Uint32Array.from(y, (_, i) => i)
      const kind = KINDS[seed % 3]!
      const part = { rows, target: targetOf(kind, x, y), weights: Float64Array.from(weights) }
      const settings = {
        ...params,
        rounds: 10,
        rowShare: seed % 2 ? 1 : 0.6,
        shape: seed % 5 < 2 ? ('symmetric' as const) : ('leaf_wise' as const),
        monotone: new Int8Array(matrix.columns),
      }
      const [plain, fast] = (['javascript', 'fastest'] as const).map((kernels) => {
        const { base, trees, curves } = boost(table, part, null, { ...settings, kernels }, () => {})
        return { model: packTrees(table, trees, { base, link: LINKS[kind] }), curves }
      })
      expect(fast, `table ${seed}`).toEqual(plain)
    }
  })

  it('keeps the margins of all rows, also of those that a tree was not grown on', () => {
    const { x, y, categories } = randomTask(4)
    const matrix = matrixOf(x)
    const table = binTable(matrix, categories, 255)
    const rows = Uint32Array.from(y, (_, i) => i)
    const part = { rows, target: binary(y), weights: null }
    const params = {
      ...BOOSTING_DEFAULTS,
      rounds: 20,
      minSamplesLeaf: 1,
      rowShare: 0.5,
      monotone: new Int8Array(matrix.columns),
    }
    const { base, trees, curves } = boost(table, part, null, params, () => {})
    const boosted = packTrees(table, trees, { base, link: 'logit' })
    const margins = Float64Array.from(x, (row) => marginOf(boosted, row))
    // Of so few rows, the curve is of all of them.
    expect(curves[0]!.losses.at(-1)).toBe(lossOf(part.target, null, margins))
  })
})

function marginOf(model: Boosted, row: number[]): number {
  const out = new Float64Array(1)
  boostedMargins(model, Float64Array.from(row), out)
  return out[0]!
}

function nested(model: Boosted, at: number): SlowTree {
  const column = model.feature[at]!
  if (column < 0) return { leaf: model.value[at]! }
  const isSet = (model.flags[at]! & ASKS_SET) !== 0
  const set = () => Array.from({ length: 10 }, (_, i) => i).filter((i) => inSet(model.sets, model.value[at]!, i))
  return {
    column,
    threshold: isSet ? set() : model.value[at]!,
    missingLeft: (model.flags[at]! & MISSING_LEFT) !== 0,
    left: nested(model, at + 1),
    right: nested(model, model.right[at]!),
  }
}
function rounded(trees: SlowTree[]): unknown {
  return JSON.parse(
    JSON.stringify(trees, (key, value) =>
      key === 'leaf' ? Number(value.toPrecision(9)) + 0 : value === Infinity ? 'all' : value,
    ),
  )
}
