import { stat } from 'node:fs/promises'
import { CACHE_IN_USE_MS, sizeOfCache, trimCache } from './trim-cache.ts'

/** Down to this share, so that not each file that comes in makes another go. */
const TRIMMED_TO = 0.9
/** Other processes put files into the same folder: it is measured again when so much has come in here. */
const MEASURED_EVERY = 0.05

export type CacheSize = {
  /** A file was put into the cache: trims it where it has become too large. */
  came(path: string): Promise<void>
  /** A file of it was handed out, and may be read from now on. */
  used(path: string): void
}

/**
 * Keeps the copies of objects on this host below a size while files come in: the longest unused go, never one that this process
 * handed out, or any process marked as used, within the hour. Where all are in use the cache is larger for as long. What fails
 * here is left to `weir gc`, which says it: whoever has a file is not refused it.
 */
export function createCacheSize(
  folder: string,
  { bytesMax, nowMs }: { bytesMax: number; nowMs: () => number },
): CacheSize {
  const usedMs = new Map<string, number>()
  let last: Promise<void> = Promise.resolve()
  /** So many bytes may come before the folder is looked at. */
  let room = 0

  async function add(path: string): Promise<void> {
    room -= (await stat(path)).size
    if (room > 0) return
    let size = await sizeOfCache(folder)
    if (size > bytesMax) {
      forgetOld()
      const inUse = (file: string) => usedMs.has(file)
      size -= (await trimCache(folder, { bytesMax: bytesMax * TRIMMED_TO, nowMs: nowMs(), inUse })).bytes
    }
    // Where all that is left is in use, to look again for each file would find the same.
    const often = bytesMax * MEASURED_EVERY
    room = size > bytesMax ? often : Math.min(often, bytesMax - size)
  }

  function forgetOld(): void {
    for (const [path, ms] of usedMs) if (ms <= nowMs() - CACHE_IN_USE_MS) usedMs.delete(path)
  }

  return {
    used(path) {
      usedMs.delete(path)
      usedMs.set(path, nowMs())
    },
    came(path) {
      // One after the other: two at once would each take the other's for too much.
      last = last.then(() => add(path)).catch(() => {})
      return last
    },
  }
}
