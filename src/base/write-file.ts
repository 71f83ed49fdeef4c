import type { WriteStream } from 'node:fs'
import { open } from 'node:fs/promises'

/**
 * Hands a stream into a file to `body`. The file is there before and closed after, also when it fails: whoever then
 * removes it leaves nothing. (A stream of `createWriteStream` opens its file later, and makes it even after it was
 * given up.) With `isNew` it fails where something has that name.
 */
export async function writeFileBy(
  path: string,
  body: (file: WriteStream) => Promise<void>,
  { isNew = false } = {},
): Promise<void> {
  const handle = await open(path, isNew ? 'wx' : 'w', 0o600)
  try {
    await body(handle.createWriteStream())
  } finally {
    await handle.close()
  }
}
