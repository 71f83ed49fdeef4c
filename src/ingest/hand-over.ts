import { randomUUID } from 'node:crypto'
import { mkdir, readdir, realpath, symlink, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { PlatformError } from '../base/errors.ts'
import { sha256File } from '../base/hash.ts'
import { writeFileBy } from '../base/write-file.ts'
import type { Project } from '../config/project.ts'
import type { ObjectStat, ObjectStore } from '../lake/objects.ts'
import { isNamedBy } from './files/named-by.ts'
import { isWithin } from './files/within.ts'

/**
 * A delivery's folder on its way to the worker that takes it in, which may be on another host: each file lies in the object
 * store, below `handed-over/ID/`, under the name of its digest. The run removes it at its end; what a killed command has
 * left is removed by `weir gc`.
 */
export type HandedOver = {
  id: string
  /** Path in the folder → SHA-256 of its bytes. */
  files: Record<string, string>
  /** What else lies in the folder: only the name is needed, to say that it is not read. */
  names: string[]
  /** Links out of the folder, which are refused. */
  links: string[]
}

export const HANDED_OVER = 'handed-over'

/** Part files lie in a folder of their own. */
const DEPTH_MAX = 2

/** Copies the files that the sources name into the store. */
export async function handOver(
  objects: ObjectStore,
  dir: string,
  project: Project,
  names: readonly string[] | undefined,
): Promise<HandedOver> {
  const chosen = project.sources.filter((s) => s.postgres === null && (names?.includes(s.name) ?? true))
  const handed: HandedOver = { id: randomUUID(), files: {}, names: [], links: [] }
  const root = await realpath(dir).catch(() => undefined)
  if (root === undefined) return handed
  try {
    for (const path of await filesIn(root)) {
      const top = path.split('/')[0] ?? ''
      if (!chosen.some((source) => isNamedBy(top, source))) handed.names.push(path)
      else if (await isInside(root, path)) handed.files[path] = await handFile(objects, handed.id, join(root, path))
      else handed.links.push(path)
    }
  } catch (error) {
    await letGo(objects, handed).catch(() => {})
    throw error
  }
  return handed
}

async function handFile(objects: ObjectStore, id: string, path: string): Promise<string> {
  const digest = await sha256File(path)
  await objects.put(keyOf(id, digest), path)
  return digest
}

/** Gives `body` a folder of this host with the files; refuses what is not there, or not as it was handed over. */
export function withHandedOver<T>(
  objects: ObjectStore,
  { id, files, names, links }: HandedOver,
  body: (dir: string) => Promise<T>,
): Promise<T> {
  return objects.withScratch(async (scratch) => {
    const dir = join(scratch, 'delivery')
    const place = async (path: string) => {
      const to = join(dir, path)
      await mkdir(dirname(to), { recursive: true })
      return to
    }
    await mkdir(dir)
    for (const path of names) await writeFile(await place(path), '')
    for (const path of links) await symlink(scratch, await place(path))
    for (const [path, digest] of Object.entries(files)) {
      const to = await place(path)
      await fetchFile(objects, keyOf(id, digest), to)
      if ((await sha256File(to)) !== digest) throw gone(path, 'is not as it was handed over')
    }
    return body(dir)
  })
}

async function fetchFile(objects: ObjectStore, key: string, to: string): Promise<void> {
  try {
    await writeFileBy(to, async (file) => pipeline(await objects.stream(key), file), { isNew: true })
  } catch (error) {
    const missing = error instanceof PlatformError && ['not_found', 'file_gone'].includes(error.code)
    throw missing ? gone(basename(to), 'is not in the object store any more') : error
  }
}

function gone(file: string, how: string): PlatformError {
  return new PlatformError(
    'conflict',
    `'${file}', which was handed over for this run, ${how}; nothing was taken. Give the command again`,
  )
}

/** Removes what was handed over; no complaint when it is gone. */
export async function letGo(objects: ObjectStore, { id, files }: HandedOver): Promise<void> {
  for (const digest of new Set(Object.values(files))) await objects.delete(keyOf(id, digest))
}

/** Removes what no unfinished run was given and nobody added to since a moment; gives what went (or would go). */
export async function collectHandedOver(
  objects: ObjectStore,
  { inUse, beforeMs, dryRun = false }: { inUse: readonly string[]; beforeMs: number; dryRun?: boolean },
): Promise<ObjectStat[]> {
  const all = await objects.list(HANDED_OVER)
  const idOf = ({ key }: ObjectStat) => key.split('/')[1] ?? ''
  const young = new Set(all.filter((object) => object.modifiedMs >= beforeMs).map(idOf))
  const left = all.filter((object) => !young.has(idOf(object)) && !inUse.some((text) => text.includes(idOf(object))))
  if (!dryRun) for (const { key } of left) await objects.delete(key)
  return left
}

function keyOf(id: string, digest: string): string {
  return `${HANDED_OVER}/${id}/${digest}`
}

/** The visible files of a folder and of those in it, in order; with `/` on every system. */
async function filesIn(root: string, below = '', depth = 1): Promise<string[]> {
  const found: string[] = []
  const entries = await readdir(join(root, below), { withFileTypes: true })
  for (const entry of entries.filter(({ name }) => !name.startsWith('.'))) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`
    if (entry.isDirectory()) {
      if (depth < DEPTH_MAX) found.push(...(await filesIn(root, path, depth + 1)))
    } else found.push(path)
  }
  return found.sort()
}

/** A link that leads out of the folder is left to the reader, which refuses it. */
async function isInside(root: string, path: string): Promise<boolean> {
  const real = await realpath(join(root, path)).catch(() => undefined)
  return real !== undefined && isWithin(root, real)
}
