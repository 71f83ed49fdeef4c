import { createPrng } from '../../src/base/prng.ts'
import type { Table } from './peer.ts'

/**
 * Seeded rows of 14 columns: skewed, normal, whole and two-valued numbers, numbers with nulls that mean something, and codes;
 * the outcome depends on them by waves, steps, products and noise, so that about 0.76 of AUC can be known.
 */
export function madeUpTable(rows: number, seed: number): Table {
  const prng = createPrng(seed)
  const columns = 14
  const values = new Float64Array(rows * columns)
  const labels = new Uint8Array(rows)
  const effects = Array.from({ length: 40 }, () => 0.4 * prng.normal())
  for (let r = 0; r < rows; r++) {
    const x = [
      -2 * Math.log(1 - prng.float()) - 2 * Math.log(1 - prng.float()),
      prng.normal(),
      Math.exp(prng.normal()),
      prng.int(72),
      prng.int(3) + prng.int(3),
      prng.float(),
      prng.normal(),
      -30 * Math.log(1 - prng.float()),
      prng.int(2),
      Math.round(6000 + 2500 * prng.normal()) / 100,
      prng.int(3),
      Math.floor(5 * prng.float() ** 2),
      prng.int(12),
      Math.floor(40 * prng.float() ** 3),
    ] as const
    let margin = -1.3 + 0.9 * Math.sin(1.5 * x[1]) + (x[0] > 5 && x[6] > 0 ? 0.5 : 0) - 0.02 * x[3] + 0.25 * x[4]
    margin += 0.6 * (x[5] - 0.5) * x[1] + (x[10] === 0 ? 0.3 * Math.log1p(x[7]) : 0) - (x[10] === 2 ? 0.5 : 0)
    margin += (x[2] > 2 && x[9] < 50 ? 0.4 : 0) + effects[x[12]]! + effects[x[13]]! + 0.6 * prng.normal()
    labels[r] = prng.float() < 1 / (1 + Math.exp(-margin)) ? 1 : 0
    for (let c = 0; c < columns; c++) values[c * rows + r] = x[c]!
    for (const [c, share] of [
      [2, 0.1],
      [7, 0.3],
      [9, 0.05],
    ] as const) {
      if (prng.float() < share * (labels[r] === 1 ? 1.2 : 1)) values[c * rows + r] = Number.NaN
    }
  }
  return { matrix: { rows, columns, values }, labels }
}

/** The fold of each row, `count` of them by chance. */
export function foldsOf(rows: number, count: number, seed: number): Uint8Array {
  const prng = createPrng(seed)
  const order = Uint32Array.from({ length: rows }, (_, i) => i)
  const folds = new Uint8Array(rows)
  for (let i = 0; i < rows; i++) {
    const j = i + prng.int(rows - i)
    const row = order[j]!
    order[j] = order[i]!
    folds[row] = i % count
  }
  return folds
}
