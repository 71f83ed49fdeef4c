import { pipeline, Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { Decompress } from 'fzstd'
import { messageOf } from '../../base/errors.ts'
import { limitOf } from '../../wire/limits.ts'
import { zstdFrames } from './zstd-frames.ts'

/** A packed file that cannot be unpacked, or that is a bomb. `message` is the end of a sentence about the file. */
export class CannotUnpack extends Error {}

/** Bytes of a packed file that are handed to zstd at once: a block of 128 KB may come of four. */
const SLICE_BYTES = 1 << 10
const OUT_BYTES = 1 << 18

/** The bytes of a packed file, a little at a time; ends (CannotUnpack) where more comes out than a table can pack. */
export async function* unpack(packed: AsyncIterable<Buffer>, by: 'gzip' | 'zstd'): AsyncGenerator<Buffer> {
  const read = { bytes: 0 }
  const counted = count(packed, read)
  let written = 0
  try {
    for await (const chunk of by === 'gzip' ? gunzip(counted) : unzstd(counted)) {
      written += chunk.length
      if (written > limitOf('packedFreeBytes') && written > read.bytes * limitOf('packedTimes')) throw bomb()
      yield chunk
    }
  } catch (error) {
    if (error instanceof CannotUnpack || isOfTheSystem(error)) throw error
    throw new CannotUnpack(
      `it cannot be unpacked as ${by} (${messageOf(error)}): it was cut off or damaged; deliver it again`,
    )
  }
}

async function* count(chunks: AsyncIterable<Buffer>, read: { bytes: number }): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    read.bytes += chunk.length
    yield chunk
  }
}

async function* gunzip(packed: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const out = createGunzip({ chunkSize: OUT_BYTES })
  // What fails is thrown where `out` is read.
  pipeline(Readable.from(packed), out, () => {})
  yield* out as AsyncIterable<Buffer>
}

async function* unzstd(packed: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const out: Buffer[] = []
  const decoder = new Decompress((chunk) => out.push(Buffer.from(chunk)))
  const see = zstdFrames(requireWindow)
  for await (const chunk of packed) {
    for (let at = 0; at < chunk.length; at += SLICE_BYTES) {
      // A copy: the decoder keeps what it has not used.
      const slice = new Uint8Array(chunk.subarray(at, at + SLICE_BYTES))
      see(slice)
      decoder.push(slice)
      yield* out.splice(0)
    }
  }
  decoder.push(new Uint8Array(0), true)
  yield* out.splice(0)
}

/** What a frame asks for is memory of ours; 128 MB is what zstd itself takes by default. */
const WINDOW_BYTES_MAX = 2 ** 27

function requireWindow(bytes: number): void {
  if (bytes <= WINDOW_BYTES_MAX) return
  throw new CannotUnpack('it needs a window of more than 128 MB; pack it again without --ultra or --long')
}

function bomb(): CannotUnpack {
  const times = limitOf('packedTimes')
  return new CannotUnpack(
    `it unpacks to more than ${times} times its size, which no table does; unpack it and look what it is (limit packedTimes)`,
  )
}

/** A disk or a file that fails is not the packing's fault. */
function isOfTheSystem(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException)?.code ?? ''
  return /^E[A-Z]+$/.test(code)
}
