import { PlatformError } from '../base/errors.ts'

/** A part on its way: its bytes so far, and those of parts that were stored after it had begun. */
type Coming = { own: number; storedMeanwhile: number }

/** Parts that are on their way here, by the upload they are of. */
const coming = new Map<string, Set<Coming>>()

/**
 * Hands the bytes of a part to `store`, as long as they, what comes beside them and what is stored already (`held`) are
 * no more than `bytesMax`. They count as coming until they are stored; from then on each part that had begun before
 * counts them as held.
 */
export async function storeCounted<T>(
  uploadId: string,
  body: AsyncIterable<Uint8Array>,
  { held, bytesMax }: { held: () => Promise<number>; bytesMax: number },
  store: (counted: AsyncIterable<Uint8Array>) => Promise<T>,
): Promise<T> {
  const part: Coming = { own: 0, storedMeanwhile: 0 }
  const all = coming.get(uploadId) ?? new Set()
  coming.set(uploadId, all.add(part))
  try {
    // Read after this part is known to the others, so that none of them is stored unseen.
    const before = await held()
    async function* counted() {
      for await (const chunk of body) {
        part.own += chunk.length
        let bytes = before + part.storedMeanwhile
        for (const { own } of all) bytes += own
        if (bytes > bytesMax) throw partsTooLarge(bytesMax)
        yield chunk
      }
    }
    const stored = await store(counted())
    for (const other of all) if (other !== part) other.storedMeanwhile += part.own
    return stored
  } finally {
    all.delete(part)
    if (all.size === 0) coming.delete(uploadId)
  }
}

export function partsTooLarge(bytesMax: number): PlatformError {
  return new PlatformError('too_large', `the parts of an artifact may have at most ${bytesMax} bytes together`)
}
