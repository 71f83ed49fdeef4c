import { kolmogorovTail } from './kolmogorov.ts'
import type { Paired } from './paired.ts'

/** Up to this many rows of either side the p-value is counted out, as scipy does. */
const EXACT_ROWS = 10_000

/** The two-sided p-value of Kolmogorov and Smirnov for two samples. */
export function kolmogorovSmirnov(pair: Paired): number {
  const { referenceRows: n, currentRows: m } = pair
  const distance = greatestDistance(pair)
  const p =
    Math.max(n, m) <= EXACT_ROWS
      ? exactTail(n, m, distance)
      : kolmogorovTail(Math.round((n * m) / (n + m)), distance / (n * m))
  return Math.min(1, Math.max(0, p))
}

/** The greatest difference of the distribution functions, times n m: a whole number. */
function greatestDistance({ reference, current, referenceRows: n, currentRows: m }: Paired): number {
  let [seenReference, seenCurrent, greatest] = [0, 0, 0]
  for (let i = 0; i < reference.length; i++) {
    seenReference += reference[i]!
    seenCurrent += current[i]!
    greatest = Math.max(greatest, Math.abs(seenReference * m - seenCurrent * n))
  }
  return greatest
}

/**
 * The share of the orders of n and m values, all equally likely, in which the difference somewhere reaches the distance. Walks
 * the lattice of how many of each have come (Hodges 1958), backwards: of the orders that lead to (i, j), i / (i + j) come from
 * (i − 1, j). All terms are positive, so that a small p keeps its digits.
 */
function exactTail(n: number, m: number, distance: number): number {
  if (distance === 0) return 1
  // tail[j]: of the orders that lead to (i, j), the share that has reached the distance.
  const tail = new Float64Array(m + 1)
  let low = 0
  for (let i = 0; i <= n; i++) {
    // Where |i m − j n| < distance.
    const from = Math.max(0, Math.floor((i * m - distance) / n) + 1)
    const to = Math.min(m, Math.ceil((i * m + distance) / n) - 1)
    if (from > to) return 1
    for (let j = low; j < from; j++) tail[j] = 1
    low = from
    let left = from === 0 ? 0 : 1
    for (let j = from; j <= to; j++) {
      const above = tail[j]!
      left = i + j === 0 ? 0 : (i * above + j * left) / (i + j)
      tail[j] = left
    }
    if (to < m) tail.fill(1, to + 1, Math.min(m, to + 2 + Math.ceil(m / n)) + 1)
  }
  return tail[m]!
}
