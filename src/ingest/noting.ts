import type { TakenFile } from './queries.ts'
import type { Fetch } from './read-delivery.ts'

/** Writes down what was taken, as it came. */
export function noting(take: Fetch, files: TakenFile[]): Fetch {
  return async (source, target) => {
    const file = await take(source, target)
    if (!('rule' in file)) {
      files.push({ source: source.name, file: file.source.file, bytes: file.size, digest: file.fileDigest })
    }
    return file
  }
}
