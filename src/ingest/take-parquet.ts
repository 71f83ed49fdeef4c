import { copyFile, stat } from 'node:fs/promises'
import { sha256File } from '../base/hash.ts'
import { USUAL_FORMAT } from '../config/usual-format.ts'
import type { Fetch } from './read-delivery.ts'

/** A Parquet file that we wrote ourselves; `from` is kept as the place that it came from. */
export type IngestParquet = { source: string; asOf: string; path: string; from: string }

/** A Parquet file of our own as a delivered one. */
export function takeParquet(path: string): Fetch {
  return async (source, target) => {
    await copyFile(path, target)
    const part = { name: source.file, path: target, ended: true, linesBefore: 0 }
    const { size } = await stat(target)
    const ours = { ...source, format: USUAL_FORMAT }
    return { source: ours, format: 'parquet', parts: [part], fileDigest: await sha256File(target), size, findings: [] }
  }
}
