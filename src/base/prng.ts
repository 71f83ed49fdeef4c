/**
 * Seeded random numbers: xoshiro128** (Blackman and Vigna 2018) seeded by splitmix32. The same seed gives the same
 * numbers on every platform; not for secrets.
 */
export type Prng = {
  /** Uniform in 0 … 2^32 - 1. */
  uint32(): number
  /** Uniform in [0, 1), 32 bits of it. */
  float(): number
  /** Uniform integer in 0 … n - 1, without bias (Lemire 2019); n at most 2^21, so that the product stays exact. */
  int(n: number): number
  /** Standard normal (Box and Muller 1958, one value a call). */
  normal(): number
}

export function createPrng(seed: number): Prng {
  let s = seed >>> 0
  const split = () => {
    s = (s + 0x9e3779b9) >>> 0
    let z = s
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b)
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35)
    return (z ^ (z >>> 16)) >>> 0
  }
  let a = split()
  let b = split()
  let c = split()
  let d = split()

  const uint32 = (): number => {
    const r = Math.imul(b, 5)
    const result = Math.imul((r << 7) | (r >>> 25), 9) >>> 0
    const t = b << 9
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= t
    d = (d << 11) | (d >>> 21)
    return result
  }
  const float = () => uint32() / 4294967296
  const int = (n: number): number => {
    const threshold = 4294967296 % n
    for (;;) {
      const x = uint32()
      const product = x * n
      const low = product % 4294967296
      if (low >= threshold) return Math.floor(product / 4294967296)
    }
  }
  const normal = () => Math.sqrt(-2 * Math.log(1 - float())) * Math.cos(2 * Math.PI * float())
  return { uint32, float, int, normal }
}

/** A seed for part `index` of a job with `seed`, so that parts can run in any order or thread. */
export function seedFor(seed: number, index: number): number {
  let z = (Math.imul(seed | 0, 0x9e3779b1) ^ Math.imul((index + 1) | 0, 0x85ebca77)) | 0
  z = Math.imul(z ^ (z >>> 16), 0x7feb352d)
  z = Math.imul(z ^ (z >>> 15), 0x846ca68b)
  return (z ^ (z >>> 16)) >>> 0
}
