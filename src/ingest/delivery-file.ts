import { createHash, type Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, realpath, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { PlatformError } from '../base/errors.ts'
import { progress } from '../base/progress.ts'
import type { Source } from '../config/project.ts'
import type { DeliveredFile, DeliveredPart } from './delivered.ts'
import { otherKind } from './file-kinds.ts'
import { type DecodeFaults, decode } from './files/decode.ts'
import { digestOf, locate, type Part, unreadable } from './files/locate.ts'
import { skipLines } from './files/skip-lines.ts'
import { CannotUnpack, unpack } from './files/unpack.ts'
import { counted, type Finding, finding } from './finding.ts'

const CHUNK_BYTES = 1 << 20
const HEAD_BYTES = 512
const BOM = Buffer.from([0xef, 0xbb, 0xbf])

/** The folder of a delivery with its symbolic links resolved, or a refusal. */
export async function openDeliveryFolder(dir: string): Promise<string> {
  const real = await realpath(dir).catch(() => undefined)
  if (real !== undefined && (await stat(real)).isDirectory()) return real
  const fault = real === undefined ? 'does not exist or cannot be read' : 'is not a folder'
  throw new PlatformError('invalid_argument', `delivery folder '${dir}' ${fault}; name the folder that holds the files`)
}

/** Copies a source's file, or the parts of its folder, to `target`, or says why that cannot be. */
export async function takeFile(folder: string, source: Source, target: string): Promise<DeliveredFile | Finding> {
  const located = await locate(folder, source)
  if ('rule' in located) return located
  const { parts, name, findings } = located
  const taken: DeliveredPart[] = []
  const digests: string[] = []
  let size = 0
  for (const [i, part] of parts.entries()) {
    const at = { ...source, file: part.name }
    const seen: Seen = { hash: createHash('sha256'), bytes: 0, whole: false }
    const read = await takePart(at, part, { target: i === 0 ? target : `${target}_${i}`, seen }).catch(unreadable(at))
    if ('rule' in read) return read
    findings.push(...read.findings)
    taken.push(read.part)
    size += seen.bytes
    digests.push(seen.hash.digest('hex'))
  }
  return {
    source: { ...source, file: name },
    format: parts[0]?.format === 'parquet' ? 'parquet' : 'csv',
    parts: taken,
    fileDigest: digestOf(located, digests),
    size,
    findings,
  }
}

type Taken = { part: DeliveredPart; findings: Finding[] }
/** The bytes of a file as it lies in the folder, while they are read. */
type Seen = { hash: Hash; bytes: number; whole: boolean }
type To = { target: string; seen: Seen }

async function takePart(source: Source, part: Part, to: To): Promise<Taken | Finding> {
  if (part.format === 'xlsx') {
    const fault = await copyPlain(source, part, { ...to, target: `${to.target}.xlsx` })
    if ('rule' in fault) return fault
    const { writeSheet } = await import('./xlsx/write-sheet.ts')
    return writeSheet(source, part.name, `${to.target}.xlsx`, to.target)
  }
  if (part.format === 'parquet') return copyPlain(source, part, to)
  return copyText(source, part, to)
}

/** Byte for byte. */
async function copyPlain(source: Source, part: Part, { target, seen }: To): Promise<Taken | Finding> {
  const { head, bytes } = await write(hashed(part.path, seen), target)
  if (bytes === 0) return finding(source, { rule: 'empty_file', says: 'the file is empty; deliver it again' })
  const other = otherKind(head, part.format, source.format)
  if (other !== undefined) return finding(source, other)
  return { part: { name: part.name, path: target, ended: true, linesBefore: 0 }, findings: [] }
}

/** Unpacked, as UTF-8 without byte order mark, and without the lines before its header. */
async function copyText(source: Source, part: Part, { target, seen }: To): Promise<Taken | Finding> {
  const { encoding, skipLines: before } = source.format
  const raw = await peek(hashed(part.path, seen))
  const faults: DecodeFaults = { count: 0, line: 0, wasUtf8: false }
  try {
    const misnamed = part.packed === null ? undefined : otherKind(raw.head, part.packed, source.format)
    if (misnamed !== undefined) return finding(source, misnamed)
    const text = part.packed === null ? raw : await peek(unpack(raw.bytes, part.packed))
    const other = otherKind(text.head, 'csv', source.format)
    if (other !== undefined) return finding(source, other)
    const marked = text.head.subarray(0, 3).equals(BOM)
    const utf8 = encoding === 'utf-8' ? withoutMark(text.bytes, marked) : decode(text.bytes, encoding, faults)
    const written = await write(before === 0 ? utf8 : skipLines(utf8, before), target)
    if (!seen.whole) throw new CannotUnpack('there is more behind the end of what was packed; pack it again')
    if (written.bytes === 0) return empty(source, before > 0 && text.head.length > 0)
    const ended = written.last === 0x0a || written.last === 0x0d
    return {
      part: { name: part.name, path: target, ended, linesBefore: before },
      findings: decodeFindings(source, faults),
    }
  } catch (error) {
    if (error instanceof CannotUnpack) return finding(source, { rule: 'format', says: error.message })
    throw error
  } finally {
    await raw.end()
  }
}

function empty(source: Source, skipped: boolean): Finding {
  const says = skipped
    ? `the file has no more than the ${counted(source.format.skipLines, 'line')} that are skipped`
    : 'the file is empty, without even a header; deliver it again'
  return finding(source, { rule: 'empty_file', says })
}

function decodeFindings(source: Source, { count, line, wasUtf8 }: DecodeFaults): Finding[] {
  const { encoding } = source.format
  if (count > 0) {
    const says = `${counted(count, 'place')} where the bytes are no text in ${encoding}; say in which encoding the file is, or save it as UTF-8`
    return [finding(source, { rule: 'encoding', count, says, examples: [{ line, key: null, value: null }] })]
  }
  if (!wasUtf8) return []
  const says = `the format says ${encoding}, and the whole file is UTF-8: 'ö' would become 'Ã¶'; leave encoding out of the format`
  return [finding(source, { rule: 'encoding', says })]
}

async function* hashed(path: string, seen: Seen): AsyncGenerator<Buffer> {
  const onProgress = progress()
  const { size: total } = await stat(path)
  const phase = `read ${basename(path)}`
  for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_BYTES }) as AsyncIterable<Buffer>) {
    seen.hash.update(chunk)
    seen.bytes += chunk.length
    onProgress({ phase, done: seen.bytes, total, unit: 'bytes' })
    yield chunk
  }
  seen.whole = true
}

/** The first bytes, and all of them. */
async function peek(
  chunks: AsyncGenerator<Buffer>,
): Promise<{ head: Buffer; bytes: AsyncIterable<Buffer>; end: () => Promise<unknown> }> {
  const first = await chunks.next()
  const head = first.done ? Buffer.alloc(0) : first.value
  async function* all() {
    if (head.length > 0) yield head
    yield* chunks
  }
  return { head: Buffer.from(head.subarray(0, HEAD_BYTES)), bytes: all(), end: () => chunks.return(undefined) }
}

async function* withoutMark(chunks: AsyncIterable<Buffer>, marked: boolean): AsyncGenerator<Buffer> {
  let first = marked
  for await (const chunk of chunks) {
    yield first ? chunk.subarray(3) : chunk
    first = false
  }
}

async function write(
  chunks: AsyncIterable<Buffer>,
  target: string,
): Promise<{ bytes: number; last: number; head: Buffer }> {
  const out = await open(target, 'wx')
  const written = { bytes: 0, last: 0, head: Buffer.alloc(0) }
  try {
    for await (const chunk of chunks) {
      if (written.bytes === 0) written.head = Buffer.from(chunk.subarray(0, HEAD_BYTES))
      await out.writeFile(chunk)
      written.bytes += chunk.length
      written.last = chunk.at(-1) ?? written.last
    }
  } finally {
    await out.close()
  }
  return written
}
