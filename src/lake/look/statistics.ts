/**
 * What the columns of snapshots are like, month beside month. A summary is of one file, so it is kept by the file's digest; the
 * bounds of a histogram are those of all months together, so that their bars can be compared.
 *
 * What is kept shows values of people. It stands in this process alone, by digests that nobody asks for once a person's rows
 * were taken out of the file, and is dropped as soon as that is told (`clear`).
 */
import { LRUCache } from 'lru-cache'
import type { Duck } from '../duck.ts'
import { literal } from '../quote.ts'
import type { Snapshot } from '../snapshot.ts'
import { type Bins, binsFor, indexIn } from './bins.ts'
import { isNumber, type LookedColumn, placeOf, textOf } from './cells.ts'
import type { ColumnSummary, QuantileName } from './summary.ts'

export type ColumnStatistics = {
  name: string
  type: string
  /** By snapshot, in the order asked for; null where it has no such column, or holds it as another type. */
  snapshots: (ColumnSummary | null)[]
  histogram: Histogram | null
}

/** Counts by snapshot. Of numbers and moments: first what lies below all bins, last what lies above. */
export type Histogram =
  | { kind: 'bins'; edges: number[]; counts: (number[] | null)[] }
  | { kind: 'values'; values: string[]; counts: ((number | null)[] | null)[]; others: (number | null)[] }

export type File = Pick<Snapshot, 'digest' | 'rows' | 'columns'> & { path(): Promise<string> }

const QUANTILES: Record<QuantileName, number> = {
  p01: 0.01,
  p05: 0.05,
  p25: 0.25,
  p50: 0.5,
  p75: 0.75,
  p95: 0.95,
  p99: 0.99,
}
const TOP = 50
const VALUES_SHOWN = 12
/** Quantiles hold the values of a column in memory: so many columns at a time. */
const COLUMNS_AT_ONCE = 4
const KEPT = 20_000
const TEXT_CHARS = 200

export type Statistics = {
  of(files: readonly File[], columns: readonly LookedColumn[]): Promise<ColumnStatistics[]>
  /** Forgets all. */
  clear(): void
  /** How many results are kept. */
  size(): number
}

export function createStatistics(duck: Duck): Statistics {
  const summaries = new LRUCache<string, ColumnSummary>({ max: KEPT })
  const counts = new LRUCache<string, number[]>({ max: KEPT })

  async function summariesOf(file: File, columns: readonly LookedColumn[]): Promise<(ColumnSummary | null)[]> {
    const keyOf = ({ name, type }: LookedColumn) => JSON.stringify([file.digest, name, type])
    const held = columns.filter((c) => file.columns.some((own) => own.name === c.name && own.type === c.type))
    const missing = held.filter((column) => !summaries.has(keyOf(column)))
    for (let at = 0; at < missing.length; at += COLUMNS_AT_ONCE) {
      const some = missing.slice(at, at + COLUMNS_AT_ONCE)
      const found = await summarizeColumns(duck, await file.path(), some)
      for (const [i, column] of some.entries()) summaries.set(keyOf(column), found[i]!)
    }
    return columns.map((column) => summaries.get(keyOf(column)) ?? null)
  }

  async function countsOf(file: File, column: LookedColumn, bins: Bins): Promise<number[]> {
    const key = JSON.stringify([file.digest, column.name, column.type, bins])
    const known = counts.get(key)
    if (known) return known
    const found = await countBins(duck, await file.path(), column, bins)
    counts.set(key, found)
    return found
  }

  return {
    async of(files, columns) {
      const byFile: (ColumnSummary | null)[][] = []
      for (const file of files) byFile.push(await summariesOf(file, columns))
      const described: ColumnStatistics[] = []
      for (const [i, column] of columns.entries()) {
        const snapshots = byFile.map((summary) => summary[i] ?? null)
        const bins = binsFor(column.type, snapshots)
        let histogram: Histogram | null = valuesOf(snapshots, files)
        if (bins) {
          const all: (number[] | null)[] = []
          for (const [f, file] of files.entries()) all.push(snapshots[f] ? await countsOf(file, column, bins) : null)
          histogram = { kind: 'bins', edges: edgesOf(bins), counts: all }
        }
        described.push({ ...column, snapshots, histogram })
      }
      return described
    },
    clear() {
      summaries.clear()
      counts.clear()
    },
    size: () => summaries.size + counts.size,
  }
}

/** A column as a number to measure by, where it has one: moments are seconds. */
function measured(column: LookedColumn): string | null {
  const place = placeOf(column.name)
  if (isNumber(column.type)) return `CAST(${place} AS DOUBLE)`
  return column.type === 'Date' || column.type === 'UnixTimestamp' ? `epoch(${place})` : null
}

async function summarizeColumns(duck: Duck, path: string, columns: readonly LookedColumn[]): Promise<ColumnSummary[]> {
  const file = `read_parquet(${literal(path)})`
  const select = columns.flatMap((column, i) => {
    const place = placeOf(column.name)
    const number = measured(column)
    const counts = isNumber(column.type)
    return [
      `count(*) - count(${place}) AS nulls${i}`,
      `count(DISTINCT ${place}) AS distinct${i}`,
      `min(${place}) AS "min${i}"`,
      `max(${place}) AS "max${i}"`,
      `${counts ? `avg(${number})` : 'NULL'} AS mean${i}`,
      `${counts ? `stddev_pop(${number})` : 'NULL'} AS deviation${i}`,
      `${number ? `quantile_disc(${number}, [${Object.values(QUANTILES).join(', ')}])` : 'NULL'} AS quantiles${i}`,
    ]
  })
  const texts = columns.flatMap((column, i) =>
    ['min', 'max'].map(
      (end) => `left(${textOf({ name: `${end}${i}`, type: column.type })}, ${TEXT_CHARS}) AS ${end}${i}t`,
    ),
  )
  const [row = {}] = await duck.rows<Record<string, unknown>>(
    `SELECT *, ${texts.join(', ')} FROM (SELECT ${select.join(', ')} FROM ${file})`,
  )
  const found: ColumnSummary[] = []
  for (const [i, column] of columns.entries()) {
    const quantiles = listOf(row[`quantiles${i}`])
    const [nulls, distinct] = [Number(row[`nulls${i}`]), Number(row[`distinct${i}`])]
    found.push({
      nulls,
      distinct,
      min: (row[`min${i}t`] as string | null) ?? null,
      max: (row[`max${i}t`] as string | null) ?? null,
      mean: (row[`mean${i}`] as number | null) ?? null,
      deviation: (row[`deviation${i}`] as number | null) ?? null,
      quantiles:
        quantiles &&
        (Object.fromEntries(
          Object.keys(QUANTILES).map((name, q) => [name, Number(quantiles[q])]),
        ) as ColumnSummary['quantiles']),
      top: measured(column) === null ? await topOf(duck, file, column) : null,
    })
  }
  return found
}

function listOf(value: unknown): unknown[] | null {
  if (value === null || value === undefined) return null
  return Array.isArray(value) ? value : (value as { items: unknown[] }).items
}

async function topOf(duck: Duck, file: string, column: LookedColumn): Promise<ColumnSummary['top']> {
  const place = placeOf(column.name)
  const top = await duck.rows<{ value: string; count: number }>(
    `SELECT left(${textOf({ name: 'v', type: column.type })}, ${TEXT_CHARS}) AS value, count FROM (
       SELECT ${place} AS v, count(*) AS count FROM ${file} WHERE ${place} IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ${TOP})
     ORDER BY count DESC, v`,
  )
  // Names and numbers of people: to list some of them says nothing.
  return top.length === TOP && top[0]!.count === 1 ? null : top
}

/** One count for each bin, and one before and one behind for what lies outside. */
async function countBins(duck: Duck, path: string, column: LookedColumn, bins: Bins): Promise<number[]> {
  const number = measured(column)!
  const rows = await duck.rows<{ bin: number; count: number }>(
    `SELECT ${indexIn(bins, 'v')} AS bin, count(*) AS count
     FROM (SELECT ${number} AS v FROM read_parquet(${literal(path)})) WHERE v IS NOT NULL AND NOT isnan(v) GROUP BY 1`,
  )
  const counts = new Array<number>(bins.count + 2).fill(0)
  for (const { bin, count } of rows) counts[bin] = count
  return counts
}

function edgesOf({ start, step, count }: Bins): number[] {
  return Array.from({ length: count + 1 }, (_, i) => Number((start + i * step).toPrecision(15)))
}

/** The values that are frequent in any of the snapshots. A count is null where the value may be among the less frequent ones. */
function valuesOf(snapshots: readonly (ColumnSummary | null)[], files: readonly File[]): Histogram | null {
  if (snapshots.every((summary) => !summary?.top?.length)) return null
  const share = new Map<string, number>()
  for (const [f, summary] of snapshots.entries()) {
    for (const { value, count } of summary?.top ?? []) {
      share.set(value, Math.max(share.get(value) ?? 0, count / Math.max(1, files[f]!.rows)))
    }
  }
  const values = [...share]
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .slice(0, VALUES_SHOWN)
    .map(([value]) => value)
  const counts = snapshots.map((summary) =>
    summary
      ? values.map((value) => {
          const found = summary.top?.find((one) => one.value === value)?.count
          return found ?? (summary.top && summary.distinct <= TOP ? 0 : null)
        })
      : null,
  )
  const others = snapshots.map((summary, f) => {
    const known = counts[f]
    if (!summary || !known) return null
    return files[f]!.rows - summary.nulls - known.reduce<number>((sum, count) => sum + (count ?? 0), 0)
  })
  return { kind: 'values', values, counts, others }
}
