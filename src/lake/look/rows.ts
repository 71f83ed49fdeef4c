import { rowsWithinCells } from '../../wire/page.ts'
import type { Duck, DuckParam } from '../duck.ts'
import { literal } from '../quote.ts'
import type { Snapshot } from '../snapshot.ts'
import { boundedText, type LookedColumn, shownCell, textOf } from './cells.ts'

export type RowsRequest = {
  /** The number of the first row, counted from 0 in the order of the file. */
  from: number
  limit: number
  columns: readonly LookedColumn[]
  /** Only the rows of this key: as text, column by column. */
  key?: { columns: readonly LookedColumn[]; values: readonly string[] } | undefined
}

export type Rows = { rows: { number: number; cells: (string | null)[] }[]; next: number | null }

/** A page of the rows of a snapshot. Its file stands in the order of the key, so a page is found by row numbers. */
export async function readRows(duck: Duck, path: string, snapshot: Snapshot, request: RowsRequest): Promise<Rows> {
  const { from, columns, key } = request
  const limit = rowsWithinCells(request.limit, columns.length)
  const params: DuckParam[] = [from]
  const conditions = ['file_row_number >= $1']
  for (const [i, column] of (key?.columns ?? []).entries()) {
    params.push(key?.values[i] ?? null)
    conditions.push(`${textOf(column)} = $${params.length}`)
  }
  // Without a key the end is known as well, and what lies behind it is not read.
  if (!key) {
    params.push(from + limit)
    conditions.push(`file_row_number <= $${params.length}`)
  }
  const cells = columns.map((column, i) => `${boundedText(textOf(column))} AS c${i}`)
  const found = await duck.rows<Record<string, unknown> & { n: number }>(
    `SELECT ${['file_row_number AS n', ...cells].join(', ')}
     FROM read_parquet(${literal(path)}, file_row_number = true)
     WHERE ${conditions.join(' AND ')} ORDER BY file_row_number LIMIT ${limit + 1}`,
    params,
  )
  const next = key ? (found[limit]?.n ?? null) : from + limit < snapshot.rows ? from + limit : null
  return {
    rows: found.slice(0, limit).map((row) => ({
      number: row.n,
      cells: columns.map((_, i) => shownCell(row[`c${i}`])),
    })),
    next,
  }
}
