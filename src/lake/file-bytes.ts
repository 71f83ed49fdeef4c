import { createReadStream } from 'node:fs'

/**
 * A file's bytes. It is opened when they are first asked for, so that whoever reads them hears what is wrong with it: a
 * stream that fails before anybody listens ends the process.
 */
export async function* fileBytes(path: string): AsyncGenerator<Uint8Array> {
  yield* createReadStream(path, { highWaterMark: 1 << 20 })
}
