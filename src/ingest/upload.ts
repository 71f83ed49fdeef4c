/** Files that come in over HTTP: streamed into a folder, as if somebody had put them there. Nothing is held in memory. */
import { mkdir } from 'node:fs/promises'
import type { IncomingHttpHeaders } from 'node:http'
import { dirname, join } from 'node:path'
import { type Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { BusboyHeaders, BusboyInstance } from '@fastify/busboy'
import { messageOf, PlatformError } from '../base/errors.ts'
import { worldError } from '../base/world.ts'
import { writeFileBy } from '../base/write-file.ts'
import type { Source } from '../config/project.ts'
import { limitOf, shown } from '../wire/limits.ts'
import { kindOfName, mayBePacked, withoutEnding } from './files/known-endings.ts'

export type Upload = { headers: IncomingHttpHeaders; body: Readable; sources: readonly Source[]; bytesMax: number }

const PART_HEADER_BYTES = 8 << 10
/** A folder below, for a source that is a folder of part files. */
const DEPTH_MAX = 2
const NAME_CHARS_MAX = 200

/**
 * Writes each part of a multipart body to its place in `dir`. When it throws, some files may be there: the folder is the
 * caller's to remove. A body that ends too early is refused, so what was broken off is never taken for whole.
 */
export async function receiveFiles({ headers, body, sources, bytesMax }: Upload, dir: string): Promise<string[]> {
  if (Number(headers['content-length'] ?? 0) > bytesMax) throw tooLarge(bytesMax)
  const parser = await openParser(headers)
  const failed = new AbortController()
  const fail = (error: Error) => {
    if (failed.signal.aborted) return
    failed.abort(error)
    parser.destroy(error)
  }
  const names = new Set<string>()
  const writing: Promise<void>[] = []
  parser.on('file', (field, stream, given) => {
    // Nobody may be listening any more when the rest of the body is dropped.
    stream.on('error', () => {})
    if (failed.signal.aborted) return void stream.resume()
    try {
      const name = placeOf(field, given, sources)
      if (names.has(name)) throw refusal(`${shown(name)} is there twice; send each file once`)
      names.add(name)
      const written = write(stream, join(dir, name), failed.signal)
      writing.push(written)
      written.catch(fail)
    } catch (error) {
      stream.resume()
      fail(error as Error)
    }
  })
  parser.on('field', (field) => fail(refusal(`the part ${shown(field)} is not a file; ${HOW}`)))
  parser.on('partsLimit', () =>
    fail(refusal(`too many files; at most ${limitOf('deliveryFiles')} (limit deliveryFiles)`)),
  )
  try {
    await pipeline(body, counted(bytesMax), parser)
    await Promise.all(writing)
  } catch (error) {
    fail(error as Error)
    await Promise.allSettled(writing)
    throw told(failed.signal.reason, body)
  }
  return [...names]
}

const HOW = 'send one part for each source, such as -F files=@customers.csv, and the rest in the address (?as_of=…)'

/** Loaded by the first delivery: a start without it is faster. */
async function openParser(headers: IncomingHttpHeaders): Promise<BusboyInstance> {
  const { Busboy } = await import('@fastify/busboy')
  try {
    return new Busboy({
      headers: headers as BusboyHeaders,
      preservePath: true,
      isPartAFile: (_field, _type, filename) => filename !== undefined,
      limits: { parts: limitOf('deliveryFiles'), fieldSize: 0, headerSize: PART_HEADER_BYTES, headerPairs: 50 },
    })
  } catch (error) {
    throw refusal(`the body is not multipart/form-data: ${messageOf(error)}; ${HOW}`)
  }
}

function counted(bytesMax: number): Transform {
  let bytes = 0
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length
      if (bytes > bytesMax) done(tooLarge(bytesMax))
      else done(null, chunk)
    },
  })
}

async function write(stream: Readable, path: string, signal: AbortSignal): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  await writeFileBy(path, (file) => pipeline(stream, file, { signal }), { isNew: true })
}

/**
 * A part that is called as a source is that source's file, whatever its own name; any other lies in the folder under its
 * own name, which leads nowhere else.
 */
function placeOf(field: string | undefined, given: string, sources: readonly Source[]): string {
  const source = sources.find((s) => s.name === field && s.postgres === null)
  if (source && isPlain(source.file)) return fileOf(source, given)
  const parts = given.split('/')
  const good = parts.length <= DEPTH_MAX && given.length <= NAME_CHARS_MAX && parts.every(isPlain)
  if (good) return given
  throw refusal(`${shown(given)} is not a file name; ${HOW}`)
}

/** Its own ending says what a file is, where the project leaves that open; a file of text may also be packed. */
function fileOf({ anyFile, file, name }: Source, given: string): string {
  const ending = kindOfName(given) === undefined ? '' : given.slice(withoutEnding(given).length)
  if (anyFile) return ending === '' ? file : `${name}${ending}`
  const packing = /(?<=\.(?:csv|tsv|txt))\.(?:gz|zst)$/i.exec(ending)?.[0].toLowerCase() ?? ''
  return mayBePacked(file) ? `${file}${packing}` : file
}

/** Letters of any script, but nothing that a file system reads as a place, and nothing hidden. */
function isPlain(name: string): boolean {
  return /^[^./\\:*?"<>|\p{Cc}\p{Cf}\p{Cs}][^/\\:*?"<>|\p{Cc}\p{Cf}\p{Cs}]*$/u.test(name)
}

function refusal(says: string): PlatformError {
  return new PlatformError('invalid_argument', says)
}

function tooLarge(bytesMax: number): PlatformError {
  return new PlatformError(
    'too_large',
    `a delivery may have at most ${bytesMax} bytes (setting WEIR_DELIVERY_BYTES_MAX); send fewer sources at a time, or Parquet`,
  )
}

/** A full disk is that; a caller who went away, or a body that ends too early, is the caller's. */
function told(error: unknown, body: Readable): unknown {
  if (error instanceof PlatformError) return error
  const world = worldError(error)
  // A connection that is lost is the caller's own. Where a file could not be written, the body was given up by us.
  if (world && world.code !== 'unavailable') return world
  if (body.readableAborted || body.errored) return refusal('the upload was cut off; nothing was taken')
  return refusal(`the body ended too early, or is not multipart/form-data (${messageOf(error)}); nothing was taken`)
}
