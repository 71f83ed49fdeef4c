import type { Prng } from '../../../base/prng.ts'
import type { Records } from './records.ts'

/**
 * Copies about `share` of the base records, in their order, to the first buffer (stochastic gradient boosting, Friedman
 * 2002). Returns how many, and the numbers of the rows that were left out.
 */
export function sampleRows(records: Records, share: number, prng: Prng): { sampled: number; left: Uint32Array } {
  const { rows, stride, base, moved } = records
  const target = moved[0]
  const wanted = Math.max(1, Math.round(rows * share))
  const left = new Uint32Array(rows - wanted)
  let taken = 0
  for (let r = 0; r < rows; r++) {
    // Selection sampling: each choice of `wanted` rows is as likely (Knuth, algorithm S).
    if (prng.float() * (rows - r) >= wanted - taken) {
      left[r - taken] = r
      continue
    }
    const from = r * stride
    const to = taken * stride
    for (let k = 0; k < stride; k++) target[to + k] = base[from + k]!
    taken++
  }
  return { sampled: taken, left }
}

/** Marks `share` of the columns, one at least. */
export function sampleColumns(columns: number, share: number, prng: Prng): Uint8Array {
  const wanted = Math.max(1, Math.round(columns * share))
  if (wanted >= columns) return new Uint8Array(columns).fill(1)
  const marked = new Uint8Array(columns)
  const order = Uint16Array.from(marked, (_, c) => c)
  for (let i = 0; i < wanted; i++) {
    const j = i + prng.int(columns - i)
    const column = order[j]!
    order[j] = order[i]!
    marked[column] = 1
  }
  return marked
}
