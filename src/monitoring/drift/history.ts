/**
 * Thresholds from history. Two reasons make values differ although nothing happened: the rows are a sample, and periods differ
 * from each other as they always did (rows of one day move together, so that no shuffle of rows tells of it). A threshold is the
 * greater of two: what samples of the reference reach by chance, and what whole periods of the past, permuted, reach against
 * each other. Both are of the greatest of all columns (P. H. Westfall and S. S. Young, 1993), so that a whole report is false in
 * no more than the allowed share of cases, however many columns it has. A p-value is divided by the columns (Bonferroni).
 */
import { createPrng } from '../../base/prng.ts'
import type { DriftTest } from '../../wire/drift.ts'
import { pairOf } from './compare-column.ts'
import { type CountedColumn, isWhole } from './count-columns.ts'
import { NULLS_ALPHA } from './nulls.ts'
import { drawPair, urnOf } from './resample.ts'
import { TESTS } from './tests/tests.ts'
import { UNSEEN_ALPHA } from './unseen.ts'

/** Of whole reports, all kinds of drift together. */
export const ALPHA = 0.05
const VALUES_ALPHA = ALPHA - NULLS_ALPHA - UNSEEN_ALPHA

/** A column with its past, the reference last, and with how many rows it is compared. */
export type Past = { test: DriftTest; periods: readonly CountedColumn[]; rows: readonly [number, number] }

const SAMPLES = 400
/** Samples have no more rows; distances of larger ones are told from theirs. */
const SAMPLE_ROWS = 4_000
const SEED = 20_240_229
/** A column that was always the same differs by roundings. */
const LEAST = 1e-6

/** One threshold for each column, in their order. */
export function thresholdsFromHistory(columns: readonly Past[]): number[] {
  const distances = columns.filter(({ test }) => TESTS[test].gives === 'distance')
  const share = (VALUES_ALPHA * distances.length) / Math.max(1, columns.length)
  const chance = columns.map((column) => chanceOf(column))
  const byChance = quantile(
    greatest(columns.length, SAMPLES, (c, s) => relative(chance[c]!, s)),
    1 - share,
  )
  const past = columns.map((column) => pastOf(column))
  const pairs = Math.min(...past.map(({ length }) => length))
  const byPeriods = bound(
    greatest(columns.length, pairs, (c, i) => relative(past[c]!, i)),
    columns[0]?.periods.length ?? 0,
  )
  return columns.map(({ test }, c) => {
    const periods = byPeriods === null ? 0 : byPeriods * meanOf(past[c]!)
    if (TESTS[test].gives === 'distance') return Math.max(LEAST, byChance * meanOf(chance[c]!), periods)
    return Math.min(VALUES_ALPHA / columns.length, Math.exp(-periods))
  })
}

/** What a column's distance comes to between two samples of the reference; nothing for a p-value, which says it itself. */
function chanceOf({ test, periods, rows }: Past): number[] {
  const { gives, value } = TESTS[test]
  const reference = periods.at(-1)!
  const { values, counts } = reference.numbers ?? { values: null, counts: reference.categories!.counts }
  if (gives === 'p' || reference.valued === 0) return []
  const urn = urnOf(values, counts, isWhole(reference))
  const sampled = rows.map((count) => Math.max(1, Math.min(SAMPLE_ROWS, count))) as [number, number]
  const noise = ([n, m]: readonly [number, number]) => 1 / n + 1 / m
  const smaller = noise([Math.max(1, rows[0]), Math.max(1, rows[1])]) / noise(sampled)
  // A divergence shrinks as 1 / n, its root as 1 / sqrt(n).
  const scale = test === 'psi' || test === 'kl' ? smaller : Math.sqrt(smaller)
  const prng = createPrng(SEED)
  return Array.from({ length: SAMPLES }, () => (value(drawPair(urn, sampled, prng)) ?? 0) * scale)
}

/** The same between all pairs of past periods. */
function pastOf({ test, periods }: Past): number[] {
  const found: number[] = []
  const { gives, value } = TESTS[test]
  for (const [i, a] of periods.entries()) {
    for (const b of periods.slice(i + 1)) {
      const said = a.valued === 0 || b.valued === 0 ? null : value(pairOf(a, b))
      if (said === null) found.push(0)
      else found.push(gives === 'p' ? -Math.log(Math.max(said, Number.MIN_VALUE)) : said)
    }
  }
  return found
}

function greatest(columns: number, count: number, of: (column: number, at: number) => number): number[] {
  return Array.from({ length: count }, (_, at) => {
    let most = 0
    for (let c = 0; c < columns; c++) most = Math.max(most, of(c, at))
    return most
  })
}

/** Columns differ in their unit: each is told by its own mean. */
function relative(values: readonly number[], at: number): number {
  const mean = meanOf(values)
  return mean === 0 ? 0 : values[at]! / mean
}

function meanOf(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((total, value) => total + value, 0) / values.length
}

function quantile(values: number[], share: number): number {
  if (values.length === 0) return 0
  const sorted = values.sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * (sorted.length + 1)) - 1)]!
}

/** So many pairs tell their twentieth. */
const PAIRS_ENOUGH = 19
/** Student's t, one side, 95 %, by degrees of freedom from 1 on. */
const STUDENT = [6.314, 2.92, 2.353, 2.132, 2.015, 1.943]

/**
 * What a pair of periods exceeds in one of twenty cases: of many pairs that of them, of few what their logarithms foretell of
 * one more. Null below three periods, which say nothing of how periods differ.
 */
function bound(greatestOfPairs: number[], periods: number): number | null {
  if (periods < 3) return null
  const observed = quantile([...greatestOfPairs], 1 - VALUES_ALPHA)
  if (greatestOfPairs.length >= PAIRS_ENOUGH) return observed
  const logs = greatestOfPairs.filter((value) => value > 0).map(Math.log)
  if (logs.length < 2) return observed
  const mean = meanOf(logs)
  const spread = Math.sqrt(logs.reduce((total, log) => total + (log - mean) ** 2, 0) / (logs.length - 1))
  const t = STUDENT[Math.min(STUDENT.length, periods - 1) - 1]!
  return Math.max(observed, Math.exp(mean + t * spread * Math.sqrt(1 + 1 / periods)))
}
