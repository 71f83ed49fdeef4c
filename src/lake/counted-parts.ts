import { PlatformError } from '../base/errors.ts'

/** Parts of one upload that are on their way here, together. */
const coming = new Map<string, number>()

/** Passes the bytes of a part on, as long as they, what comes beside them and what is `held` are no more than `bytesMax`. */
export async function* countedPart(
  uploadId: string,
  body: AsyncIterable<Uint8Array>,
  { held, bytesMax }: { held: number; bytesMax: number },
): AsyncGenerator<Uint8Array> {
  let own = 0
  const add = (bytes: number) => {
    const all = (coming.get(uploadId) ?? 0) + bytes
    if (all === 0) coming.delete(uploadId)
    else coming.set(uploadId, all)
    return all
  }
  try {
    for await (const chunk of body) {
      own += chunk.length
      if (held + add(chunk.length) > bytesMax) throw partsTooLarge(bytesMax)
      yield chunk
    }
  } finally {
    add(-own)
  }
}

export function partsTooLarge(bytesMax: number): PlatformError {
  return new PlatformError('too_large', `the parts of an artifact may have at most ${bytesMax} bytes together`)
}
