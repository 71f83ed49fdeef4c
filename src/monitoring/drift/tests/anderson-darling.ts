import type { Paired } from './paired.ts'

const LEVELS = [0.25, 0.1, 0.05, 0.025, 0.01, 0.005, 0.001]
/** Table 2 of Scholz and Stephens, for two samples: b0 + b1 + b2. */
const CRITICAL = [0.675 - 0.245 - 0.105, 1.281 + 0.25 - 0.305, 1.645 + 0.678 - 0.362, 1.96 + 1.149 - 0.391].concat([
  2.326 + 1.822 - 0.396,
  2.573 + 2.364 - 0.345,
  3.085 + 3.615 - 0.154,
])

/**
 * The test of two samples with ties by mid-ranks: F. W. Scholz and M. A. Stephens, "K-sample Anderson–Darling tests", JASA 82,
 * 1987. The p-value is read from their table by a parabola through the logarithms, so it lies between 0.001 and 0.25. Null
 * where there is one value only.
 */
export function andersonDarling(pair: Paired): number | null {
  const { reference, current, referenceRows, currentRows } = pair
  const rows = referenceRows + currentRows
  if (reference.length < 2 || rows < 4) return null
  let total = 0
  for (const [counts, own] of [[reference, referenceRows] as const, [current, currentRows] as const]) {
    let [seen, seenOwn, part] = [0, 0, 0]
    for (let i = 0; i < reference.length; i++) {
      const tied = reference[i]! + current[i]!
      const [before, beforeOwn] = [seen + tied / 2, seenOwn + counts[i]! / 2]
      part += ((tied / rows) * (rows * beforeOwn - before * own) ** 2) / (before * (rows - before) - (rows * tied) / 4)
      seen += tied
      seenOwn += counts[i]!
    }
    total += part / own
  }
  const statistic = ((total * (rows - 1)) / rows - 1) / Math.sqrt(varianceOf(referenceRows, currentRows))
  if (statistic < CRITICAL[0]!) return LEVELS[0]!
  if (statistic > CRITICAL.at(-1)!) return LEVELS.at(-1)!
  const [c0, c1, c2] = parabola(CRITICAL, LEVELS.map(Math.log))
  return Math.exp(c0 + c1 * statistic + c2 * statistic ** 2)
}

function varianceOf(n: number, m: number): number {
  const [rows, k] = [n + m, 2]
  const inverse = 1 / n + 1 / m
  let [h, g, below] = [0, 0, 0]
  for (let i = 1; i < rows; i++) h += 1 / i
  for (let i = rows - 2; i >= 1; i--) {
    below += 1 / (i + 1)
    g += below / (rows - i)
  }
  const a = (4 * g - 6) * (k - 1) + (10 - 6 * g) * inverse
  const b = (2 * g - 4) * k ** 2 + 8 * h * k + (2 * g - 14 * h - 4) * inverse - 8 * h + 4 * g - 6
  const c = (6 * h + 2 * g - 2) * k ** 2 + (4 * h - 4 * g + 6) * k + (2 * h - 6) * inverse + 4 * h
  const d = (2 * h + 6) * k ** 2 - 4 * h * k
  return (a * rows ** 3 + b * rows ** 2 + c * rows + d) / ((rows - 1) * (rows - 2) * (rows - 3))
}

/** The parabola nearest to the points by least squares. */
function parabola(x: readonly number[], y: readonly number[]): [number, number, number] {
  const power = (p: number) => x.reduce((total, at) => total + at ** p, 0)
  const moment = (p: number) => x.reduce((total, at, i) => total + at ** p * y[i]!, 0)
  const rows = [0, 1, 2].map((r) => [power(r), power(r + 1), power(r + 2), moment(r)])
  for (let r = 0; r < 3; r++) {
    for (let below = r + 1; below < 3; below++) {
      const factor = rows[below]![r]! / rows[r]![r]!
      for (let c = r; c < 4; c++) rows[below]![c]! -= factor * rows[r]![c]!
    }
  }
  const c2 = rows[2]![3]! / rows[2]![2]!
  const c1 = (rows[1]![3]! - rows[1]![2]! * c2) / rows[1]![1]!
  return [(rows[0]![3]! - rows[0]![1]! * c1 - rows[0]![2]! * c2) / rows[0]![0]!, c1, c2]
}
