import { randomBytes, randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { PlatformError } from '../base/errors.ts'
import { writeFileBy } from '../base/write-file.ts'
import { limitOf } from '../wire/limits.ts'
import { partsTooLarge, storeCounted } from './counted-parts.ts'
import { fileBytes } from './file-bytes.ts'
import { checkObjectKey } from './object-key.ts'
import type { UploadedPart, Uploads } from './objects.ts'

const UPLOAD = 'upload-'

type Deps = { scratch: string; moveIn(key: string, scratchFile: string): Promise<void> }

/**
 * Uploads in parts for a directory: each is a folder of the scratch space with the key it is for and a file a part,
 * named by number and tag. Who shares the directory shares them; what is given up goes with the old scratch files.
 */
export function directoryUploads({ scratch, moveIn }: Deps): Uploads {
  async function folderOf(key: string, uploadId: string): Promise<string> {
    const dir = join(scratch, `${UPLOAD}${uploadId}`)
    const known = /^[0-9a-f]{32}$/.test(uploadId) && (await readFile(join(dir, 'key'), 'utf8').catch(() => undefined))
    if (known === checkObjectKey(key)) return dir
    throw new PlatformError('not_found', `there is no upload '${uploadId.slice(0, 64)}' of '${key}'; create one first`)
  }

  return {
    async create(key) {
      const open = (await readdir(scratch)).filter((name) => name.startsWith(UPLOAD)).length
      if (open >= limitOf('uploadsOpen')) {
        const message = `${open} uploads are not finished (limit uploadsOpen); complete or abort some, or wait a day`
        throw new PlatformError('conflict', message)
      }
      const uploadId = randomBytes(16).toString('hex')
      const dir = join(scratch, `${UPLOAD}${uploadId}`)
      await mkdir(dir, { mode: 0o700 })
      await writeFile(join(dir, 'key'), checkObjectKey(key), { mode: 0o600 })
      return uploadId
    },
    async part(key, uploadId, number, body, bytesMax) {
      const dir = await folderOf(key, uploadId)
      const held = async () => {
        const others = (await partsIn(dir)).filter((part) => part.number !== number)
        return bytesOf(others.map((part) => join(dir, partName(part))))
      }
      const tag = randomUUID()
      const coming = join(dir, `coming-${tag}`)
      await storeCounted(uploadId, body, { held, bytesMax }, async (counted) => {
        try {
          await writeFileBy(coming, (file) => pipeline(Readable.from(counted, { objectMode: false }), file), {
            isNew: true,
          })
          const before = (await partsIn(dir)).filter((part) => part.number === number)
          await rename(coming, join(dir, partName({ number, tag })))
          for (const part of before) await rm(join(dir, partName(part)), { force: true })
        } finally {
          await rm(coming, { force: true })
        }
      })
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
      if ((await bytesOf(files)) > bytesMax) throw partsTooLarge(bytesMax)
      const whole = join(dir, 'whole')
      await writeFileBy(whole, (file) => pipeline(Readable.from(joined(files), { objectMode: false }), file))
      await moveIn(key, whole)
      await rm(dir, { recursive: true, force: true })
    },
    async abort(key, uploadId) {
      const dir = await folderOf(key, uploadId).catch(() => undefined)
      if (dir) await rm(dir, { recursive: true, force: true })
    },
    async collect(beforeMs) {
      let count = 0
      for (const name of await readdir(scratch)) {
        const dir = join(scratch, name)
        if (!name.startsWith(UPLOAD) || (await newestMs(dir)) >= beforeMs) continue
        await rm(dir, { recursive: true, force: true })
        count++
      }
      return count
    },
  }
}

/** The parts that have arrived. */
async function partsIn(dir: string): Promise<UploadedPart[]> {
  return (await readdir(dir)).flatMap((name) => {
    const [, number, tag] = /^(\d+)-(.+)$/.exec(name) ?? []
    return number === undefined || tag === undefined ? [] : [{ number: Number(number), tag }]
  })
}

/** When something was last written there, also a part that is still coming; one that is gone is as old as can be. */
async function newestMs(dir: string): Promise<number> {
  const names = await readdir(dir).catch(() => [])
  const stats = await Promise.all(['.', ...names].map((name) => stat(join(dir, name)).catch(() => undefined)))
  return Math.max(0, ...stats.map((found) => found?.mtimeMs ?? 0))
}

function partName({ number, tag }: UploadedPart): string {
  return `${number}-${tag}`
}

async function bytesOf(files: readonly string[]): Promise<number> {
  let bytes = 0
  for (const file of files) bytes += (await stat(file).catch(() => undefined))?.size ?? 0
  return bytes
}

async function* joined(files: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const file of files) yield* fileBytes(file)
}
