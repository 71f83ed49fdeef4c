import { createHash } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { createPrng } from '../../../src/base/prng.ts'
import { type BinnedTable, binTable } from '../../../src/ml/learn/boosting/binned-table.ts'
import { boost } from '../../../src/ml/learn/boosting/boost.ts'
import type { Part } from '../../../src/ml/learn/boosting/boost-task.ts'
import { createFit } from '../../../src/ml/learn/boosting/fit-memory.ts'
import { COMMAND_WORDS, histogramAt } from '../../../src/ml/learn/boosting/layout.ts'
import { packTrees } from '../../../src/ml/learn/boosting/pack.ts'
import { BOOSTING_DEFAULTS } from '../../../src/ml/learn/boosting/params.ts'
import { takeAllRows } from '../../../src/ml/learn/boosting/sampling.ts'
import { WORK } from '../../../src/ml/learn/boosting/shard-work.ts'

/** More rows than a thread takes alone, and many shards. */
const ROWS = 190_001
const COLUMNS = 9

function numbers(): { table: BinnedTable; part: Part } {
  const prng = createPrng(12)
  const values = Float64Array.from({ length: ROWS * COLUMNS }, () => (prng.int(30) === 0 ? Number.NaN : prng.int(900)))
  const labels = Uint8Array.from({ length: ROWS }, (_, r) =>
    values[r]! + 0.3 * values[ROWS + r]! > prng.int(1_200) ? 1 : 0,
  )
  const table = binTable({ rows: ROWS, columns: COLUMNS, values }, new Uint16Array(COLUMNS), 255)
  return {
    table,
    part: { rows: Uint32Array.from(labels, (_, r) => r), target: { kind: 'binary', labels }, weights: null },
  }
}

const params = { ...BOOSTING_DEFAULTS, rounds: 3, maxLeaves: 16, monotone: new Int8Array(COLUMNS) }

describe('the threads of a fit', () => {
  it('sum together what one sums alone, and each takes a part', async () => {
    const { table, part } = numbers()
    const sums = async (threads: number) => {
      const start = { base: Float64Array.of(0.3), scale: 1 }
      const fit = createFit({ table, training: part, start, params: { ...params, threads } })
      const { layout, views, team } = fit
      const histogram = histogramAt(layout, 0)
      views.doubles.set([30_000, 200_000], layout.settings / 8)
      takeAllRows(fit)
      try {
        team.work([WORK.gradients, 5], ROWS, 0)
        const helped = new Set<number>()
        const look = () => {
          // The word of a helper is set when it takes a shard, and cleared when its sums are taken.
          const known = views.words.slice(layout.command / 4 + COMMAND_WORDS)
          for (let t = 1; t < threads; t++) if (known[t] !== 0) helped.add(t)
        }
        do {
          team.work([WORK.gradients, 5], ROWS, 0)
          look()
          await setImmediate()
        } while (helped.size < threads - 1)
        team.work([WORK.root, 0, 0], ROWS, histogram)
        return views.words.slice(histogram / 4, (histogram + layout.histogramBytes) / 4)
      } finally {
        team.close()
      }
    }
    const alone = await sums(1)
    expect(alone.some((word) => word < 0)).toBe(true)
    expect(await sums(2)).toEqual(alone)
    expect(await sums(3)).toEqual(alone)
  })

  it('give the same bytes, however many they are, with sampling too', () => {
    const { table, part } = numbers()
    for (const rowShare of [1, 0.6]) {
      const hashes = [1, 2, 3].map((threads) => {
        const { base, trees } = boost(table, part, null, { ...params, rowShare, threads }, () => {})
        const { value, cover, feature } = packTrees(table, trees, { base, link: 'logit' })
        return createHash('sha256').update(value).update(cover!).update(feature).digest('hex')
      })
      expect(new Set(hashes).size).toBe(1)
    }
  })
})
