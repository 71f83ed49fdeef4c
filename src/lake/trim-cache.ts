import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { SCRATCH } from './object-key.ts'

/** What was used so shortly ago may be read at this moment: it stays, however large the rest is. */
export const CACHE_IN_USE_MS = 3_600_000

type TrimRequest = { bytesMax: number; nowMs: number; inUse?: (path: string) => boolean; dryRun?: boolean }
type Kept = { path: string; bytes: number; usedMs: number }

/**
 * Removes copies of objects, the longest unused first, until the rest has at most `bytesMax` bytes. The time of a use is the
 * time of change of the file (`s3-store.ts` moves it). Gives what went; what is gone meanwhile is no fault.
 */
export async function trimCache(
  folder: string,
  { bytesMax, nowMs, inUse = () => false, dryRun = false }: TrimRequest,
): Promise<{ files: number; bytes: number }> {
  const kept = (await filesOf(folder)).sort((a, b) => a.usedMs - b.usedMs)
  let total = kept.reduce((sum, file) => sum + file.bytes, 0)
  const gone = { files: 0, bytes: 0 }
  for (const { path, bytes, usedMs } of kept) {
    if (total <= bytesMax || usedMs > nowMs - CACHE_IN_USE_MS) break
    if (inUse(path)) continue
    // Somebody may have taken it up since the look.
    const now = dryRun ? { mtimeMs: usedMs } : await stat(path).catch(() => undefined)
    if (now !== undefined && now.mtimeMs !== usedMs) continue
    if (!dryRun) await rm(path, { force: true })
    total -= bytes
    gone.files++
    gone.bytes += bytes
  }
  return gone
}

export async function sizeOfCache(folder: string): Promise<number> {
  return (await filesOf(folder)).reduce((sum, { bytes }) => sum + bytes, 0)
}

async function filesOf(folder: string): Promise<Kept[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  const kept: Kept[] = []
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name)
    if (!entry.isFile() || path.startsWith(join(folder, SCRATCH))) continue
    const found = await stat(path).catch(() => undefined)
    if (found) kept.push({ path, bytes: found.size, usedMs: found.mtimeMs })
  }
  return kept
}
