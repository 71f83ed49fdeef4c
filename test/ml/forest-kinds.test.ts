/** Forests of several classes and of numbers, with weights of rows, and extra-trees. */
import { describe, expect, it } from 'vitest'
import { createPrng } from '../../src/base/prng.ts'
import { type FittedForest, type ForestParams, fitAnyForest } from '../../src/ml/learn/random-forest.ts'
import type { Target } from '../../src/ml/learn/task.ts'
import { findForestFault, forestPredictAll } from '../../src/ml/model/forest.ts'
import type { Matrix } from '../../src/ml/model/trees.ts'

const BASE: ForestParams = {
  trees: 5,
  maxDepth: null,
  minSamplesLeaf: 1,
  minSamplesSplit: 2,
  maxFeatures: null,
  classWeight: 'none',
  bootstrap: true,
  seed: 7,
}
/** One tree of all rows, which tries all columns: nothing is left to chance. */
const PLAIN: ForestParams = { ...BASE, trees: 1, maxFeatures: 'all', bootstrap: false }

type Made = { matrix: Matrix; targets: Record<'binary' | 'multiclass' | 'regression', Target>; weights: Float64Array }

function made(rows: number, seed = 1): Made {
  const prng = createPrng(seed)
  const values = new Float64Array(rows * 4)
  for (let r = 0; r < rows; r++) {
    values[r] = prng.float() < 0.2 ? Number.NaN : prng.normal()
    values[rows + r] = prng.normal()
    values[2 * rows + r] = prng.int(5)
    values[3 * rows + r] = prng.float() < 0.5 ? Number.NaN : prng.int(3)
  }
  const signal = Float64Array.from({ length: rows }, (_, r) => {
    const x = values[r]!
    return (Number.isNaN(x) ? 1.5 : x) + 2 * values[2 * rows + r]! + 0.3 * prng.normal()
  })
  const targets: Made['targets'] = {
    binary: { kind: 'binary', labels: Uint8Array.from(signal, (s) => (s > 4 ? 1 : 0)) },
    multiclass: {
      kind: 'multiclass',
      classes: 4,
      labels: Uint8Array.from(signal, (s) => (s > 7 ? 3 : s > 4 ? 2 : s > 1 ? 1 : 0)),
    },
    regression: { kind: 'regression', values: signal.map((s) => 1e6 + s) },
  }
  const weights = Float64Array.from({ length: rows }, () => 1 + prng.int(4))
  return { matrix: { rows, columns: 4, values }, targets, weights }
}

const KINDS = ['binary', 'multiclass', 'regression'] as const

function grown(
  matrix: Matrix,
  target: Target,
  params: ForestParams,
  how: { weights?: Float64Array; random?: boolean; threads?: number } = {},
) {
  const { weights = null, random = false, threads = 0 } = how
  return fitAnyForest(matrix, { target, weights, randomThresholds: random }, params, { threads })
}

function bytesOf({ forest }: FittedForest): string {
  const { roots, feature, right, value, missingLeft, cover, leaves } = forest
  return [roots, feature, right, value, missingLeft, cover!, leaves]
    .map((array) => Buffer.from(array.buffer, array.byteOffset, array.byteLength).toString('base64'))
    .join()
}

describe.each(KINDS)('a forest for %s', (kind) => {
  it('has the same bytes for any number of threads, with and without weights, and of extra-trees', async () => {
    const { matrix, targets, weights } = made(400)
    for (const how of [{ weights }, { random: true }, {}]) {
      const fits = await Promise.all(
        (how.weights ? [0, 1, 2, 4] : [0, 2]).map((threads) => grown(matrix, targets[kind], BASE, { ...how, threads })),
      )
      expect(new Set(fits.map(bytesOf)).size).toBe(1)
      expect(findForestFault(fits[0]!.forest)).toBeUndefined()
    }
    const other = await grown(matrix, targets[kind], { ...BASE, seed: 8 }, { random: true })
    expect(bytesOf(other)).not.toBe(bytesOf(await grown(matrix, targets[kind], BASE, { random: true })))
  })

  it('chooses the splits that the slow obvious search chooses, whatever the leaves at least have', async () => {
    for (const seed of [3, 4]) {
      const { matrix, targets } = made(60, seed)
      // Weights with fractions leave no two splits of equal worth.
      const prng = createPrng(seed)
      const weights = Float64Array.from({ length: 60 }, () => 0.5 + prng.float())
      for (const minSamplesLeaf of [1, 5]) {
        const { forest } = await grown(matrix, targets[kind], { ...PLAIN, minSamplesLeaf }, { weights })
        const slow = slowTree(matrix, targets[kind], weights, minSamplesLeaf)
        const ours = forestPredictAll(forest, matrix)
        for (const [i, value] of slow.entries()) expect(ours[i], `seed ${seed}, ${i}`).toBeCloseTo(value, 8)
      }
    }
  })

  it('a weight of a whole number is as many rows', async () => {
    const { matrix, targets, weights } = made(80, 9)
    const rows = [...weights].flatMap((weight, r) => new Array<number>(weight).fill(r))
    const params = { ...PLAIN, maxDepth: 3 }
    const weighed = await grown(matrix, targets[kind], params, { weights })
    const repeated = await grown(rowsOf(matrix, rows), targetOf(targets[kind], rows), params, {
      weights: new Float64Array(rows.length).fill(1),
    })
    const [a, b] = [weighed, repeated].map(({ forest }) => forestPredictAll(forest, matrix))
    for (const [i, value] of a!.entries()) expect(value).toBeCloseTo(b![i]!, 8)
    expect([...weighed.importance].map((x) => x.toFixed(8))).toEqual([...repeated.importance].map((x) => x.toFixed(8)))
  })
})

it('two classes that are summed come to what those that are counted come to', async () => {
  const { matrix, targets } = made(900)
  const ones = new Float64Array(900).fill(1)
  for (const classWeight of ['none', 'balanced'] as const) {
    const counted = await grown(matrix, targets.binary, { ...BASE, classWeight })
    const summed = await grown(matrix, targets.binary, { ...BASE, classWeight }, { weights: ones })
    const [a, b] = [counted, summed].map(({ forest }) => forestPredictAll(forest, matrix))
    const far = a!.filter((value, r) => Math.abs(value - b![r]!) > 1e-9).length
    // Splits of equal worth may be told apart by rounding.
    expect(far).toBeLessThan(30)
  }
})

it('numbers are predicted in their own size, far from 0 as well, better than by their mean; balanced classes weigh the same', async () => {
  const { matrix, targets } = made(1_500)
  const values = (targets.regression as Extract<Target, { kind: 'regression' }>).values
  const test = made(1_000, 99)
  const truth = (test.targets.regression as Extract<Target, { kind: 'regression' }>).values
  for (const random of [false, true]) {
    const params = { ...BASE, trees: 30, bootstrap: !random }
    const { forest } = await grown(matrix, { kind: 'regression', values }, params, { random })
    const said = forestPredictAll(forest, test.matrix)
    const mean = truth.reduce((a, b) => a + b, 0) / truth.length
    const square = (of: (r: number) => number) => truth.reduce((sum, value, r) => sum + (value - of(r)) ** 2, 0)
    expect(1 - square((r) => said[r]!) / square(() => mean)).toBeGreaterThan(0.8)
  }
  const { forest } = await grown(matrix, targets.multiclass, {
    ...BASE,
    classWeight: 'balanced',
    maxDepth: 1,
    trees: 100,
  })
  const shares = forestPredictAll(forest, matrix)
  const meanOf = (c: number) => shares.filter((_, i) => i % 4 === c).reduce((a, b) => a + b, 0) / 1_500
  for (const c of [0, 1, 2, 3]) expect(meanOf(c)).toBeGreaterThan(0.1)
})

it('is refused where nothing is to be told apart', async () => {
  const { matrix } = made(50)
  const same: Target = { kind: 'regression', values: new Float64Array(50).fill(3) }
  await expect(grown(matrix, same, BASE)).rejects.toThrow('same label')
})

function rowsOf({ rows, columns, values }: Matrix, wanted: readonly number[]): Matrix {
  const taken = new Float64Array(wanted.length * columns)
  for (let c = 0; c < columns; c++)
    for (const [i, r] of wanted.entries()) taken[c * wanted.length + i] = values[c * rows + r]!
  return { rows: wanted.length, columns, values: taken }
}

function targetOf(target: Target, rows: readonly number[]): Target {
  if (target.kind === 'regression')
    return { kind: target.kind, values: Float64Array.from(rows, (r) => target.values[r]!) }
  return { ...target, labels: Uint8Array.from(rows, (r) => target.labels[r]!) }
}

/** What the one tree says of each row: by trying every boundary of every column with missing rows on both sides. */
function slowTree(matrix: Matrix, target: Target, weights: Float64Array, minLeaf: number): number[] {
  const outputs = target.kind === 'multiclass' ? target.classes : 1
  const said = new Array<number>(matrix.rows * outputs)
  const vectorOf = (r: number) => {
    if (target.kind === 'regression') return [target.values[r]! - 1e6]
    return Array.from({ length: target.kind === 'binary' ? 2 : outputs }, (_, c) => (target.labels[r] === c ? 1 : 0))
  }
  const sumsOf = (rows: readonly number[]) => {
    const sums = vectorOf(rows[0]!).map((_, c) => rows.reduce((sum, r) => sum + weights[r]! * vectorOf(r)[c]!, 0))
    return { sums, weight: rows.reduce((sum, r) => sum + weights[r]!, 0) }
  }
  const scoreOf = (rows: readonly number[]) => {
    const { sums, weight } = sumsOf(rows)
    return sums.reduce((all, s) => all + s * s, 0) / weight
  }
  const grow = (rows: readonly number[]): void => {
    let best: { score: number; left: number[]; right: number[] } | undefined
    const pure = new Set(rows.map((r) => vectorOf(r).join())).size === 1
    for (let c = 0; c < matrix.columns && !pure; c++) {
      const x = (r: number) => matrix.values[c * matrix.rows + r]!
      const cuts = [...new Set(rows.map(x).filter((v) => !Number.isNaN(v)))].sort((a, b) => a - b)
      for (const cut of cuts) {
        for (const missingLeft of [false, true]) {
          const left = rows.filter((r) => x(r) <= cut || (missingLeft && Number.isNaN(x(r))))
          const right = rows.filter((r) => !left.includes(r))
          if (left.length < minLeaf || right.length < Math.max(1, minLeaf)) continue
          const score = scoreOf(left) + scoreOf(right)
          if (best === undefined || score > best.score + 1e-9) best = { score, left, right }
        }
      }
    }
    if (best !== undefined) {
      grow(best.left)
      grow(best.right)
      return
    }
    const { sums, weight } = sumsOf(rows)
    for (const r of rows) {
      if (target.kind === 'regression') said[r] = 1e6 + sums[0]! / weight
      else if (target.kind === 'binary') said[r] = sums[1]! / weight
      else for (let c = 0; c < outputs; c++) said[r * outputs + c] = sums[c]! / weight
    }
  }
  grow(Array.from({ length: matrix.rows }, (_, r) => r))
  return said
}
