import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, realpath, stat } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { PlatformError } from '../base/errors.ts'
import type { Source } from '../config/project.ts'
import { otherKind } from './file-kinds.ts'
import { type Finding, finding } from './finding.ts'
import { missingFile } from './folder-files.ts'

/** A delivered file as we work on it: a copy without its byte order mark, which nobody changes under our hands. */
export type DeliveredFile = {
  path: string
  format: 'csv' | 'parquet'
  /** SHA-256 of the file as it lies in the folder. */
  fileDigest: string
  /** Its bytes as it lies there, where it does. */
  size?: number
  /** The bytes end with a line end. */
  ended: boolean
  /** How many rows went into it, where it is a file of our own. */
  rows?: number
}

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

/** Copies a source's file to `target`, or says why it cannot be. */
export async function takeFile(folder: string, source: Source, target: string): Promise<DeliveredFile | Finding> {
  const path = await locate(folder, source)
  if (typeof path !== 'string') return path
  const format = source.file.endsWith('.parquet') ? 'parquet' : 'csv'
  const file = await copy(path, target, format).catch(unreadable(source))
  if ('rule' in file) return file
  const { bytes, head, ...delivered } = file
  if (bytes === 0) return finding(source, { rule: 'empty_file', says: 'the file is empty, without even a header' })
  const other = otherKind(head, format)
  return other === undefined
    ? delivered
    : finding(source, { rule: other.includes('UTF-16') ? 'encoding' : 'format', says: other })
}

/** A link that leads out of the folder is refused: what is delivered is the folder. */
async function locate(folder: string, source: Source): Promise<string | Finding> {
  const fault = (says: string) => finding(source, { rule: 'file', says })
  const path = await realpath(join(folder, source.file)).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') return unreadable(source)(error)
    return missingFile(folder, source)
  })
  if (typeof path !== 'string') return path
  if (relative(folder, path).split(sep)[0] === '..') return fault('it is a link out of the folder')
  return (await stat(path)).isFile() ? path : fault('it is not a regular file')
}

/** The file system's own refusal (rights, a loop of links) is a fault of the delivery; a full disk of ours is not. */
function unreadable(source: Source): (error: NodeJS.ErrnoException) => Finding {
  return (error) => {
    if (!['EACCES', 'EPERM', 'ELOOP', 'ENOTDIR', 'ENOENT'].includes(error.code ?? '')) throw error
    return finding(source, { rule: 'file', says: `the file cannot be read (${error.code})` })
  }
}

async function copy(
  from: string,
  to: string,
  format: DeliveredFile['format'],
): Promise<DeliveredFile & { bytes: number; head: Buffer }> {
  const hash = createHash('sha256')
  const out = await open(to, 'wx')
  let bytes = 0
  let size = 0
  let last = 0
  let head = Buffer.alloc(0)
  try {
    for await (const chunk of createReadStream(from, { highWaterMark: CHUNK_BYTES }) as AsyncIterable<Buffer>) {
      hash.update(chunk)
      size += chunk.length
      if (bytes === 0) head = Buffer.from(chunk.subarray(0, HEAD_BYTES))
      const marked = bytes === 0 && format === 'csv' && chunk.subarray(0, 3).equals(BOM)
      await out.writeFile(marked ? chunk.subarray(3) : chunk)
      bytes += chunk.length - (marked ? 3 : 0)
      last = chunk.at(-1) ?? last
    }
  } finally {
    await out.close()
  }
  return {
    path: to,
    format,
    bytes,
    size,
    fileDigest: hash.digest('hex'),
    ended: format === 'parquet' || last === 0x0a || last === 0x0d,
    head,
  }
}
