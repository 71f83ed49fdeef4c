import { describe, expect, it } from 'vitest'
import { createPrng } from '../../src/base/prng.ts'
import { exp, log, sigmoid } from '../../src/ml/numbers/exp.ts'

describe('our own exp and log', () => {
  it('are within 2 ulp of the engine’s', () => {
    const prng = createPrng(1)
    let worstExp = 0
    let worstLog = 0
    for (let i = 0; i < 200_000; i++) {
      const x = (prng.float() - 0.5) * 2 ** prng.int(11)
      const e = Math.exp(x)
      if (Math.abs(x) <= 690) worstExp = Math.max(worstExp, Math.abs(exp(x) / e - 1))
      const y = Math.abs(x) <= 690 ? e : 1 + prng.float()
      worstLog = Math.max(worstLog, Math.abs(log(y) - Math.log(y)) / Math.max(Math.abs(Math.log(y)), 2 ** -20))
    }
    expect([worstExp < 5e-16, worstLog < 5e-16]).toEqual([true, true])
  })

  it('stay finite at the ends, and pass on what is not a number', () => {
    expect([exp(0), log(1), sigmoid(0)]).toEqual([1, 0, 0.5])
    expect(exp(1e308)).toBe(exp(708))
    expect(exp(-1e308)).toBe(exp(-708))
    expect([sigmoid(1e300), sigmoid(-1e300) > 0 && sigmoid(-1e300) < 1e-300]).toEqual([1, true])
    expect(exp(Number.NaN)).toBeNaN()
  })

  it('give these bits on every engine', () => {
    const bits = (x: number) =>
      Buffer.from(new Float64Array([x]).buffer)
        .reverse()
        .toString('hex')
    expect([exp(1), exp(-1.5), exp(20.25), log(3), log(1e-5), sigmoid(0.3)].map(bits)).toMatchInlineSnapshot(`
      [
        "4005bf0a8b14576a",
        "3fcc8f87724b5c1d",
        "41c290d76d1966a9",
        "3ff193ea7aad030b",
        "c027069e2aa2aa5b",
        "3fe261d545e46a8b",
      ]
    `)
  })
})
