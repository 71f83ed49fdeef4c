/**
 * What takes long when much is asked for. A few at a time, in pages of bounded size, with a turn for everybody else between
 * two: however many ask for however much, a prediction waits for no more than a page.
 */
import { createGate } from '../base/gate.ts'
import { limitOf } from '../wire/limits.ts'
import type { Sql } from './sql.ts'
import { withinSearchTime } from './within-time.ts'

const allowed = { atOnce: limitOf('longAtOnce'), waiting: limitOf('longWaiting') }
const searches = createGate(allowed)
/** For one page of a long list. Never held while a caller takes its answer: a slow one would hold up the others. */
export const longPage = createGate(allowed)

/** A statement that the caller shapes. */
export function longSearch<T>(sql: Sql, body: (tx: Sql) => Promise<T>): Promise<T> {
  return searches(() => withinSearchTime(sql, limitOf('searchMs'), body))
}

/** JSON texts of a list, a page at a time. */
export type JsonPages = AsyncIterable<readonly string[]>

/** Small, since nothing is known of them yet: a row may have a megabyte of text. */
const FIRST_ROWS = 8
const PAGE_CHARS = 256_000

/** Reads what was found, so much at a time as gives a page of usual length: rows may be a hundred characters or a million. */
export async function* jsonPages<Key>(
  keys: readonly Key[],
  textsOf: (keys: Key[]) => Promise<readonly string[]>,
  firstRows = FIRST_ROWS,
): AsyncGenerator<readonly string[]> {
  let size = firstRows
  for (let from = 0; from < keys.length; ) {
    const part = keys.slice(from, from + size)
    const texts = await longPage(() => textsOf(part))
    yield texts
    from += part.length
    const chars = texts.reduce((sum, text) => sum + text.length, 1)
    size = Math.max(1, Math.min(4 * size, Math.floor((PAGE_CHARS * part.length) / chars)))
  }
}
