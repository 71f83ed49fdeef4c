import { createReadStream } from 'node:fs'
import iconv from 'iconv-lite'
import type { Format, Source } from '../../config/project.ts'
import { alike, DELIMITERS } from '../csv-header.ts'
import { locate } from '../files/locate.ts'
import { unpack } from '../files/unpack.ts'
import { CannotReadWorkbook } from '../xlsx/workbook.ts'
import { guessEncoding, HEAD_BYTES } from './guess-encoding.ts'
import { guessSheet } from './guess-sheet.ts'
import { NO_VALUES } from './known-words.ts'
import type { Looker } from './looker.ts'
import { type Layout, namesIn, namesKnown, placedNote } from './names.ts'

export type Guess = { format: Format; notes: string[] }

/** As many as can be skipped, and a few. */
const LINES_MAX = 1010

/** What is around the values of a file of text: encoding, lines before the header, delimiter, names. Other kinds have names alone. */
export async function guessText(looker: Looker, source: Source): Promise<Guess> {
  const located = await locate(looker.folder, source)
  const part = 'rule' in located ? undefined : located.parts[0]
  if (!part) return { format: source.format, notes: [] }
  if (part.format !== 'csv') {
    const sheet = part.format === 'xlsx' ? await guessSheet(part.path, source).catch(cannotRead) : undefined
    const { layout, notes } = sheet ?? (await namesOfTable(looker, source))
    return { format: { ...source.format, ...layout }, notes }
  }
  const read = () => {
    const raw = createReadStream(part.path, { highWaterMark: HEAD_BYTES }) as AsyncIterable<Buffer>
    return part.packed === null ? raw : unpack(raw, part.packed)
  }
  const { encoding, head, notes: guessed } = await guessEncoding(read)
  const lines = iconv
    .decode(head, encoding)
    .split(/\r\n|\n|\r/)
    .slice(0, LINES_MAX)
  const around = headerIn(lines, source) ?? otherNames(lines, source)
  const notes = [...guessed, ...(around?.notes ?? [])]
  return { format: { ...source.format, encoding, ...around?.layout }, notes }
}

type Around = { layout: Layout; notes: string[] }

/** The line, and the delimiter, by which most columns of the project have their names. */
function headerIn(lines: readonly string[], source: Source): Around | undefined {
  let best: { known: number; fields: string[]; layout: Layout } | undefined
  for (const delimiter of DELIMITERS) {
    for (const [i, line] of lines.entries()) {
      const fields = fieldsOf(line, delimiter)
      if (fields.length < 2 && source.columns.length > 1) continue
      const known = namesKnown(fields, source)
      if (known > (best?.known ?? 0)) best = { known, fields, layout: { delimiter, skipLines: i } }
    }
  }
  if (!best || best.known * 2 < source.columns.length) return undefined
  const single = best.fields.every((field) => /^'.*'$/.test(field))
  const fields = single ? best.fields.map((field) => field.slice(1, -1).replaceAll("''", "'")) : best.fields
  const quote: Layout = single ? { quote: "'" } : {}
  const { delimiter, skipLines } = best.layout as { delimiter: string; skipLines: number }
  const below = fieldsOf(lines[skipLines + 1] ?? '', delimiter)
  if (isSecondHead(fields, below, source)) {
    const line = skipLines + 2
    const note = `line ${line} looks like a second line of names: both are skipped, and the columns are taken in the order of the project`
    return { layout: { delimiter, ...quote, header: false, skipLines: line }, notes: [note] }
  }
  return { layout: { ...best.layout, ...quote, ...namesIn(fields, source) }, notes: placedNote(fields, source) }
}

/** Units or longer names below the names: words where values are expected. Only where the columns stand in the order of the project. */
function isSecondHead(fields: readonly string[], below: readonly string[], { columns }: Source): boolean {
  if (fields.length !== columns.length || below.length !== fields.length) return false
  if (!columns.every(({ name }, i) => alike(name, fields[i]!))) return false
  const typed = below.filter((_, i) => columns[i]!.type !== 'String' && columns[i]!.type !== 'Bool')
  const missing: readonly string[] = NO_VALUES
  return typed.length > 1 && typed.every((field) => /^\D+$/.test(field) && !missing.includes(field.toLowerCase()))
}

/** No line has the names of the project, and each has as many fields as it has columns. */
function otherNames(lines: readonly string[], source: Source): Around | undefined {
  const { columns } = source
  const filled = lines.slice(0, -1).filter((line) => line !== '')
  const delimiter = DELIMITERS.find(
    (d) => filled.length > 0 && filled.every((line) => fieldsOf(line, d).length === columns.length),
  )
  if (delimiter === undefined || columns.length < 2) return undefined
  const first = fieldsOf(filled[0]!, delimiter)
  // Numbers and days have digits, and names of columns seldom.
  const typed = first.filter((_, i) => columns[i]!.type !== 'String' && columns[i]!.type !== 'Bool')
  const named = filled.length > 1 && typed.length > 0 && typed.every((field) => /^\D+$/.test(field))
  const names = named ? namesIn(first, source) : {}
  if (Object.keys(names.names ?? {}).length === 0) return { layout: { delimiter, header: false }, notes: [] }
  return { layout: { delimiter, ...names }, notes: placedNote(first, source) }
}

function fieldsOf(line: string, delimiter: string): string[] {
  if (!line.includes('"')) return line.split(delimiter)
  const fields: string[] = []
  let quoted = false
  let from = 0
  for (let i = 0; i <= line.length; i++) {
    if (line[i] === '"') quoted = !quoted
    if (i < line.length && (quoted || line[i] !== delimiter)) continue
    fields.push(line.slice(from, i))
    from = i + 1
  }
  return fields.map((field) => /^"(.*)"$/s.exec(field)?.[1]?.replaceAll('""', '"') ?? field)
}

async function namesOfTable(looker: Looker, source: Source): Promise<Around> {
  const header = await looker.names(source)
  return header === undefined
    ? { layout: {}, notes: [] }
    : { layout: namesIn(header, source), notes: placedNote(header, source) }
}

/** What is wrong with the workbook is told when it is read. */
function cannotRead(error: unknown): undefined {
  if (!(error instanceof CannotReadWorkbook)) throw error
}
