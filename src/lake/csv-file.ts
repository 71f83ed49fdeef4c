import { open } from 'node:fs/promises'

/** What separates the fields of a CSV file and what is around them; a quote within is written twice. */
export type Dialect = { delimiter: string; quote: string | null; header: boolean }

const USUAL: Dialect = { delimiter: ',', quote: '"', header: true }

/**
 * How CSV files are read, all of them: strict, no sniffing, no padding of short rows, no tolerance for stray quotes. An
 * empty field is null, a quoted empty one is an empty text.
 */
export function csvDialect({ delimiter, quote, header }: Dialect = USUAL): string {
  const mark = quote === "'" ? "''" : (quote ?? '')
  return `auto_detect = false, header = ${header}, delim = '${delimiter === "'" ? "''" : delimiter}', quote = '${mark}', escape = '${mark}', comment = '',
  strict_mode = true, null_padding = false, nullstr = '', allow_quoted_nulls = false, encoding = 'utf-8'`
}

const HEADER_BYTES_MAX = 1 << 20

/** Why there is no header that can be read. */
export type NoHeader = { rule: 'header' | 'encoding'; says: string }

/** The names of the first line, or why there are none. The values below are read by DuckDB, which wants to be told the columns first. */
export async function readCsvHeader(path: string, dialect: Dialect = USUAL): Promise<string[] | NoHeader> {
  const bytes = await firstBytes(path)
  if (bytes.length === HEADER_BYTES_MAX && firstLineEnd(bytes) < 0) {
    return { rule: 'header', says: 'the first line is longer than 1 MB' }
  }
  const text = decode(bytes, dialect)
  if (text === undefined) return { rule: 'encoding', says: 'the header is not UTF-8' }
  const names = splitHeader(text, dialect)
  if (names === undefined) return { rule: 'header', says: 'the first line is not a header that ends' }
  if (names.length === 1 && names[0] === '')
    return {
      rule: 'header',
      says: 'the first line is empty, and the names of the columns are expected there; say with skipLines how many lines stand before them',
    }
  return names
}

/** The fields of the first record, quoted or not; nothing when a quote stays open. */
function splitHeader(text: string, { delimiter, quote }: Dialect): string[] | undefined {
  const names: string[] = []
  const d = escaped(delimiter)
  const q = quote === null ? '' : escaped(quote)
  const quoted = quote === null ? '' : `${q}((?:[^${q}]|${q}${q})*)${q}|`
  const field = new RegExp(`(?:${quoted}([^${q}${d}\\r\\n]*))(${d}|\\r\\n|\\n|\\r|$)`, 'y')
  for (;;) {
    const match = field.exec(text)
    if (match === null) return undefined
    const [inside, plain, end] = quote === null ? [undefined, match[1], match[2]] : [match[1], match[2], match[3]]
    names.push(inside?.replaceAll(`${quote}${quote}`, `${quote}`) ?? plain ?? '')
    if (end !== delimiter) return names
  }
}

function escaped(character: string): string {
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`
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
function decode(bytes: Buffer, { quote }: Dialect): string | undefined {
  const end = firstLineEnd(bytes)
  try {
    const line = new TextDecoder('utf-8', { fatal: true }).decode(end < 0 ? bytes : bytes.subarray(0, end))
    return end < 0 || quote === null || (line.split(quote).length - 1) % 2 === 0 ? line : bytes.toString('utf8')
  } catch {
    return undefined
  }
}

function firstLineEnd(bytes: Buffer): number {
  return bytes.findIndex((b) => b === 0x0a || b === 0x0d)
}
