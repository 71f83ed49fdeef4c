import { createReadStream } from 'node:fs'
import iconv from 'iconv-lite'
import type { Format, Source } from '../../config/project.ts'
import { alike } from '../csv-header.ts'
import { locate } from '../files/locate.ts'
import { unpack } from '../files/unpack.ts'
import type { Looker } from './looker.ts'

export type Guess = { format: Format; notes: string[] }

const HEAD_BYTES = 1 << 18
const LINES_MAX = 30
const DELIMITERS = [',', ';', '\t', '|']

/** What is around the values of a file of text: encoding, lines before the header, delimiter, names. Other kinds have names alone. */
export async function guessText(looker: Looker, source: Source): Promise<Guess> {
  const located = await locate(looker.folder, source)
  const part = 'rule' in located ? undefined : located.parts[0]
  if (!part) return { format: source.format, notes: [] }
  if (part.format !== 'csv') return { format: { ...source.format, ...(await namesOfTable(looker, source)) }, notes: [] }
  const read = () => {
    const raw = createReadStream(part.path, { highWaterMark: HEAD_BYTES }) as AsyncIterable<Buffer>
    return part.packed === null ? raw : unpack(raw, part.packed)
  }
  const { encoding, head, guessed } = await encodingOf(read)
  const notes = guessed
    ? ['the encoding is a guess: look at the letters with accents in the file, and whether they come out right']
    : []
  const lines = iconv
    .decode(head, encoding)
    .split(/\r\n|\n|\r/)
    .slice(0, LINES_MAX)
  const layout = headerIn(lines, source) ?? withoutHeader(lines, source)
  return { format: { ...source.format, encoding, ...layout }, notes }
}

/** UTF-8 if all of the file is; else what its mark says; else the encoding of Windows in the west. */
async function encodingOf(
  read: () => AsyncIterable<Buffer>,
): Promise<{ encoding: Format['encoding']; head: Buffer; guessed: boolean }> {
  const utf8 = new TextDecoder('utf-8', { fatal: true })
  const pieces: Buffer[] = []
  let held = 0
  let valid = true
  try {
    for await (const chunk of read()) {
      if (held < HEAD_BYTES) pieces.push(Buffer.from(chunk))
      held += chunk.length
      if (valid) valid = decodes(utf8, chunk)
      if (!valid && held >= HEAD_BYTES) break
    }
  } catch {
    // What cannot be unpacked is told when the file is read.
  }
  const head = Buffer.concat(pieces).subarray(0, HEAD_BYTES)
  if (head[0] === 0xff && head[1] === 0xfe) return { encoding: 'utf-16le', head, guessed: false }
  if (head[0] === 0xfe && head[1] === 0xff) return { encoding: 'utf-16be', head, guessed: false }
  const zeros = [0, 1].map((at) => head.subarray(0, 1000).filter((byte, i) => i % 2 === at && byte === 0).length)
  const most = Math.min(1000, head.length) / 4
  if (zeros[1]! > most) return { encoding: 'utf-16le', head, guessed: false }
  if (zeros[0]! > most) return { encoding: 'utf-16be', head, guessed: false }
  return valid ? { encoding: 'utf-8', head, guessed: false } : { encoding: 'windows-1252', head, guessed: true }
}

function decodes(decoder: InstanceType<typeof TextDecoder>, chunk: Buffer): boolean {
  try {
    decoder.decode(chunk, { stream: true })
    return true
  } catch {
    return false
  }
}

type Layout = Partial<Pick<Format, 'delimiter' | 'skipLines' | 'header' | 'trim' | 'names'>>

/** The line, and the delimiter, by which most columns of the project have their names. */
function headerIn(lines: readonly string[], source: Source): Layout | undefined {
  let best: { known: number; layout: Layout } | undefined
  for (const delimiter of DELIMITERS) {
    for (const [i, line] of lines.entries()) {
      const fields = fieldsOf(line, delimiter)
      const known = source.columns.filter((c) => fields.some((field) => alike(field, c.name))).length
      if (known > (best?.known ?? 0)) best = { known, layout: { delimiter, skipLines: i, ...namesIn(fields, source) } }
    }
  }
  return best && best.known * 2 >= source.columns.length ? best.layout : undefined
}

/** No line has names, and each has as many fields as the project has columns. */
function withoutHeader(lines: readonly string[], { columns }: Source): Layout {
  const filled = lines.slice(0, -1).filter((line) => line !== '')
  const delimiter = DELIMITERS.find(
    (d) => filled.length > 0 && filled.every((line) => fieldsOf(line, d).length === columns.length),
  )
  return delimiter === undefined || columns.length < 2 ? {} : { delimiter, header: false }
}

/** What columns are called, where it is not their name; blanks around a name alone are a matter of trimming. */
function namesIn(fields: readonly string[], { columns }: Source): Layout {
  const trim = columns.some(({ name }) => !fields.includes(name) && fields.some((field) => field.trim() === name))
  const held = trim ? fields.map((field) => field.trim()) : fields
  const names = columns.flatMap(({ name }) => {
    if (held.includes(name)) return []
    const like = held.filter((field) => alike(field, name))
    return like.length === 1 ? [[name, like[0]!] as const] : []
  })
  return { ...(trim ? { trim } : {}), names: Object.fromEntries(names) }
}

function fieldsOf(line: string, delimiter: string): string[] {
  const fields = line.split(delimiter)
  return fields.map((field) => /^"(.*)"$/s.exec(field)?.[1]?.replaceAll('""', '"') ?? field)
}

async function namesOfTable(looker: Looker, source: Source): Promise<Layout> {
  const header = await looker.names(source)
  return header === undefined ? {} : namesIn(header, source)
}
