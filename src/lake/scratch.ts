import { randomUUID } from 'node:crypto'
import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'

const AGE_MS_MAX = 24 * 3600_000

/** Private folders below `dir`, which is there; what killed processes left a day ago goes first. */
export async function makeScratch(dir: string) {
  await removeOld(dir)
  return {
    async withScratch<T>(body: (dir: string) => Promise<T>): Promise<T> {
      const own = join(dir, randomUUID())
      await mkdir(own, { mode: 0o700 })
      try {
        return await body(own)
      } finally {
        await rm(own, { recursive: true, force: true })
      }
    },
  }
}

/** A day, so that no running process loses its files. */
async function removeOld(dir: string): Promise<void> {
  for (const name of await readdir(dir)) {
    const path = join(dir, name)
    const found = await stat(path).catch(() => undefined)
    if (found && Date.now() - found.mtimeMs > AGE_MS_MAX) await rm(path, { recursive: true, force: true })
  }
}
