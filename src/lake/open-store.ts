import { join } from 'node:path'
import { openDirectoryStore } from './directory-store.ts'
import type { ObjectStore } from './objects.ts'

/** The store that the setting `objects` names: a directory, or `s3://BUCKET/PREFIX` with files kept in the home. */
export async function openObjectStore(
  { objects, home, cacheBytesMax }: { objects: string; home: string; cacheBytesMax?: number },
  onWait?: (says: string) => void,
): Promise<ObjectStore> {
  if (!objects.startsWith('s3://')) return openDirectoryStore(objects)
  const { openS3Store } = await import('./s3-store.ts')
  return openS3Store({ url: objects, cacheDir: join(home, 'cache'), cacheBytesMax, ...(onWait ? { onWait } : {}) })
}
