/** Folders of any size, looked at without holding up others: some files at a time. */
import type { Dir, Dirent } from 'node:fs'
import { opendir } from 'node:fs/promises'
import { join } from 'node:path'
import { SCRATCH } from './object-key.ts'

/** More at once only wait for the threads that ask the file system. */
const AT_ONCE = 32

/** The results of many small looks at the file system, in order, without those that are nothing. */
export async function inBatches<From, To>(
  items: readonly From[],
  look: (item: From) => Promise<To | undefined>,
): Promise<To[]> {
  const found: To[] = []
  for (let from = 0; from < items.length; from += AT_ONCE) {
    for (const one of await Promise.all(items.slice(from, from + AT_ONCE).map(look))) {
      if (one !== undefined) found.push(one)
    }
  }
  return found
}

/** What lies directly in a folder; nothing when there is none. Read as it goes: one list of 150,000 names takes too long. */
export async function* entriesOf(dir: string): AsyncGenerator<Dirent> {
  let opened: Dir
  try {
    opened = await opendir(dir, { bufferSize: 256 })
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return
    throw error
  }
  // Leaving the loop closes it.
  for await (const entry of opened) if (entry.name !== SCRATCH) yield entry
}

export async function holdsFile(dir: string): Promise<boolean> {
  for await (const entry of entriesOf(dir)) {
    if (entry.isFile() || (entry.isDirectory() && (await holdsFile(join(dir, entry.name))))) return true
  }
  return false
}

/** The paths of all that is no folder, at any depth. */
export async function* filesBelow(dir: string): AsyncGenerator<string> {
  for await (const entry of entriesOf(dir)) {
    const path = join(dir, entry.name)
    if (entry.isDirectory()) yield* filesBelow(path)
    else yield path
  }
}
