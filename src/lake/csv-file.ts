import { open } from 'node:fs/promises'

/**
 * How CSV files are read, all of them: strict, no sniffing, no padding of short rows, no tolerance for stray quotes. An
 * empty field is null, a quoted empty one is an empty text.
 */
export const CSV_DIALECT = `auto_detect = false, header = true, delim = ',', quote = '"', escape = '"', comment = '',
  strict_mode = true, null_padding = false, nullstr = '', allow_quoted_nulls = false, encoding = 'utf-8'`

const HEADER_BYTES_MAX = 1 << 20

/** Why there is no header that can be read. */
export type NoHeader = { rule: 'header' | 'encoding'; says: string }

/** The names of the first line, or why there are none. The values below are read by DuckDB, which wants to be told the columns first. */
export async function readCsvHeader(path: string): Promise<string[] | NoHeader> {
  const bytes = await firstBytes(path)
  if (bytes.length === HEADER_BYTES_MAX && firstLineEnd(bytes) < 0) {
    return { rule: 'header', says: 'the first line is longer than 1 MB' }
  }
  const text = decode(bytes)
  if (text === undefined) return { rule: 'encoding', says: 'the header is not UTF-8' }
  const names = splitHeader(text)
  if (names === undefined) return { rule: 'header', says: 'the first line is not a header that ends' }
  if (names.length === 1 && names[0] === '') return { rule: 'header', says: 'the first line is empty' }
  return names
}

/** The fields of the first record, quoted or not; nothing when a quote stays open. */
function splitHeader(text: string): string[] | undefined {
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
