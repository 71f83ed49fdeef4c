/**
 * Drift: 14 columns of 12 months of a million rows each, every month against the first; and one pair of months of the reference
 * project beside the real Evidently (WEIR_PYTHON_EVIDENTLY names a Python that has it), each with its file read.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDuck, type Duck } from '../src/lake/duck.ts'
import { literal } from '../src/lake/quote.ts'
import { compareColumn } from '../src/monitoring/drift/compare-column.ts'
import type { CountedColumn, TableColumn } from '../src/monitoring/drift/count-columns.ts'
import { type CountTable, rememberColumns } from '../src/monitoring/drift/remembered-columns.ts'
import { type BenchResult, interleaved, median } from './harness.ts'
import { startPython } from './python-peer.ts'

export const rows = ['months', 'evidently']

const MONTHS = 12
const ROWS = 1_000_000
const COLUMNS: [string, TableColumn['type'], string][] = [
  ['months_active', 'Int64', '(hash(i, 1) % 72 + m)::BIGINT'],
  ['monthly_fee', 'Float32', '(hash(i, 2) % 2000 / 20.0 + 18)::FLOAT'],
  ['paperless_billing', 'Bool', '(hash(i, 3) % 2) = 0'],
  ['plan_stream_tv', 'Bool', 'CASE WHEN hash(i, 4) % 5 = 0 THEN NULL ELSE hash(i, 5) % 2 = 0 END'],
  ['plan_stream_movies', 'Bool', 'hash(i, 6) % 3 = 0'],
  ['net_service', 'String', "['DSL', 'Fiber optic', 'No'][1 + (hash(i, 7) % 3)::INT]"],
  ['watch_hours_30d', 'Float32', '(-ln((hash(i, 8, m) % 1000003 + 1) / 1000004.0) * 30)::FLOAT'],
  ['avg_session_mins_7d', 'Float32', '(29 + (hash(i, 9) % 41) / 4.0)::FLOAT'],
  ['unique_devices_30d', 'Int64', '(hash(i, 10) % 5)::BIGINT'],
  ['skips_7d', 'Int64', '(hash(i, 11) % 12)::BIGINT'],
  ['rebuffer_events_7d', 'Int64', '(hash(i, 12) % (8 + m))::BIGINT'],
  ['failed_payments_90d', 'Int64', '(hash(i, 13) % 4)::BIGINT'],
  ['support_tickets_90d', 'Int64', '(hash(i, 14) % 7)::BIGINT'],
  ['ticket_avg_resolution_hrs_90d', 'Float32', '(hash(i, 15) % 240 / 10.0)::FLOAT'],
]
const columns: TableColumn[] = COLUMNS.map(([name, type]) => ({ name, type }))

export async function run(only: readonly string[] = []): Promise<BenchResult[]> {
  const folder = await mkdtemp(join(tmpdir(), 'weir-bench-drift-'))
  const duck = await createDuck({ memoryLimit: '250MB' })
  try {
    const wanted = (row: string) => only.length === 0 || only.includes(row)
    return [
      ...(wanted('months') ? await months(duck, folder) : []),
      ...(wanted('evidently') ? await besideEvidently(duck, folder) : []),
    ]
  } finally {
    duck.close()
    await rm(folder, { recursive: true, force: true })
  }
}

async function write(duck: Duck, path: string, count: number, month: number): Promise<void> {
  const select = COLUMNS.map(([name, , sql]) => `${sql} AS ${name}`)
  await duck.run(
    `COPY (SELECT ${select.join(', ')} FROM range(${count}) t(i), (SELECT ${month} AS m)) TO ${literal(path)} (FORMAT parquet, COMPRESSION zstd)`,
  )
}

async function compareAll(
  duck: Duck,
  reference: string,
  current: string,
  count: number,
  counted: CountTable,
): Promise<number> {
  const of = (path: string) => ({ from: `read_parquet(${literal(path)})`, rows: count, columns, fixed: true })
  let drifted = 0
  const after = counted(duck, of(current))
  for await (const before of counted(duck, of(reference))) {
    const { value } = await after.next()
    if (compareColumn(before, value as CountedColumn, { columns: columns.length, strict: false }).drifted) drifted++
  }
  return drifted
}

async function months(duck: Duck, folder: string): Promise<BenchResult[]> {
  const paths = Array.from({ length: MONTHS }, (_, month) => join(folder, `month-${month}.parquet`))
  for (const [month, path] of paths.entries()) await write(duck, path, ROWS, month)
  const before = process.memoryUsage.rss()
  let most = before
  const watch = setInterval(() => {
    most = Math.max(most, process.memoryUsage.rss())
  }, 5)
  const seconds: number[] = []
  const processor: number[] = []
  for (let round = 0; round < 3; round++) {
    const [start, used] = [performance.now(), process.cpuUsage()]
    // Made anew: nothing is remembered of the round before.
    const count = rememberColumns()
    for (const path of paths.slice(1)) await compareAll(duck, paths[0]!, path, ROWS, count)
    seconds.push((performance.now() - start) / 1_000)
    const { user, system } = process.cpuUsage(used)
    processor.push((user + system) / 1e6)
  }
  clearInterval(watch)
  const ours = median(seconds)
  const cpu = median(processor)
  return [
    {
      name: `drift of ${MONTHS} months of ${ROWS.toLocaleString('en-US')} rows x ${columns.length} columns; the limit is 3 s`,
      ...{ ours, peer: 3, unit: 's', ratio: 3 / ours, note: `${cpu.toFixed(2)} s of processor` },
    },
    {
      name: 'memory of the process meanwhile; the limit is 500 MB',
      ...{ ours: most / 1e6, peer: 500, unit: 'MB', ratio: 500 / (most / 1e6) },
    },
  ]
}

const PAIR_ROWS = 7_043

async function besideEvidently(duck: Duck, folder: string): Promise<BenchResult[]> {
  const python = process.env.WEIR_PYTHON_EVIDENTLY
  if (!python) {
    console.log('  WEIR_PYTHON_EVIDENTLY is not set: no Evidently beside')
    return []
  }
  const pair = join(folder, 'pair')
  const { mkdir } = await import('node:fs/promises')
  await mkdir(pair)
  const [reference, current] = [join(pair, 'reference.parquet'), join(pair, 'current.parquet')]
  await write(duck, reference, PAIR_ROWS, 0)
  await write(duck, current, PAIR_ROWS, 1)
  await duck.run(`COPY (FROM read_parquet(${literal(reference)})) TO ${literal(`${reference}.csv`)} (HEADER)`)
  await duck.run(`COPY (FROM read_parquet(${literal(current)})) TO ${literal(`${current}.csv`)} (HEADER)`)
  const script = new URL('./monitoring/evidently_peer.py', import.meta.url).pathname
  const peer = await startPython('Evidently', { python, script, folder: pair })
  if (peer === undefined) return []
  try {
    const ours = async () => {
      const start = performance.now()
      await compareAll(duck, reference, current, PAIR_ROWS, rememberColumns())
      return performance.now() - start
    }
    await ours()
    const theirs = async () => (await peer.ask<{ ms: number }>({})).ms
    const rounds = await interleaved(ours, theirs, 'less')
    const name = `report of one pair of months (${PAIR_ROWS} rows x ${columns.length}), beside Evidently ${peer.version}`
    return [{ name, unit: 'ms', ...rounds }]
  } finally {
    peer.close()
  }
}
