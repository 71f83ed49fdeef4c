import { createReadStream } from 'node:fs'

/** Where a record of a CSV file starts, and how it ends. `line` counts from 1, also inside quotes. */
export type CsvRecord = { index: number; line: number; byte: number; end: 'lf' | 'crlf' | 'cr' | 'none' }

const LF = 0x0a
const CR = 0x0d

/**
 * Walks the records of a file, header first, until `visit` says false. It reads no values: DuckDB does that, but it
 * does not tell on which line a row began, and a person needs just that. Only run when there is something to report.
 *
 * As DuckDB does, it skips blank lines (`keepBlank` for a file of one column, where they are rows), and takes up again
 * at the next line where quotes are broken (`broken`: bytes at which such records start).
 */
export async function walkRecords(
  path: string,
  options: { keepBlank: boolean; broken: ReadonlySet<number>; delimiter: string; quote: string | null },
  visit: (record: CsvRecord) => boolean,
): Promise<void> {
  const delimiter = options.delimiter.charCodeAt(0)
  const quote = options.quote?.charCodeAt(0)
  let index = 0
  let line = 1
  let byte = 0
  let start: { line: number; byte: number } | undefined
  let fieldStart = true
  let quoted = false
  let quoteSeen = false
  let ignoreQuotes = false
  let afterCr = false

  const finish = (end: CsvRecord['end']): boolean => {
    const record = start ?? (options.keepBlank && end !== 'none' ? { line, byte: byte - 1 } : undefined)
    start = undefined
    fieldStart = true
    quoteSeen = false
    return record === undefined || visit({ index: index++, ...record, end })
  }

  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    for (let i = 0; i < chunk.length; i++) {
      const b = chunk[i]
      byte++
      if (afterCr) {
        // The line end is known only now: a carriage return alone, or with a line feed.
        afterCr = false
        if (!quoted && !finish(b === LF ? 'crlf' : 'cr')) return
        line++
        if (b === LF) continue
      }
      if (b === CR) {
        afterCr = true
        continue
      }
      if (b === LF) {
        if (!quoted && !finish('lf')) return
        line++
        continue
      }
      if (start === undefined) {
        start = { line, byte: byte - 1 }
        ignoreQuotes = options.broken.has(byte - 1)
      }
      if (quoted) {
        if (b === quote) {
          quoted = false
          quoteSeen = true
        }
      } else if (b === quote && (fieldStart || quoteSeen) && !ignoreQuotes) {
        quoted = true
      } else {
        quoteSeen = false
      }
      fieldStart = !quoted && b === delimiter
    }
  }
  finish(afterCr ? 'cr' : 'none')
}
