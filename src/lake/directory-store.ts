import { createReadStream, type Dirent } from 'node:fs'
import { chmod, copyFile, link, mkdir, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises'
import { dirname, join, resolve, sep } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { PlatformError } from '../base/errors.ts'
import { sortInTurns } from '../base/turns.ts'
import { writeFileBy } from '../base/write-file.ts'
import { directoryUploads } from './directory-uploads.ts'
import { createFileDigests } from './file-digests.ts'
import { damaged, digestOfKey } from './named-by-digest.ts'
import { byName, checkObjectKey, SCRATCH } from './object-key.ts'
import type { FolderEntry, ObjectBody, ObjectStore } from './objects.ts'
import { makeScratch, scratchName } from './scratch.ts'
import { entriesOf, filesBelow, holdsFile, inBatches } from './walk.ts'

/** An object store in a directory of its own, made when absent. */
export async function openDirectoryStore(dir: string): Promise<ObjectStore> {
  await mkdir(join(resolve(dir), SCRATCH), { recursive: true, mode: 0o700 })
  const root = await realpath(resolve(dir))
  const scratch = join(root, SCRATCH)
  const { withScratch } = await makeScratch(scratch)
  const localPath = (key: string) => join(root, ...checkObjectKey(key).split('/'))
  const digestOf = createFileDigests()
  const moveIn = (key: string, scratchFile: string) => publish(root, scratchFile, localPath(key)).catch(clash(key))

  const store: ObjectStore = {
    directories: [root],
    async local(key) {
      const path = await withoutLinks(localPath(key)).catch(missing(key))
      const found = await digestOf(path).catch(missing(key))
      if (found !== digestOfKey(key)) throw damaged(path, `it has SHA-256 ${found}`)
      return path
    },
    uploads: directoryUploads({ scratch, moveIn }),
    async put(key, body) {
      const path = localPath(key)
      const temporary = join(scratch, scratchName('put'))
      try {
        await write(temporary, body)
        await publish(root, temporary, path).catch(clash(key))
      } finally {
        await rm(temporary, { force: true })
      }
    },
    async putNew(key, bytes) {
      const path = localPath(key)
      const temporary = join(scratch, scratchName('put'))
      try {
        await write(temporary, bytes)
        await flush(temporary, 'r+')
        await mkdir(dirname(path), { recursive: true, mode: 0o700 })
        // A link is made only where nothing is yet, unlike a rename.
        await link(temporary, path)
        await flush(dirname(path), 'r')
        return true
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
        throw error
      } finally {
        await rm(temporary, { force: true })
      }
    },
    moveIn: async (key, scratchFile) => moveIn(key, scratchFile),
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
      const keys: string[] = []
      for await (const file of filesBelow(clean === '' ? root : localPath(clean))) {
        keys.push(file.slice(root.length + 1).replaceAll(sep, '/'))
      }
      return inBatches(await sortInTurns(keys, (a, b) => (a < b ? -1 : 1)), store.stat)
    },
    async folder(prefix) {
      const path = prefix === '' ? root : localPath(prefix)
      const entries: Dirent[] = []
      if (await withoutLinks(path).catch(ifAbsent(undefined))) {
        for await (const entry of entriesOf(path)) entries.push(entry)
      }
      const found = await inBatches(entries, async (entry): Promise<FolderEntry | undefined> => {
        // A folder whose files are gone is no folder: a store has no empty ones.
        if (entry.isDirectory())
          return (await holdsFile(join(path, entry.name))) ? { name: entry.name, bytes: null } : undefined
        const size = entry.isFile() ? await stat(join(path, entry.name)).catch(ifAbsent(undefined)) : undefined
        return size && { name: entry.name, bytes: size.size }
      })
      return sortInTurns(found, byName)
    },
    async delete(key) {
      if (await store.stat(key)) await rm(localPath(key), { force: true })
    },
    withScratch,
    close: async () => {},
  }
  return store
}

async function write(path: string, body: ObjectBody): Promise<void> {
  if (typeof body === 'string') return copyFile(body, path)
  const source = body instanceof Uint8Array ? [body] : body
  await writeFileBy(path, (file) => pipeline(Readable.from(source, { objectMode: false }), file), { isNew: true })
}

/** Flushes the file, gives it its name, and flushes every directory that got an entry by that. */
async function publish(root: string, file: string, path: string): Promise<void> {
  // What lies here is people's data: for the user of Weir alone, whoever wrote the file and whatever the umask.
  await chmod(file, 0o600)
  await flush(file, 'r+')
  const firstMade = await mkdir(dirname(path), { recursive: true, mode: 0o700 })
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
