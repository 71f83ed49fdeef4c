import type { ObjectStat, ObjectStore } from './objects.ts'
import type { Work } from './work.ts'

/**
 * Objects that are named by their digest and may be made again: who writes one, perhaps over an old one of the same bytes, and
 * who removes old ones do it one after the other. So none goes that was written a moment ago.
 */
const TURN = 'kept objects'

/** Writes such objects. */
export function keepObjects<T>(work: Pick<Work, 'alone'>, body: () => Promise<T>): Promise<T> {
  return work.alone(TURN, body)
}

export type OldObjects = {
  prefix: string
  /** Only what was written before that. */
  beforeMs: number
  inUse: (key: string) => boolean
  dryRun: boolean
}

/** Removes the old ones that nobody uses; gives what went (or would go). */
export async function collectObjects(
  { objects, work }: { objects: ObjectStore; work: Pick<Work, 'alone'> },
  { prefix, beforeMs, inUse, dryRun }: OldObjects,
): Promise<ObjectStat[]> {
  const removed: ObjectStat[] = []
  for (const object of await objects.list(prefix)) {
    if (object.modifiedMs >= beforeMs || inUse(object.key)) continue
    const goes = dryRun || (await keepObjects(work, () => removeOld(objects, object.key, beforeMs)))
    if (goes) removed.push(object)
  }
  return removed
}

async function removeOld(objects: ObjectStore, key: string, beforeMs: number): Promise<boolean> {
  const now = await objects.stat(key)
  if (now === undefined || now.modifiedMs >= beforeMs) return false
  await objects.delete(key)
  return true
}
