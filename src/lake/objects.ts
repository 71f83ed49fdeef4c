import { randomUUID } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { copyFile, mkdir, open, readdir, readFile, realpath, rename, rm, stat } from 'node:fs/promises'
import { dirname, join, resolve, sep } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { PlatformError } from '../base/errors.ts'
import { checkObjectKey, SCRATCH } from './object-key.ts'

/** What is written: bytes, a stream of bytes, or the path of a local file, which is copied. */
export type ObjectBody = Uint8Array | AsyncIterable<Uint8Array> | string

export type ObjectStat = { key: string; bytes: number; modifiedMs: number }

/**
 * Named bytes. A key is either wholly there, durable, or not there at all; a put on a known key replaces it in one
 * step. Keys are checked (`object-key.ts`), so none leads out of the store.
 */
export type ObjectStore = {
  put(key: string, body: ObjectBody): Promise<void>
  /** Moves a finished file of the scratch space to `key`: a put without a copy. */
  adopt(key: string, scratchFile: string): Promise<void>
  /** Refuses (not_found) when there is no such key; so does `stream`. */
  get(key: string): Promise<Buffer>
  /** `end` is the last byte, inclusive. */
  stream(key: string, range?: { start?: number; end?: number }): Promise<Readable>
  stat(key: string): Promise<ObjectStat | undefined>
  /** All objects whose key is `prefix` or lies below it as a folder, in order of key. */
  list(prefix: string): Promise<ObjectStat[]>
  /** No complaint when there is no such key. */
  delete(key: string): Promise<void>
  /** Where DuckDB reads the object. */
  localPath(key: string): string
  /** A new private folder on the same file system, gone when `body` is done. */
  withScratch<T>(body: (dir: string) => Promise<T>): Promise<T>
  /** The folders that hold objects and scratch files: all that DuckDB needs to reach. */
  readonly directories: string[]
}

const SCRATCH_AGE_MS_MAX = 24 * 3600_000

/** An object store in a directory of its own, made when absent. */
export async function openDirectoryStore(dir: string): Promise<ObjectStore> {
  await mkdir(join(resolve(dir), SCRATCH), { recursive: true, mode: 0o700 })
  const root = await realpath(resolve(dir))
  const scratch = join(root, SCRATCH)
  await removeOldScratch(scratch)
  const localPath = (key: string) => join(root, ...checkObjectKey(key).split('/'))

  const store: ObjectStore = {
    directories: [root],
    localPath,
    async put(key, body) {
      const path = localPath(key)
      const temporary = join(scratch, randomUUID())
      try {
        await write(temporary, body)
        await publish(root, temporary, path).catch(clash(key))
      } finally {
        await rm(temporary, { force: true })
      }
    },
    adopt: async (key, scratchFile) => publish(root, scratchFile, localPath(key)).catch(clash(key)),
    get: async (key) =>
      withoutLinks(localPath(key))
        .then((path) => readFile(path))
        .catch(missing(key)),
    async stream(key, range = {}) {
      const handle = await withoutLinks(localPath(key))
        .then((path) => open(path))
        .catch(missing(key))
      if ((await handle.stat()).isFile()) return createReadStream('', { fd: handle, ...range })
      await handle.close()
      throw absent(key)
    },
    async stat(key) {
      const found = await withoutLinks(localPath(key))
        .then((path) => stat(path))
        .catch(ifAbsent(undefined))
      return found?.isFile() ? { key, bytes: found.size, modifiedMs: found.mtimeMs } : undefined
    },
    async list(prefix) {
      const clean = prefix.replace(/\/+$/, '')
      const self = clean === '' ? undefined : await store.stat(clean)
      if (self) return [self]
      const files = await walk(clean === '' ? root : localPath(clean))
      const keys = files.map((file) =>
        file
          .slice(root.length + 1)
          .split(sep)
          .join('/'),
      )
      const stats = await Promise.all(keys.sort().map(store.stat))
      return stats.filter((s) => s !== undefined)
    },
    async delete(key) {
      if (await store.stat(key)) await rm(localPath(key), { force: true })
    },
    async withScratch(body) {
      const own = join(scratch, randomUUID())
      await mkdir(own, { mode: 0o700 })
      try {
        return await body(own)
      } finally {
        await rm(own, { recursive: true, force: true })
      }
    },
  }
  return store
}

async function write(path: string, body: ObjectBody): Promise<void> {
  if (typeof body === 'string') return copyFile(body, path)
  const source = body instanceof Uint8Array ? [body] : body
  await pipeline(Readable.from(source, { objectMode: false }), createWriteStream(path, { flags: 'wx' }))
}

/** Flushes the file, gives it its name, and flushes every directory that got an entry by that. */
async function publish(root: string, file: string, path: string): Promise<void> {
  await flush(file, 'r+')
  const firstMade = await mkdir(dirname(path), { recursive: true })
  await withoutLinks(dirname(path))
  await rename(file, path)
  const top = firstMade === undefined ? dirname(path) : dirname(firstMade)
  for (let dir = dirname(path); dir.length >= Math.max(top.length, root.length); dir = dirname(dir))
    await flush(dir, 'r')
}

/** The path, when none of its parts is a symbolic link, which could lead out of the store; else as if it were absent. */
async function withoutLinks(path: string): Promise<string> {
  if ((await realpath(path)) === path) return path
  throw Object.assign(new Error(`'${path}' leads through a symbolic link`), { code: 'ENOTDIR' })
}

async function flush(path: string, flags: 'r' | 'r+'): Promise<void> {
  const handle = await open(path, flags)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function walk(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { withFileTypes: true }).catch(ifAbsent([]))
  const seen = entries.filter((entry) => entry.name !== SCRATCH)
  const nested = await Promise.all(
    seen.map((entry) => (entry.isDirectory() ? walk(join(dir, entry.name)) : [join(dir, entry.name)])),
  )
  return nested.flat()
}

/** What a killed process left; a day, so that no running one loses its files. */
async function removeOldScratch(scratch: string): Promise<void> {
  for (const name of await readdir(scratch)) {
    const path = join(scratch, name)
    const found = await stat(path).catch(ifAbsent(undefined))
    if (found && Date.now() - found.mtimeMs > SCRATCH_AGE_MS_MAX) await rm(path, { recursive: true, force: true })
  }
}

function isAbsent(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR'
}

function ifAbsent<T>(value: T): (error: unknown) => T {
  return (error) => {
    if (isAbsent(error)) return value
    throw error
  }
}

function missing(key: string): (error: unknown) => never {
  return (error) => {
    if (!isAbsent(error)) throw error
    throw absent(key, error)
  }
}

function absent(key: string, cause?: unknown): PlatformError {
  return new PlatformError('not_found', `there is no object '${key}'`, { cause })
}

/** In a directory a name is a file or a folder, never both. */
function clash(key: string): (error: unknown) => never {
  return (error) => {
    const code = (error as NodeJS.ErrnoException).code ?? ''
    if (!['EISDIR', 'ENOTDIR', 'EEXIST', 'ENOTEMPTY'].includes(code)) throw error
    const message = `object key '${key}' lies below another object's key, or is the folder of others; choose another`
    throw new PlatformError('conflict', message, { cause: error })
  }
}
