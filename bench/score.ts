/**
 * Scoring a file of rows (`weir score` after its join) against pandas and scikit-learn, Parquet to Parquet, with a forest of 300
 * deep trees: WEIR_BENCH_SCORE_ROWS rows (200,000 where nothing is said), and what memory a fourth of them takes beside it.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDuck } from '../src/lake/duck.ts'
import { ident, literal } from '../src/lake/quote.ts'
import { scoreColumns } from '../src/score/score-columns.ts'
import { writeResult } from '../src/score/write-result.ts'
import { writeScores } from '../src/score/write-scores.ts'
import { fitModels, type Models, type PeerAnswer, startPeer } from './explain/models.ts'
import type { BenchResult } from './harness.ts'

const ROWS = Number(process.env.WEIR_BENCH_SCORE_ROWS ?? 200_000)
/** So many are asked of the peer: it takes the more time, and all of its rows in memory. */
const PEER_ROWS = Number(process.env.WEIR_BENCH_PEER_ROWS ?? 50_000)

export async function run(): Promise<BenchResult[]> {
  const models = await fitModels()
  const peer = await startPeer(models)
  const folder = mkdtempSync(join(tmpdir(), 'weir-bench-score-'))
  try {
    const part = await score(models, ROWS / 4, folder)
    const whole = await score(models, ROWS, folder)
    await writeRows(models, PEER_ROWS, folder)
    const file = join(folder, 'features.parquet')
    const theirs = await peer?.ask<PeerAnswer>({ what: 'score', file, out: join(folder, 'peer.parquet') })
    const other = theirs ? PEER_ROWS / theirs.cpu : Number.NaN
    const note = `${ROWS.toLocaleString('en-US')} rows, 1 thread each; ${peer?.version ?? 'no peer'}, ${PEER_ROWS.toLocaleString('en-US')} rows`
    return [
      {
        name: 'score, rows a CPU second',
        ours: whole.perSecond,
        peer: other,
        unit: 'rows/s',
        ratio: whole.perSecond / other,
        note,
      },
      {
        name: 'score, peak memory of the process, against a fourth of the rows',
        ours: whole.memoryMb,
        peer: part.memoryMb,
        unit: 'MB',
        ratio: whole.memoryMb / part.memoryMb,
        note: 'ours holds the models and the transpiler too',
      },
    ]
  } finally {
    peer?.close()
    rmSync(folder, { recursive: true })
  }
}

async function score(models: Models, rows: number, folder: string) {
  const { forest } = models
  await writeRows(models, rows, folder)
  const duck = await createDuck({ threads: 1, memoryLimit: '1GB' })
  const cpu = process.cpuUsage()
  const parts = await writeScores(duck, {
    ...{ model: forest, explain: false, asOf: '2024-01-31T00:00:00.000000Z' },
    ...{ rows, scratch: folder },
  })
  const columns = scoreColumns(forest, false)
  await writeResult(duck, { scratch: folder, parts, kept: ['key'], columns, made: { by: 'bench' }, rows })
  const { user, system } = process.cpuUsage(cpu)
  const perSecond = (rows / (user + system)) * 1e6
  duck.close()
  return { perSecond, memoryMb: process.resourceUsage().maxRSS / 1024 }
}

/** The January again and again, with a number of its own for each row. */
async function writeRows({ january, columns }: Models, rows: number, folder: string): Promise<void> {
  const duck = await createDuck({ threads: 1 })
  const { rows: count, values } = january.matrix
  const names = Array.from({ length: columns }, (_, c) => `c${c}`)
  await duck.session(async (session) => {
    await session.run(`CREATE TEMP TABLE january (${names.map((name) => `${name} DOUBLE`).join(', ')})`)
    const all = names.map((_, c) => Float64Array.from(values.subarray(c * count, (c + 1) * count)))
    await session.append(
      'january',
      names.map(() => 'DOUBLE' as const),
      all,
    )
    const to = literal(join(folder, 'features.parquet'))
    await session.run(
      `COPY (SELECT n AS key, ${names.map(ident).join(', ')} FROM range(${rows}) r(n)
         JOIN (SELECT row_number() OVER () - 1 AS i, * FROM january) ON i = n % ${count}) TO ${to} (FORMAT parquet)`,
    )
  })
  duck.close()
}
