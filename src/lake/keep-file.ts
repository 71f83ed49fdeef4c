import { stat } from 'node:fs/promises'
import { sha256File } from '../base/hash.ts'
import type { ObjectStore } from './objects.ts'

/** Moves a Parquet file into the store under its digest, also over an object of that name: the bytes are the same. */
export async function keepFile(
  objects: ObjectStore,
  parquetFile: string,
): Promise<{ digest: string; objectKey: string; bytes: number }> {
  const digest = await sha256File(parquetFile)
  const { size } = await stat(parquetFile)
  const objectKey = `snapshots/${digest}.parquet`
  await objects.moveIn(objectKey, parquetFile)
  return { digest, objectKey, bytes: size }
}
