import { randomUUID } from 'node:crypto'
import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sha256Hex } from '../base/hash.ts'
import { isGone, placeOfProcess, thisProcess } from '../base/process-place.ts'

/** What belongs to no process (an upload in parts), or to one of another host, goes when nobody touched it for a day. */
const AGE_MS_MAX = 24 * 3600_000

/**
 * A new name in the scratch space that says whose it is: `KIND-PLACE-PID-START-…`. What a process leaves when it is killed
 * is people's data, so it goes as soon as its owner is gone.
 */
export function scratchName(kind: 'work' | 'put' | 'fetch' | 'duckdb' | 'sample' | 'trainer'): string {
  const { pid, start } = thisProcess()
  return `${kind}-${placeDigest()}-${pid}-${start || 0}-${randomUUID()}`
}

/** Private folders below `dir`, which is there; what killed processes left goes first. */
export async function makeScratch(dir: string) {
  await sweepScratch(dir)
  return {
    async withScratch<T>(body: (dir: string) => Promise<T>): Promise<T> {
      const own = join(dir, scratchName('work'))
      await mkdir(own, { mode: 0o700 })
      try {
        return await body(own)
      } finally {
        await rm(own, { recursive: true, force: true })
      }
    },
  }
}

/**
 * A private folder among the temporary files of the system, for a command that has no home. What such a command left when it
 * was killed goes first; of what others have there nothing is touched.
 */
export async function withTemporary<T>(kind: 'sample' | 'trainer', body: (dir: string) => Promise<T>): Promise<T> {
  for (const name of await readdir(tmpdir()).catch(() => [])) {
    const isLeft = name.startsWith(TEMPORARY) && ownerOf(name.slice(TEMPORARY.length)) === 'gone'
    // One of another user is that one's to remove.
    if (isLeft) await rm(join(tmpdir(), name), { recursive: true, force: true }).catch(() => {})
  }
  const own = temporaryName(kind)
  await mkdir(own, { mode: 0o700 })
  try {
    return await body(own)
  } finally {
    await rm(own, { recursive: true, force: true })
  }
}

/** The same name there. */
export function temporaryName(kind: 'sample' | 'trainer' | 'duckdb'): string {
  return join(tmpdir(), `${TEMPORARY}${scratchName(kind)}`)
}

const TEMPORARY = 'weir-'

/** Removes what belongs to nobody any more, and gives how much it was. */
export async function sweepScratch(dir: string): Promise<number> {
  let swept = 0
  for (const name of await readdir(dir).catch(() => [])) {
    const path = join(dir, name)
    const owner = ownerOf(name)
    if (owner === 'here' || (owner !== 'gone' && !(await isOld(path)))) continue
    await rm(path, { recursive: true, force: true })
    swept++
  }
  return swept
}

/** `unknown`: an upload, or a process of another host; nobody here can tell whether that one still runs. */
function ownerOf(name: string): 'here' | 'gone' | 'unknown' {
  const found = /^[a-z]+-([0-9a-f]{12})-(\d+)-(\d+)-/.exec(name)
  if (!found || found[1] !== placeDigest()) return 'unknown'
  const start = found[3] === '0' ? '' : found[3]
  return isGone({ place: placeOfProcess(), pid: Number(found[2]), start }) ? 'gone' : 'here'
}

async function isOld(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined)
  return found !== undefined && Date.now() - found.mtimeMs > AGE_MS_MAX
}

/** A host's name may have characters that a file's may not. */
function placeDigest(): string {
  return sha256Hex(placeOfProcess()).slice(0, 12)
}
