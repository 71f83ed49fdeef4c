import type { Readable } from 'node:stream'
import { SaxesParser, type SaxesTagNS } from 'saxes'
import yauzl, { type Entry, type ZipFile } from 'yauzl'
import { messageOf } from '../../base/errors.ts'
import { limitOf } from '../../wire/limits.ts'
import { isTimeFormat, TIME_FORMATS } from './time-format.ts'

/** Why a workbook cannot be read, as the end of a sentence about the file. */
export class CannotReadWorkbook extends Error {}

export type Sheet = { name: string; path: string }

/** The parts of a workbook that its cells point to; the sheet itself is read as it passes. */
export type Workbook = {
  sheets: Sheet[]
  /** Days are counted from 1904, as Excel of the Mac did. */
  from1904: boolean
  /** By the number of a cell's style: whether its number is shown as a day or a time. */
  timeStyles: boolean[]
  texts: string[]
  open(path: string): Promise<AsyncIterable<Buffer>>
  close(): void
}

/** Element names as in the file's own words, without the prefix of their namespace. */
export type Visit = {
  open?: (name: string, attributes: Record<string, string>) => void
  text?: (text: string) => void
  close?: (name: string) => void
}

export async function openWorkbook(path: string): Promise<Workbook> {
  const zip = await yauzl.openPromise(path, { autoClose: false, lazyEntries: true }).catch((error) => {
    throw new CannotReadWorkbook(
      `it cannot be read as a workbook (${messageOf(error)}): save it again, or deliver it again`,
    )
  })
  try {
    const entries = await entriesOf(zip)
    const open = (part: string, limit: 'sheetBytes' | 'sheetTextBytes' = 'sheetBytes') =>
      openPart(zip, entries, { part, limit })
    const main = await mainPart(open)
    const targets = await relations(open, main)
    const book = await readBook(await open(main), targets)
    const shared = [...targets.values()].find(({ type }) => type.endsWith('/sharedStrings'))
    const styles = [...targets.values()].find(({ type }) => type.endsWith('/styles'))
    return {
      ...book,
      texts: shared ? await readTexts(await open(shared.path, 'sheetTextBytes')) : [],
      timeStyles: styles ? await readStyles(await open(styles.path, 'sheetTextBytes')) : [],
      open: (part) => open(part),
      close: () => zip.close(),
    }
  } catch (error) {
    zip.close()
    throw error
  }
}

type Open = (part: string, limit?: 'sheetBytes' | 'sheetTextBytes') => Promise<AsyncIterable<Buffer>>

function entriesOf(zip: ZipFile): Promise<Map<string, Entry>> {
  return new Promise((resolve, reject) => {
    const entries = new Map<string, Entry>()
    zip.on('entry', (entry: Entry) => {
      entries.set(entry.fileName, entry)
      zip.readEntry()
    })
    zip.on('end', () => resolve(entries))
    zip.on('error', (error) => reject(new CannotReadWorkbook(`it cannot be read as a workbook (${messageOf(error)})`)))
    zip.readEntry()
  })
}

/** What a part says of its size is checked against the limit first, and by yauzl against what comes out. */
async function openPart(
  zip: ZipFile,
  entries: Map<string, Entry>,
  { part, limit }: { part: string; limit: 'sheetBytes' | 'sheetTextBytes' },
): Promise<AsyncIterable<Buffer>> {
  const entry = entries.get(part) ?? [...entries.values()].find((e) => e.fileName.toLowerCase() === part.toLowerCase())
  if (!entry) throw new CannotReadWorkbook(`it is no workbook: it has no ${part}; save it as .xlsx`)
  if (entry.uncompressedSize > limitOf(limit)) {
    const mb = (bytes: number) => `${Math.round(bytes / 2 ** 20).toLocaleString('en-US')} MB`
    const says = `${part} in it has ${mb(entry.uncompressedSize)}, and ${mb(limitOf(limit))} are read (limit ${limit}); save the sheet as CSV UTF-8`
    throw new CannotReadWorkbook(says)
  }
  return (await zip.openReadStreamPromise(entry)) as Readable
}

type Relations = Map<string, { type: string; path: string }>

async function relations(open: Open, part: string): Promise<Relations> {
  const at = part.lastIndexOf('/') + 1
  const found: Relations = new Map()
  await visit(await open(`${part.slice(0, at)}_rels/${part.slice(at)}.rels`), {
    open(name, { Id = '', Type = '', Target = '' }) {
      if (name !== 'Relationship') return
      found.set(Id, { type: Type, path: new URL(Target, `file:///${part.slice(0, at)}`).pathname.slice(1) })
    },
  })
  return found
}

async function mainPart(open: Open): Promise<string> {
  let main = ''
  await visit(await open('_rels/.rels'), {
    open(name, { Type = '', Target = '' }) {
      if (name === 'Relationship' && Type.endsWith('/officeDocument')) main = Target.replace(/^\//, '')
    },
  })
  if (main === '') throw new CannotReadWorkbook('it is another document than a workbook; save it as .xlsx')
  return main
}

async function readBook(
  bytes: AsyncIterable<Buffer>,
  targets: Relations,
): Promise<Pick<Workbook, 'sheets' | 'from1904'>> {
  const sheets: Sheet[] = []
  let from1904 = false
  await visit(bytes, {
    open(name, attributes) {
      if (name === 'workbookPr') from1904 = isTrue(attributes.date1904)
      const target = name === 'sheet' ? targets.get(attributes.id ?? '') : undefined
      // Charts and dialogs are sheets too, and have no cells.
      if (target?.type.endsWith('/worksheet')) sheets.push({ name: attributes.name ?? '', path: target.path })
    },
  })
  if (sheets.length === 0) throw new CannotReadWorkbook('the workbook has no sheet with cells')
  return { sheets, from1904 }
}

/** Each text is that of its runs; the reading aids of Japanese are none of it. */
async function readTexts(bytes: AsyncIterable<Buffer>): Promise<string[]> {
  const texts: string[] = []
  let text = ''
  let inText = false
  let aside = 0
  await visit(bytes, {
    open(name) {
      if (name === 'si') text = ''
      if (name === 'rPh') aside++
      if (name === 't') inText = aside === 0
    },
    text(piece) {
      if (inText) text += piece
    },
    close(name) {
      if (name === 'si') texts.push(unescaped(text))
      if (name === 'rPh') aside--
      if (name === 't') inText = false
    },
  })
  return texts
}

async function readStyles(bytes: AsyncIterable<Buffer>): Promise<boolean[]> {
  const formats = new Map<number, boolean>(TIME_FORMATS.map((id) => [id, true]))
  const styles: boolean[] = []
  let inCells = false
  await visit(bytes, {
    open(name, { numFmtId = '', formatCode = '' }) {
      if (name === 'numFmt') formats.set(Number(numFmtId), isTimeFormat(formatCode))
      if (name === 'cellXfs') inCells = true
      if (name === 'xf' && inCells) styles.push(formats.get(Number(numFmtId)) ?? false)
    },
    close(name) {
      if (name === 'cellXfs') inCells = false
    },
  })
  return styles
}

/** Elements as they pass. A document type is refused: it may stand for more text than there is memory. */
export async function visit(bytes: AsyncIterable<Buffer>, { open, text, close }: Visit): Promise<void> {
  const parser = new SaxesParser({ xmlns: true })
  const fail = (error: Error) => {
    throw new CannotReadWorkbook(`its XML cannot be read (${error.message.slice(0, 100)}); save it again`)
  }
  parser.on('error', fail)
  parser.on('doctype', () => fail(new Error('it has a document type')))
  if (open) {
    parser.on('opentag', (tag: SaxesTagNS) => {
      const attributes = Object.values(tag.attributes).map(({ local, value }) => [local, value] as const)
      open(tag.local, Object.fromEntries(attributes))
    })
  }
  if (text) parser.on('text', text)
  if (text) parser.on('cdata', text)
  if (close) parser.on('closetag', (tag: SaxesTagNS) => close(tag.local))
  const decoder = new TextDecoder('utf-8', { fatal: true })
  try {
    for await (const chunk of bytes) parser.write(decoder.decode(chunk, { stream: true }))
    parser.write(decoder.decode()).close()
  } catch (error) {
    if (error instanceof CannotReadWorkbook) throw error
    throw new CannotReadWorkbook(
      `it cannot be read as a workbook (${messageOf(error)}): save it again, or deliver it again`,
    )
  }
}

/** Characters that XML cannot hold are written `_x000D_`. */
export function unescaped(text: string): string {
  return text.replaceAll(/_x([0-9A-Fa-f]{4})_/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
}

function isTrue(value: string | undefined): boolean {
  return value === '1' || value === 'true'
}
