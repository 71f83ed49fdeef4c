import { createHash } from 'node:crypto'
import { assert } from '../base/assert.ts'
import { PlatformError } from '../base/errors.ts'
import { sha256Hex } from '../base/hash.ts'
import type { ObjectStore } from './objects.ts'

/** Objects that never change bear the SHA-256 of their bytes in their name: `snapshots/{digest}.parquet`. */
export function digestOfKey(key: string): string {
  const digest = /(?:^|\/)([0-9a-f]{64})\.[a-z.]+$/.exec(key)?.[1]
  assert(digest !== undefined, `object '${key}' is not named by its digest`)
  return digest
}

/** All bytes of such an object; refuses (corrupt) others than its name says. */
export async function getVerified(objects: ObjectStore, key: string): Promise<Buffer> {
  const bytes = await objects.get(key)
  const found = sha256Hex(bytes)
  if (found === digestOfKey(key)) return bytes
  throw damaged(key, `it has SHA-256 ${found}`)
}

export type ObjectState = 'intact' | 'damaged' | 'missing'

/** What the store itself has under this name, read anew from the first byte to the last; no cache is asked. */
export async function stateOfObject(objects: ObjectStore, key: string): Promise<ObjectState> {
  try {
    const hash = createHash('sha256')
    for await (const chunk of await objects.stream(key)) hash.update(chunk as Buffer)
    return hash.digest('hex') === digestOfKey(key) ? 'intact' : 'damaged'
  } catch (error) {
    if (error instanceof PlatformError && error.code === 'not_found') return 'missing'
    throw error
  }
}

export function damaged(where: string, saw: string): PlatformError {
  return new PlatformError('corrupt', `'${where}' does not have the bytes that its name says: ${saw}`)
}
