/* Draws that need nothing but exactly rounded arithmetic, so that they are the same everywhere. */
import type { Prng } from '../base/prng.ts'

/** Nearly standard normal: the sum of twelve uniform numbers, less 6 (Irwin and Hall); never beyond ±6. */
export function bell(prng: Prng): number {
  let sum = -6
  for (let i = 0; i < 12; i++) sum += prng.float()
  return sum
}

/** Poisson (Knuth 1969): how many uniform factors until the product falls to exp(-mean), which is given as a literal. */
export function poisson(prng: Prng, expOfMinusMean: number): number {
  let count = 0
  for (let product = prng.float(); product > expOfMinusMean; product *= prng.float()) count++
  return count
}

export function chance(prng: Prng, probability: number): boolean {
  return prng.float() < probability
}

/** One of the choices, by their shares of 1. */
export function choose<T>(prng: Prng, shares: readonly (readonly [T, number])[]): T {
  let left = prng.float()
  for (const [choice, share] of shares) {
    left -= share
    if (left < 0) return choice
  }
  return shares[shares.length - 1]![0]
}

/** Between 0 and 1 with most of it near 0: a third of the time below 0.06. */
export function early(prng: Prng): number {
  const u = prng.float()
  return u * u * (0.35 + 0.65 * u)
}

/** The nearest multiple of a twentieth, as prices are: 29.85. Divided, since 0.05 is no binary fraction. */
export function toTwentieth(amount: number): number {
  return Math.round(amount * 20) / 20
}

export function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value))
}
