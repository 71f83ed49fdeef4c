/**
 * What a page shows of an artifact: the first part of it, as data. What a file is called decides nothing that its bytes
 * contradict; nothing is read whole that may be large; nothing in it becomes HTML of ours.
 */
import { posix } from 'node:path'
import type { Readable } from 'node:stream'
import { PlatformError } from '../../base/errors.ts'
import { exactJson, parseExactJson } from '../../wire/exact-json.ts'
import { limitOf } from '../../wire/limits.ts'
import type { PreviewAnswer } from '../../wire/run.ts'
import type { createArtifacts } from '../artifacts.ts'
import { endingOf, imageType, isParquet, kindOf, textOf } from './kind.ts'
import { markdownBlocks } from './markdown.ts'
import { delimitedTable, parquetTable } from './table.ts'

type Artifacts = Pick<ReturnType<typeof createArtifacts>, 'stat' | 'stream' | 'proxyPath'>

const PART = limitOf('previewBytes')

export async function previewOf(artifacts: Artifacts, runId: string, path: string): Promise<PreviewAnswer> {
  const place = await artifacts.proxyPath(runId, path)
  const { bytes } = await artifacts.stat(place)
  const head = await readPart(artifacts, place, 0, Math.min(bytes, PART))
  const whole = bytes <= PART
  const text = textOf(head, whole)
  const { kind, odd } = kindOf(path, head, text)
  const nothing = { text: null, blocks: null, table: null }
  const answer = { path, bytes, kind, whole, note: odd ? ('name_says_otherwise' as const) : null, ...nothing }
  if (kind === 'image') {
    const tooLarge = bytes > limitOf('pictureBytes')
    return { ...answer, whole: !tooLarge, note: tooLarge ? 'too_large' : answer.note }
  }
  if (kind === 'binary' || (kind === 'table' && isParquet(head))) {
    return kind === 'binary' ? { ...answer, whole: false } : withParquet(artifacts, place, answer)
  }
  const written = text ?? ''
  if (kind === 'table') return { ...answer, text: null, table: delimitedTable(written, endingOf(path), whole) }
  if (kind === 'json') return { ...answer, text: whole ? prettyJson(written) : written }
  if (kind === 'markdown') {
    const blocks = markdownBlocks(written, posix.dirname(path))
    return blocks
      ? { ...answer, text: written, blocks }
      : { ...answer, kind: 'text', text: written, note: 'unreadable' }
  }
  return { ...answer, text: written }
}

async function withParquet(artifacts: Artifacts, place: string, answer: PreviewAnswer): Promise<PreviewAnswer> {
  const slice = async (start: number, end = answer.bytes) => {
    const from = start < 0 ? answer.bytes + start : start
    const { buffer, byteOffset, byteLength } = await readPart(artifacts, place, from, end - from)
    return buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer
  }
  try {
    const table = await parquetTable({ byteLength: answer.bytes, slice })
    if (!table) return { ...answer, whole: false, note: 'too_large' }
    return { ...answer, whole: table.rows.length === table.rows_in_all, table }
  } catch (error) {
    // A file that only begins like one. What the store refuses is a failure as ever.
    if (error instanceof PlatformError) throw error
    return { ...answer, kind: 'binary', whole: false, note: 'unreadable' }
  }
}

/** An image to be shown as one: its bytes decide what it is. */
export async function pictureOf(
  artifacts: Artifacts,
  runId: string,
  path: string,
): Promise<{ type: string; bytes: Buffer }> {
  const place = await artifacts.proxyPath(runId, path)
  const { bytes } = await artifacts.stat(place)
  if (bytes > limitOf('pictureBytes')) throw tooLarge(path, bytes, 'pictureBytes')
  const body = await readPart(artifacts, place, 0, bytes)
  const type = imageType(body) ?? kindOf(path, body, textOf(body, true)).type
  if (!type) throw new PlatformError('invalid_argument', `'${path.slice(0, 100)}' is not an image that a page shows`)
  return { type, bytes: body }
}

/** An HTML file, for a frame of its own. */
export async function htmlOf(artifacts: Artifacts, runId: string, path: string): Promise<Buffer> {
  const place = await artifacts.proxyPath(runId, path)
  const { bytes } = await artifacts.stat(place)
  if (!/^html?$/.test(endingOf(path))) {
    throw new PlatformError('invalid_argument', `'${path.slice(0, 100)}' is not called .html; download it instead`)
  }
  if (bytes > limitOf('pictureBytes')) throw tooLarge(path, bytes, 'pictureBytes')
  return readPart(artifacts, place, 0, bytes)
}

function tooLarge(path: string, bytes: number, limit: 'pictureBytes'): PlatformError {
  const most = limitOf(limit)
  const message = `'${path.slice(0, 100)}' has ${bytes} bytes; at most ${most} are shown (limit ${limit}); download it instead`
  return new PlatformError('invalid_argument', message)
}

async function readPart(artifacts: Artifacts, place: string, from: number, length: number): Promise<Buffer> {
  if (length <= 0) return Buffer.alloc(0)
  const stream: Readable = await artifacts.stream(place, { start: from, end: from + length - 1 })
  const parts: Buffer[] = []
  for await (const part of stream) parts.push(part as Buffer)
  return Buffer.concat(parts)
}

/** Numbers keep all their digits. What is no JSON is shown as it is. */
function prettyJson(text: string): string {
  try {
    return exactJson(parseExactJson(text), 2)
  } catch {
    return text
  }
}
