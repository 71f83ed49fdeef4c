import type { Prng } from '../../../base/prng.ts'
import { type Layout, rangeAt } from './layout.ts'
import type { Views } from './memory.ts'

/**
 * Copies about `share` of the rows, in their order, to the first buffer as the root of a tree (stochastic gradient boosting,
 * Friedman 2002). Returns how many, and the numbers of the rows that were left out.
 */
export function sampleRows(
  { layout, views }: { layout: Layout; views: Views },
  output: number,
  share: number,
  prng: Prng,
): { sampled: number; left: Uint32Array } {
  const { rows, shards, shardRows, binStride, recordStride } = layout
  const { words } = views
  const wanted = Math.max(1, Math.round(rows * share))
  const left = new Uint32Array(rows - wanted)
  const [own, step] = [binStride / 4, recordStride / 4]
  const pairs = (layout.pairs + output * layout.pairStride) / 4
  let taken = 0
  for (let shard = 0; shard < shards; shard++) {
    const first = shard * shardRows
    let place = layout.moved[0] / 4 + first * step
    const before = taken
    for (let r = first; r < Math.min(rows, first + shardRows); r++) {
      // Selection sampling: each choice of `wanted` rows is as likely (Knuth, algorithm S).
      if (prng.float() * (rows - r) >= wanted - taken) {
        left[r - taken] = r
        continue
      }
      for (let k = 0, from = layout.bins / 4 + r * own; k < own; k++) words[place + k] = words[from + k]!
      words[place + own] = words[pairs + r]!
      words[place + own + 1] = r
      place += step
      taken++
    }
    const range = rangeAt(layout, 0, shard)
    words[range] = first
    words[range + 1] = first + taken - before
  }
  return { sampled: taken, left }
}

/** The root has all rows. */
export function takeAllRows({ layout, views }: { layout: Layout; views: Views }): void {
  for (let shard = 0; shard < layout.shards; shard++) {
    const range = rangeAt(layout, 0, shard)
    views.words[range] = shard * layout.shardRows
    views.words[range + 1] = Math.min(layout.rows, (shard + 1) * layout.shardRows)
  }
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
