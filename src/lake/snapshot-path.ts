import { PlatformError } from '../base/errors.ts'
import { displayInstant } from '../base/instant.ts'
import type { ObjectStore } from './objects.ts'
import type { Snapshot } from './snapshot.ts'

export type SnapshotName = Pick<Snapshot, 'id' | 'source' | 'validAt' | 'objectKey'>

/** Where DuckDB reads a snapshot; a damaged or missing one is refused by its name, with what brings it back. */
export async function snapshotPath(objects: ObjectStore, snapshot: SnapshotName): Promise<string> {
  try {
    return await objects.local(snapshot.objectKey)
  } catch (error) {
    if (!(error instanceof PlatformError) || !['corrupt', 'not_found'].includes(error.code)) throw error
    const { id, source, objectKey } = snapshot
    const what = error.code === 'corrupt' ? error.message : `the object store has no '${objectKey}'`
    const message = `snapshot ${id} cannot be read: ${what}; ${remedyOf(snapshot)}`
    throw new PlatformError('corrupt', message, {
      cause: error,
      details: { snapshot: id, source, object: objectKey },
    })
  }
}

export function remedyOf({ validAt }: SnapshotName): string {
  return `deliver the same file again (weir ingest DIR --as-of ${displayInstant(validAt)}), or put the object back from a backup`
}
