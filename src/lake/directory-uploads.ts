import { randomBytes, randomUUID } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { PlatformError } from '../base/errors.ts'
import { checkObjectKey } from './object-key.ts'
import type { UploadedPart, Uploads } from './objects.ts'

type Deps = { scratch: string; adopt(key: string, scratchFile: string): Promise<void> }

/**
 * Uploads in parts for a directory: each is a folder of the scratch space with the key it is for and a file a part,
 * named by number and tag. Who shares the directory shares them; what is given up goes with the old scratch files.
 */
export function directoryUploads({ scratch, adopt }: Deps): Uploads {
  async function folderOf(key: string, uploadId: string): Promise<string> {
    const dir = join(scratch, `upload-${uploadId}`)
    const known = /^[0-9a-f]{32}$/.test(uploadId) && (await readFile(join(dir, 'key'), 'utf8').catch(() => undefined))
    if (known === checkObjectKey(key)) return dir
    throw new PlatformError('not_found', `there is no upload '${uploadId.slice(0, 64)}' of '${key}'; create one first`)
  }

  return {
    async create(key) {
      const uploadId = randomBytes(16).toString('hex')
      const dir = join(scratch, `upload-${uploadId}`)
      await mkdir(dir, { mode: 0o700 })
      await writeFile(join(dir, 'key'), checkObjectKey(key))
      return uploadId
    },
    async part(key, uploadId, number, body) {
      const dir = await folderOf(key, uploadId)
      const tag = randomUUID()
      const coming = join(dir, `coming-${tag}`)
      try {
        await pipeline(Readable.from(body, { objectMode: false }), createWriteStream(coming, { flags: 'wx' }))
        await rename(coming, join(dir, partName({ number, tag })))
      } finally {
        await rm(coming, { force: true })
      }
      return tag
    },
    async complete(key, uploadId, parts, bytesMax) {
      const dir = await folderOf(key, uploadId)
      const held = new Set(await readdir(dir))
      const files = parts.map((part) => {
        if (held.has(partName(part))) return join(dir, partName(part))
        throw new PlatformError(
          'invalid_argument',
          `part ${part.number} with tag '${part.tag.slice(0, 64)}' is not there`,
        )
      })
      await requireSize(files, bytesMax)
      const whole = join(dir, 'whole')
      await pipeline(Readable.from(joined(files), { objectMode: false }), createWriteStream(whole))
      await adopt(key, whole)
      await rm(dir, { recursive: true, force: true })
    },
    async abort(key, uploadId) {
      const dir = await folderOf(key, uploadId).catch(() => undefined)
      if (dir) await rm(dir, { recursive: true, force: true })
    },
  }
}

function partName({ number, tag }: UploadedPart): string {
  return `${number}-${tag}`
}

async function requireSize(files: readonly string[], bytesMax: number): Promise<void> {
  let bytes = 0
  for (const file of files) bytes += (await stat(file)).size
  if (bytes > bytesMax)
    throw new PlatformError('too_large', `the parts are ${bytes} bytes together; at most ${bytesMax}`)
}

async function* joined(files: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const file of files) yield* createReadStream(file, { highWaterMark: 1 << 20 })
}
