import { PlatformError } from '../base/errors.ts'
import type { Database } from '../db/sql.ts'
import { selectMerged } from './merged-queries.ts'
import type { ObjectStore } from './objects.ts'
import type { Snapshot } from './snapshot.ts'

/** The columns that a merged file has besides those of its source: the snapshot of a row, and its place in that one's file. */
export const MERGED_SEQ = '_weir_seq'
export const MERGED_ROW = '_weir_row'

/**
 * Where rows of small snapshots of one source can be read together, by seq. Only a copy: of a snapshot that is not named
 * here, because nobody merged it or its merged file is damaged or gone, its own file is read.
 */
export async function mergedPaths(
  { sql, objects }: { sql: Database; objects: ObjectStore },
  snapshots: readonly Pick<Snapshot, 'seq' | 'source' | 'objectKey'>[],
): Promise<Map<number, string>> {
  const paths = new Map<number, string>()
  const [first, second] = snapshots
  if (!first || !second) return paths
  const wanted = new Map(snapshots.map((s) => [s.seq, s.objectKey]))
  for (const { objectKey, members } of await selectMerged(sql, first.source)) {
    const here = members.filter((m) => wanted.get(m.seq) === m.objectKey)
    if (here.length < 2) continue
    const path = await readablePath(objects, objectKey)
    if (path !== undefined) for (const { seq } of here) paths.set(seq, path)
  }
  return paths
}

/** Undefined where its bytes are not those of its name, or it is gone. */
export async function readablePath(objects: ObjectStore, objectKey: string): Promise<string | undefined> {
  try {
    return await objects.local(objectKey)
  } catch (error) {
    if (error instanceof PlatformError && ['corrupt', 'not_found'].includes(error.code)) return undefined
    throw error
  }
}
