import { lgam } from 'cephes'
import type { Paired } from './paired.ts'

/** Up to this many rows of both sides the p-value is counted out. */
const EXACT_ROWS = 20

/** The p-value of Cramér and von Mises for two samples, ties by mid-ranks; null for fewer than two rows of either. */
export function cramerVonMises(pair: Paired): number | null {
  const { referenceRows: n, currentRows: m } = pair
  if (n < 2 || m < 2) return null
  const u = n * rankSquares(pair, pair.reference) + m * rankSquares(pair, pair.current)
  if (Math.max(n, m) <= EXACT_ROWS) return exactTail(u, n, m)
  const [k, rows] = [n * m, n + m]
  const t = u / (k * rows) - (4 * k - 1) / (6 * rows)
  const mean = (1 + 1 / rows) / 6
  const variance = ((rows + 1) * (4 * k * rows - 3 * (n ** 2 + m ** 2) - 2 * k)) / (45 * rows ** 2 * 4 * k)
  const normed = 1 / 6 + (t - mean) / Math.sqrt(45 * variance)
  // Below it the limit is 1 in all digits.
  return normed < 0.003 ? 1 : Math.max(0, 1 - limit(normed))
}

/** Sum over the rows of one side of (rank among all − rank among its own)², ties at their middle rank. */
function rankSquares({ reference, current }: Paired, own: Float64Array): number {
  let [seen, seenOwn, total] = [0, 0, 0]
  for (let i = 0; i < reference.length; i++) {
    const [tied, count] = [reference[i]! + current[i]!, own[i]!]
    const apart = seen + (tied + 1) / 2 - (seenOwn + (count + 1) / 2)
    total += count * apart ** 2 + (count * (count ** 2 - 1)) / 12
    seen += tied
    seenOwn += count
  }
  return total
}

/** The limit of the distribution: S. Csörgő and J. J. Faraway, J. Royal Stat. Soc. B 58(1), 1996, equation 1.2. */
function limit(x: number): number {
  let total = 0
  for (let k = 0; ; k++) {
    const y = 4 * k + 1
    const q = y ** 2 / (16 * x)
    const scale = Math.exp(lgam(k + 0.5) - lgam(k + 1)) / (Math.PI ** 1.5 * Math.sqrt(x))
    const term = scale * Math.sqrt(y) * Math.exp(-q) * besselQuarter(q)
    total += term
    if (!(Math.abs(term) >= 1e-7)) return total
  }
}

/** K of order 1/4 by its integral, exp(−x cosh t) cosh(t / 4) over t >= 0: the trapezoids come to all digits. */
function besselQuarter(x: number): number {
  const step = 1 / 64
  let total = Math.exp(-x) / 2
  for (let i = 1; ; i++) {
    const t = i * step
    const term = Math.exp(-x * Math.cosh(t)) * Math.cosh(t / 4)
    total += term
    if (term < total * 1e-18 || term === 0) return total * step
  }
}

/**
 * The share of all orders of n and m values whose statistic is at least this one: Y. Xiao, A. Gordon and A. Yakovlev, J. Stat.
 * Soft. 17(8), 2006, by how often each sum occurs on the way to each point of the lattice.
 */
function exactTail(u: number, n: number, m: number): number {
  const lcm = (n / gcd(n, m)) * m
  const [a, b, product] = [lcm / n, lcm / m, n * m]
  const reached = Math.floor((lcm ** 2 * (n + m) * (6 * u - product * (4 * product - 1))) / (6 * product ** 2))
  let before: Map<number, number>[] = []
  for (let i = 0; i <= m; i++) {
    const row: Map<number, number>[] = []
    for (let j = 0; j <= n; j++) {
      const ways = new Map<number, number>()
      if (i === 0 && j === 0) ways.set(0, 1)
      const added = (a * j - b * i) ** 2
      for (const from of [row[j - 1], before[j]]) {
        for (const [value, count] of from ?? []) ways.set(value + added, (ways.get(value + added) ?? 0) + count)
      }
      row.push(ways)
    }
    before = row
  }
  let [all, beyond] = [0, 0]
  for (const [value, count] of before[n]!) {
    all += count
    if (value >= reached) beyond += count
  }
  return beyond / all
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b)
}
