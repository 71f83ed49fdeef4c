import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Source } from '../config/project.ts'
import type { DeliveredFile } from './delivery-file.ts'

/** Rows as the CSV file that they could have come in, so that they are read and checked as one. */
export async function writeRows(
  source: Source,
  rows: readonly Readonly<Record<string, unknown>>[],
  target: string,
): Promise<DeliveredFile> {
  const hash = createHash('sha256')
  // Columns that the source does not know are named too, so that the check on extra columns sees them.
  const names = [...new Set([...source.columns.map((c) => c.name), ...rows.flatMap((row) => Object.keys(row))])]
  function* lines() {
    for (const row of [undefined, ...rows]) {
      const fields = names.map((name) => (row === undefined ? quoted(name) : field(row[name])))
      const line = `${fields.join(',')}\n`
      hash.update(line)
      yield line
    }
  }
  await pipeline(Readable.from(lines()), createWriteStream(target))
  return { path: target, format: 'csv', fileDigest: hash.digest('hex'), ended: true, rows: rows.length }
}

/** An empty field is null, a quoted one is text. */
function field(value: unknown): string {
  if (value === null || value === undefined) return ''
  return quoted(value instanceof Date ? value.toISOString() : String(value))
}

function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`
}
