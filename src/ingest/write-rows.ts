import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { PlatformError } from '../base/errors.ts'
import { writeFileBy } from '../base/write-file.ts'
import type { Source } from '../config/project.ts'
import { USUAL_FORMAT } from '../config/usual-format.ts'
import { notOfType, readJsonValue } from '../values/json.ts'
import { valueText } from '../values/text.ts'
import type { ValueType } from '../values/values.ts'
import type { DeliveredFile } from './delivered.ts'

/** Rows as the CSV file that they could have come in, so that they are read and checked as one. */
export async function writeRows(
  source: Source,
  rows: readonly Readonly<Record<string, unknown>>[],
  target: string,
): Promise<DeliveredFile> {
  const hash = createHash('sha256')
  let bytes = 0
  // Columns that the source does not know are named too, so that the check on extra columns sees them.
  const names = [...new Set([...source.columns.map((c) => c.name), ...rows.flatMap((row) => Object.keys(row))])]
  const types = new Map(source.columns.map((column) => [column.name, column.type]))
  function* lines() {
    for (const [n, row] of [undefined, ...rows].entries()) {
      const fields = names.map((name) =>
        row === undefined ? quoted(name) : field(row[name], types.get(name), { n, name }),
      )
      const line = `${fields.join(',')}\n`
      hash.update(line)
      bytes += Buffer.byteLength(line)
      yield line
    }
  }
  await writeFileBy(target, (file) => pipeline(Readable.from(lines()), file))
  const part = { name: source.file, path: target, ended: true, linesBefore: 0, rows: rows.length }
  const ours = { ...source, format: USUAL_FORMAT }
  return { source: ours, format: 'csv', parts: [part], fileDigest: hash.digest('hex'), size: bytes, findings: [] }
}

/**
 * An empty field is null, a quoted one is text. Text is the check's to read; what a program gives otherwise is read here as
 * JSON is, and refused where it is none of the type: as text, a rounded number would look like a good one.
 */
function field(value: unknown, type: ValueType | undefined, at: { n: number; name: string }): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'string') return quoted(value)
  if (type === undefined) return quoted(String(value))
  const read = readJsonValue(type, value)
  if (read !== undefined && read !== null) return quoted(valueText(read))
  throw new PlatformError('invalid_argument', `row ${at.n}: ${notOfType(type, value, at.name)}`)
}

function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`
}
