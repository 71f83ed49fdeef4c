import { createPrng } from '../../src/base/prng.ts'
import type { Matrix } from '../../src/ml/model/trees.ts'

/** A small table with what is awkward: ties, constants, missing values, columns of few and of many values. */
export function randomTable(seed: number): { x: number[][]; y: number[] } {
  const prng = createPrng(seed)
  const rows = 2 + prng.int(120)
  const columns = 1 + prng.int(6)
  const kinds = Array.from({ length: columns }, () => ({
    values: [1, 2, 3, 10, 1000][prng.int(5)]!,
    missing: prng.int(4),
  }))
  const x = Array.from({ length: rows }, () =>
    kinds.map(({ values, missing }) => {
      if (missing === 0 && prng.float() < 0.3) return Number.NaN
      return values === 1000 ? Math.fround(prng.normal() * 100) : prng.int(values) - 1
    }),
  )
  const y = x.map((row) => ((row[0] || 0) + prng.normal() > 0 ? 1 : 0))
  y[0] = 0
  y[1] = 1
  return { x, y }
}

export function matrixOf(x: number[][]): Matrix {
  const rows = x.length
  const columns = x[0]!.length
  const values = new Float64Array(rows * columns)
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) values[c * rows + r] = x[r]![c]!
  return { rows, columns, values }
}
