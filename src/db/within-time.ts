import { overLimit } from '../wire/limits.ts'
import type { Sql } from './sql.ts'

const QUERY_CANCELED = '57014'

/**
 * Runs statements that a caller's search shapes: on one connection, each for so long and on one core at most. One that
 * takes longer is the caller's to narrow, and is not sent again.
 */
export async function withinSearchTime<T>(sql: Sql, timeMs: number, body: (sql: Sql) => Promise<T>): Promise<T> {
  try {
    return await sql.tx(async (tx) => {
      await tx.query(
        `select set_config('statement_timeout', $1, true), set_config('max_parallel_workers_per_gather', '0', true)`,
        [String(timeMs)],
      )
      return body(tx)
    })
  } catch (error) {
    // The pool tells what the world did; here it was the search.
    if ((error as { cause?: { code?: string } }).cause?.code !== QUERY_CANCELED) throw error
    throw overLimit('searchMs', 'the search took too long; compare less, or search fewer experiments')
  }
}
