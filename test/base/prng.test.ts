import { describe, expect, it } from 'vitest'
import { createPrng, seedFor } from '../../src/base/prng.ts'

describe('seeded random numbers', () => {
  it('give the same sequence for the same seed and another for another', () => {
    const draw = (seed: number) => {
      const prng = createPrng(seed)
      return Array.from({ length: 5 }, () => prng.uint32())
    }
    expect(draw(42)).toEqual(draw(42))
    expect(draw(42)).not.toEqual(draw(43))
  })

  it('are uniform: the chi-square of 100,000 draws over 10 cells stays under the 99.9 % point', () => {
    const prng = createPrng(7)
    const cells = new Array<number>(10).fill(0)
    for (let i = 0; i < 100_000; i++) cells[prng.int(10)]!++
    const chi = cells.reduce((sum, n) => sum + (n - 10_000) ** 2 / 10_000, 0)
    expect(chi).toBeLessThan(27.9)
  })

  it('have normal values of mean 0 and variance 1', () => {
    const prng = createPrng(11)
    let [sum, squares] = [0, 0]
    for (let i = 0; i < 50_000; i++) {
      const x = prng.normal()
      sum += x
      squares += x * x
    }
    expect(Math.abs(sum / 50_000)).toBeLessThan(0.02)
    expect(Math.abs(squares / 50_000 - 1)).toBeLessThan(0.04)
  })

  it('derive a different seed for each part', () => {
    expect(new Set(Array.from({ length: 1000 }, (_, i) => seedFor(42, i))).size).toBe(1000)
  })
})
