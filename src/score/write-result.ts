import { must } from '../base/assert.ts'
import type { Duck } from '../lake/duck.ts'
import { ident, literal } from '../lake/quote.ts'
import type { ScoreColumn } from './score-columns.ts'

type Parts = {
  scratch: string
  parts: readonly string[]
  kept: readonly string[]
  columns: readonly ScoreColumn[]
  /** Goes into the metadata of the file. */
  made: Readonly<Record<string, string>>
}

/** Puts keys and scores side by side, row by row, into `result.parquet` of the folder; gives how many rows it has. */
export async function writeResult(duck: Duck, { scratch, parts, kept, columns, made }: Parts & { rows: number }) {
  const features = `read_parquet(${literal(`${scratch}/features.parquet`)})`
  const scores = `read_parquet([${parts.map(literal).join(', ')}])`
  const select = [
    ...kept.map((name) => `f.${ident(name)}`),
    ...columns.map(({ name, sql }) => `${sql} AS ${ident(name)}`),
  ]
  const metadata = Object.entries(made).map(([name, value]) => `${ident(name)}: ${literal(value)}`)
  const to = literal(`${scratch}/result.parquet`)
  const [copied] = await duck.rows<{ Count: number }>(
    `COPY (SELECT ${select.join(', ')} FROM ${features} f POSITIONAL JOIN ${scores} s)
     TO ${to} (FORMAT parquet, COMPRESSION zstd, KV_METADATA {${metadata.join(', ')}})`,
  )
  return must(copied).Count
}
