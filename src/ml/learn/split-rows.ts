import { PlatformError } from '../../base/errors.ts'
import { createPrng } from '../../base/prng.ts'
import { classesOf, hasTwoOutcomes, rowsOfTarget, type Target } from './task.ts'

export type RowSplit = { train: Uint32Array; test: Uint32Array }

/**
 * Splits rows 0 … n - 1 into a training and a test part, both in ascending order. The test part has ceil(share · n)
 * rows as scikit-learn's; when stratified, each class gives its share of them, the remainder to the class whose share
 * was cut most.
 */
export function splitRows(
  target: Target,
  { testShare, seed, stratify }: { testShare: number; seed: number; stratify: boolean | null },
): RowSplit {
  const n = rowsOfTarget(target)
  requireEnough(target, testShare)
  const prng = createPrng(seed)
  const wanted = Math.min(n, Math.ceil(testShare * n - 1e-9))
  const strata = stratify !== false ? byClass(target) : [Uint32Array.from({ length: n }, (_, i) => i)]
  const sizes = allot(
    wanted,
    strata.map((rows) => rows.length),
  )
  const inTest = new Uint8Array(n)
  for (const [s, rows] of strata.entries()) {
    for (let i = 0; i < sizes[s]!; i++) {
      const j = i + prng.int(rows.length - i)
      const row = rows[j]!
      rows[j] = rows[i]!
      inTest[row] = 1
    }
  }
  return { train: rowsOf(inTest, 0), test: rowsOf(inTest, 1) }
}

/** A training part that knows both answers, and a test part to measure it on. */
function requireEnough(target: Target, testShare: number): void {
  const n = rowsOfTarget(target)
  const tested = Math.ceil(testShare * n - 1e-9)
  const needed = Math.max(4, Math.ceil(2 / (1 - testShare) - 1e-9))
  if (n < needed || n - tested < 2) {
    const rows = n === 1 ? 'is 1 training row' : `are ${n} training rows`
    throw new PlatformError(
      'invalid_argument',
      `there ${rows}, too few to split: with a test share of ${testShare} at least ${needed} are needed, with both labels ` +
        'among them (and some hundred for a model that means something); take a later --as-of, or a range with --from',
    )
  }
  if (!hasTwoOutcomes(target)) {
    throw new PlatformError(
      'invalid_argument',
      `all ${n} training rows have the same label; there is nothing to tell apart: take a later --as-of, or a range with --from`,
    )
  }
}

function byClass(target: Target): Uint32Array[] {
  if (target.kind === 'regression') return [Uint32Array.from(target.values, (_, i) => i)]
  return Array.from({ length: classesOf(target) }, (_, label) => rowsOf(target.labels, label))
}

/** Divides `wanted` in proportion to `counts` by largest remainder. */
function allot(wanted: number, counts: number[]): number[] {
  const total = counts.reduce((a, b) => a + b, 0)
  const exact = counts.map((count) => (wanted * count) / Math.max(1, total))
  const sizes = exact.map(Math.floor)
  const order = counts.map((_, i) => i).sort((a, b) => exact[b]! - sizes[b]! - (exact[a]! - sizes[a]!) || a - b)
  let left = wanted - sizes.reduce((a, b) => a + b, 0)
  for (const i of order) if (left-- > 0) sizes[i]!++
  return sizes
}

function rowsOf(labels: Uint8Array, label: number): Uint32Array {
  const rows = new Uint32Array(labels.length)
  let n = 0
  for (let r = 0; r < labels.length; r++) if (labels[r] === label) rows[n++] = r
  return rows.slice(0, n)
}
