import { sha256Hex } from '../base/hash.ts'
import type { ObjectStore } from '../lake/objects.ts'

/** A file of a training in the object store. The digest is of its bytes. */
export type StoredFile = { digest: string; objectKey: string; bytes: number }

/** Puts it under its digest; call it inside `keepObjects`. */
export async function keepFile(objects: ObjectStore, bytes: Uint8Array, kind: string): Promise<StoredFile> {
  const digest = sha256Hex(bytes)
  const objectKey = `models/${digest}.${kind}`
  await objects.put(objectKey, bytes)
  return { digest, objectKey, bytes: bytes.length }
}
