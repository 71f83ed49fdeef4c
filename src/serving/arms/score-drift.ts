import type { Counts } from './counts.ts'

const BINS = 10

/**
 * How far the scores of two sides are apart, and how far chance alone could bring them (three deviations): the population
 * stability index over tenths of a probability; of another number the difference of the means in deviations.
 */
export function scoreDrift(a: Counts, b: Counts): { value: number; noise: number } {
  if (total(a) < a.rows / 2) return meansApart(a, b)
  const [n, m] = [total(a), total(b)]
  let value = 0
  for (let bin = 0; bin < BINS; bin++) {
    const p = ((a.scores[bin] ?? 0) + 0.5) / (n + BINS / 2)
    const q = ((b.scores[bin] ?? 0) + 0.5) / (m + BINS / 2)
    value += (p - q) * Math.log(p / q)
  }
  const each = 1 / Math.max(1, n) + 1 / Math.max(1, m)
  return { value, noise: (BINS - 1 + 3 * Math.sqrt(2 * (BINS - 1))) * each }
}

const total = ({ scores }: Counts) => Object.values(scores).reduce((sum, n) => sum + n, 0)

function meansApart(a: Counts, b: Counts): { value: number; noise: number } {
  const mean = (of: Counts) => of.sum / Math.max(1, of.rows)
  const deviation = Math.sqrt(Math.max(0, b.squares / Math.max(1, b.rows) - mean(b) ** 2)) || 1
  const noise = 3 * Math.sqrt(1 / Math.max(1, a.rows) + 1 / Math.max(1, b.rows))
  return { value: Math.abs(mean(a) - mean(b)) / deviation, noise }
}

/** The tenth that a probability falls in; none of another number. */
export function binOf(score: number): number | null {
  return score >= 0 && score <= 1 ? Math.min(BINS - 1, Math.floor(score * BINS)) : null
}
