import { describe, expect, it } from 'vitest'
import { createPrng } from '../../../src/base/prng.ts'
import { type BinnedTable, binsOf, binTable } from '../../../src/ml/learn/boosting/binned-table.ts'
import { binColumn, learnCuts } from '../../../src/ml/learn/boosting/bins.ts'
import { GRADIENT_MAX, HESSIAN_MAX } from '../../../src/ml/learn/boosting/gradients.ts'
import { bytesOfSums, createSumming } from '../../../src/ml/learn/boosting/histogram.ts'
import { createKernels } from '../../../src/ml/learn/boosting/kernels.ts'
import { binAt, bytesOfRecords, createRecords } from '../../../src/ml/learn/boosting/records.ts'
import { matrixOf } from '../random-tables.ts'

const KERNELS = ['javascript', 'fastest'] as const

describe('bins', () => {
  it('part a few values at the middle between them, infinities and the smallest numbers too', () => {
    const values = Float64Array.of(3, 1, 1, 2, Number.NaN, Infinity, -Infinity, 5e-324, 0, -0)
    const cuts = learnCuts(values, 255)
    expect([...cuts]).toEqual([-Infinity, 0, 0.5, 1.5, 2.5, 3])
    const bins = new Uint8Array(values.length)
    binColumn(values, cuts, bins, 0, 1)
    expect([...bins]).toEqual([5, 3, 3, 4, 7, 6, 0, 2, 1, 1])
  })

  it('of many values have about the same number of rows each, a frequent value alone', () => {
    const prng = createPrng(3)
    const values = Float64Array.from({ length: 50_000 }, (_, i) => (i % 5 === 0 ? 0.25 : prng.normal()))
    const cuts = learnCuts(values, 255)
    expect(cuts.length).toBeGreaterThan(200)
    const bins = new Uint8Array(values.length)
    binColumn(values, cuts, bins, 0, 1)
    const counts = new Map<number, number>()
    for (const bin of bins) counts.set(bin, (counts.get(bin) ?? 0) + 1)
    const [most, second] = [...counts.values()].sort((a, b) => b - a)
    expect(most! >= 10_000 && most! < 10_500).toBe(true)
    expect(second).toBeLessThan(500)
    expect(Math.max(...bins)).toBeLessThan(254)
  })

  it('are as many as allowed, whatever the values', () => {
    const prng = createPrng(4)
    for (let i = 0; i < 200; i++) {
      const kinds = 1 + prng.int(2_000)
      const values = Float64Array.from({ length: 1 + prng.int(3_000) }, () => Math.floor(kinds * prng.float() ** 3))
      const most = 3 + prng.int(253)
      const cuts = learnCuts(values, most)
      expect(cuts.length, `round ${i}`).toBeLessThanOrEqual(most - 2)
      expect([...cuts], `round ${i}`).toEqual([...cuts].sort((a, b) => a - b))
    }
  })
})

describe('a histogram', () => {
  // Above a tile of 1,024 and two blocks of 8,192 records, with columns that fill 1, 2 and 3 words.
  it.each(KERNELS)('is the sums that a slow obvious loop finds, over more records than a block has: %s', (choice) => {
    for (const columns of [1, 4, 6, 9]) {
      const prng = createPrng(columns)
      const x = Array.from({ length: 20_001 }, () =>
        Array.from({ length: columns }, () => (prng.int(20) === 0 ? Number.NaN : prng.int(300))),
      )
      const table = binTable(matrixOf(x), new Uint16Array(columns), 255)
      const kernels = createKernels(choice, bytesOfRecords(table, x.length) + bytesOfSums(table))
      const records = createRecords(
        table,
        Uint32Array.from(x, (_, i) => i),
        kernels,
      )
      const { base, stride, words } = records
      for (let r = 0; r < x.length; r++) {
        // The greatest of both signs too, which would overflow first.
        const g = r < 9_000 ? (r < 4_500 ? -4_095 : 4_095) : prng.int(8_191) - 4_095
        base[r * stride + words] = (g << 16) | (r < 9_000 ? 8_191 : prng.int(8_192))
      }
      const [from, to] = [3, 19_998]
      const out = new Float64Array(2 * binsOf(table)).fill(7)
      const summing = createSumming(table, kernels)
      // Twice: what was summed before is not in it.
      for (let i = 0; i < 2; i++) kernels.sumRecords(summing, base, from, to, out)
      const slow = new Float64Array(out.length)
      for (let r = from; r < to; r++) {
        for (let c = 0; c < columns; c++) {
          const bin = table.offsets[c]! + binAt(base, r * stride, c)
          slow[2 * bin]! += base[r * stride + words]! >> 16
          slow[2 * bin + 1]! += base[r * stride + words]! & 0xffff
        }
      }
      expect([...out], `${columns} columns`).toEqual([...slow])
    }
  })
})

describe('the sums of more records than 32 bits have room for', () => {
  // WebAssembly sums 2^19 records at a time, each sum in half of 64 bits.
  it.each(KERNELS)('are right when all are as great as they can be: %s', (choice) => {
    const rows = 2 ** 19 + 70_000
    const kernels = createKernels(choice, rows * 16 + 4_096)
    const table = { rows, columns: 1, words: 1, offsets: Int32Array.of(0, 3) } as BinnedTable
    const summing = createSumming(table, kernels)
    const records = kernels.words(rows * 3)
    for (const gradient of [GRADIENT_MAX, -GRADIENT_MAX]) {
      for (let r = 0; r < rows; r++) {
        records[r * 3] = r < 5 ? 2 : 0
        records[r * 3 + 1] = (gradient << 16) | HESSIAN_MAX
      }
      const out = new Float64Array(6).fill(1)
      kernels.sumRecords(summing, records, 0, rows, out)
      const sums = [rows - 5, 0, 5].flatMap((count) => [count * gradient + 0, count * HESSIAN_MAX])
      expect([...out]).toEqual(sums)
      kernels.sumRecords(summing, records, 9, 9, out)
      expect([...out]).toEqual([0, 0, 0, 0, 0, 0])
    }
  })
})

describe('a partition', () => {
  // Records of 3, 4, 6 and 8 words: one of them has loops of its own.
  const shapes = KERNELS.flatMap((choice) => [3, 7, 14, 21].map((columns) => ({ choice, columns })))
  it.each(shapes)('moves every record once, who goes left to the front in order, others to the back: %o', (shape) => {
    const { choice, columns } = shape
    const prng = createPrng(9)
    const x = Array.from({ length: 5_000 }, () => Array.from({ length: columns }, () => prng.int(300)))
    const table = binTable(matrixOf(x), new Uint16Array(columns), 255)
    const kernels = createKernels(choice, bytesOfRecords(table, x.length))
    const records = createRecords(
      table,
      Uint32Array.from(x, (_, i) => i),
      kernels,
    )
    const { base, moved, stride } = records
    for (const column of [0, columns >> 1, columns - 1]) {
      const goesLeft = Uint8Array.from({ length: 256 }, () => prng.int(2))
      const [from, to] = [17, 4_990]
      const target = moved[0].fill(-1)
      const left = kernels.partition({ stride, source: base, target }, from, to, column, goesLeft)
      const rowAt = (i: number) => target[i * stride + stride - 1]!
      const isLeft = (row: number) => goesLeft[binAt(base, row * stride, column)] === 1
      const expected = Array.from({ length: to - from }, (_, i) => i + from)
      const order = [...expected.filter(isLeft), ...expected.filter((row) => !isLeft(row)).reverse()]
      expect(Array.from({ length: to - from }, (_, i) => rowAt(from + i))).toEqual(order)
      expect(left).toBe(expected.filter(isLeft).length)
      expect(target.subarray((from + 3) * stride, (from + 4) * stride)).toEqual(
        base.subarray(rowAt(from + 3) * stride, (rowAt(from + 3) + 1) * stride),
      )
      expect([target[from * stride - 1], target[to * stride]]).toEqual([-1, -1])
    }
  })
})

describe('the kernels in WebAssembly', () => {
  it('were built, so that the tests above are of both', () => {
    expect(createKernels('fastest', 1)).not.toBe(createKernels('javascript', 1))
    expect(createKernels('fastest', 2 ** 40)).toBe(createKernels('javascript', 1))
  })
})
