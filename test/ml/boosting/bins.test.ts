import { describe, expect, it } from 'vitest'
import { createPrng } from '../../../src/base/prng.ts'
import { binColumn, learnCuts } from '../../../src/ml/learn/boosting/bins.ts'

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
