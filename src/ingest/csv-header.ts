import { open } from 'node:fs/promises'
import type { Source } from '../config/project.ts'
import { counted, type Finding, finding, shown } from './finding.ts'

const HEADER_BYTES_MAX = 1 << 20
const OTHER_DELIMITERS = [';', '\t', '|']

/** The names of the first line, or the finding that there is none that can be read. */
export async function readHeader(path: string, source: Source): Promise<string[] | Finding> {
  const bytes = await firstBytes(path)
  if (bytes.length === HEADER_BYTES_MAX && firstLineEnd(bytes) < 0)
    return finding(source, { rule: 'header', says: 'the first line is longer than 1 MB' })
  const text = decode(bytes)
  if (text === undefined) return finding(source, { rule: 'encoding', says: 'the header is not UTF-8' })
  const names = splitHeader(text)
  if (names === undefined) return finding(source, { rule: 'header', says: 'the first line is not a header that ends' })
  if (names.length === 1 && names[0] === '') return finding(source, { rule: 'header', says: 'the first line is empty' })
  return names
}

/** What is wrong with the names: another delimiter, columns missing, unknown or named twice. */
export function checkHeader(names: readonly string[], source: Source): Finding[] {
  const declared = source.columns.map((c) => c.name)
  const delimiter = OTHER_DELIMITERS.find(
    (d) => names.length === 1 && declared.some((n) => names[0]?.split(d).includes(n)),
  )
  if (delimiter !== undefined && declared.length > 1) {
    const says = `fields are separated by ${delimiter === '\t' ? 'tabs' : `'${delimiter}'`}; commas are expected`
    return [finding(source, { rule: 'delimiter', says, examples: [headerExample(source, names)] })]
  }
  const missing = declared.filter((name) => !names.includes(name))
  const twice = [...new Set(names.filter((name, i) => names.indexOf(name) !== i))]
  return [...missing.map((name) => missingColumn(source, name, names)), ...twice.map(columnTwice), ...extra()]

  function columnTwice(column: string): Finding {
    return finding(source, { column: shown(column), rule: 'columns', says: 'the header has this name more than once' })
  }
  function extra(): Finding[] {
    const unknown = [...new Set(names.filter((name) => !declared.includes(name)))]
    const severity = source.checks.find((c) => c.rule === 'extra_columns')?.severity ?? 'warn'
    return unknown.map((column) =>
      finding(source, {
        column: shown(column),
        rule: 'extra_columns',
        severity,
        says: 'the project does not name it; left out',
      }),
    )
  }
}

function missingColumn(source: Source, column: string, names: readonly string[]): Finding {
  const alike = names.find((name) => name.trim().toLowerCase() === column.toLowerCase())
  const hint = alike === undefined ? '' : `; the header has '${shown(alike)}', and names must be equal to the letter`
  const says = `the column is missing from the header, which has ${counted(names.length, 'name')}${hint}`
  return finding(source, { column, rule: 'columns', says, examples: [headerExample(source, names)] })
}

function headerExample(source: Source, names: readonly string[]) {
  return { line: source.file.endsWith('.parquet') ? null : 1, key: null, value: shown(names.join(',')) }
}

/**
 * The fields of the first record, quoted or not; nothing when a quote stays open. The values below it are read by
 * DuckDB, which wants to be told the columns first.
 */
export function splitHeader(text: string): string[] | undefined {
  const names: string[] = []
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|\n|\r|$)/y
  for (;;) {
    const match = field.exec(text)
    if (match === null) return undefined
    names.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '')
    if (match[3] !== ',') return names
  }
}

async function firstBytes(path: string): Promise<Buffer> {
  const handle = await open(path)
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEADER_BYTES_MAX), 0, HEADER_BYTES_MAX, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}

/** Only the first line must be UTF-8 here, as the bytes may end within a character. */
function decode(bytes: Buffer): string | undefined {
  const end = firstLineEnd(bytes)
  try {
    const line = new TextDecoder('utf-8', { fatal: true }).decode(end < 0 ? bytes : bytes.subarray(0, end))
    return end < 0 || (line.match(/"/g)?.length ?? 0) % 2 === 0 ? line : bytes.toString('utf8')
  } catch {
    return undefined
  }
}

function firstLineEnd(bytes: Buffer): number {
  return bytes.findIndex((b) => b === 0x0a || b === 0x0d)
}
