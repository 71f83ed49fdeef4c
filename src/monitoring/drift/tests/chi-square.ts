import { igamc, ndtr } from 'cephes'
import { distinct, type Paired } from './paired.ts'

/** Whether the current counts could come from the shares of the reference. A category that it never had makes that impossible. */
export function chiSquare({ reference, current, referenceRows, currentRows }: Paired): number {
  const scale = currentRows / referenceRows
  let statistic = 0
  for (let i = 0; i < reference.length; i++) {
    const expected = reference[i]! * scale
    statistic += (current[i]! - expected) ** 2 / expected
  }
  if (statistic === Infinity) return 0
  return igamc((reference.length - 1) / 2, statistic / 2)
}

/** Whether the shares of two values could be the same; null for more values. */
export function zTest({ reference, current, referenceRows: n, currentRows: m }: Paired): number | null {
  if (reference.length > 2) return null
  if (reference.length === 1 && distinct(reference) === 1 && distinct(current) === 1) return 1
  const [p, q] = [1 - reference[0]! / n, 1 - current[0]! / m]
  const pooled = (p * n + q * m) / (n + m)
  const z = (p - q) / Math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
  return 2 * (1 - ndtr(Math.abs(z)))
}
