/**
 * Walks along the frames of zstd, of which a file may have many, without unpacking them, and tells how much memory each asks
 * for before anybody gives it: how far back it may point, or all of its content where it is one segment.
 */
export function zstdFrames(onWindow: (bytes: number) => void): (piece: Uint8Array) => void {
  const walk = frames(onWindow)
  let want = walk.next().value
  let held: number[] = []
  return (piece) => {
    let at = 0
    while (at < piece.length && want) {
      if (want.skip) {
        const left: number = want.bytes - (piece.length - at)
        at = Math.min(piece.length, at + want.bytes)
        want = left > 0 ? { bytes: left, skip: true } : walk.next([]).value
        continue
      }
      held.push(piece[at++]!)
      if (held.length < want.bytes) continue
      want = walk.next(held).value
      held = []
    }
  }
}

/** So many bytes are needed next, to be looked at or to be skipped. */
type Want = { bytes: number; skip: boolean }

const MAGIC = 0xfd2fb528
/** A frame of the user's own, which is left out: sixteen numbers that differ in the last digit. */
const SKIPPED = 0x184d2a5

/** Ends at what is no frame: the decoder refuses it. */
function* frames(onWindow: (bytes: number) => void): Generator<Want, undefined, number[]> {
  for (;;) {
    const magic = number(yield look(4))
    if (Math.floor(magic / 16) === SKIPPED) {
      const bytes = number(yield look(4))
      if (bytes > 0) yield skip(bytes)
      continue
    }
    if (magic !== MAGIC) return
    const [descriptor = 0] = yield look(1)
    const single = (descriptor & 0x20) !== 0
    if (!single) onWindow(windowOf((yield look(1))[0]!))
    const dictionary = [0, 1, 2, 4][descriptor & 3]!
    if (dictionary > 0) yield skip(dictionary)
    const sizeBytes = [single ? 1 : 0, 2, 4, 8][descriptor >> 6]!
    const size = sizeBytes > 0 ? number(yield look(sizeBytes)) + (sizeBytes === 2 ? 256 : 0) : 0
    if (single) onWindow(size)
    yield* blocks()
    if ((descriptor & 4) !== 0) yield skip(4)
  }
}

function* blocks(): Generator<Want, void, number[]> {
  for (;;) {
    const head = number(yield look(3))
    const [last, kind, size] = [head & 1, (head >> 1) & 3, head >> 3]
    // One byte that is repeated, or as many as it says.
    const bytes = kind === 1 ? 1 : size
    if (bytes > 0) yield skip(bytes)
    if (last === 1) return
  }
}

function windowOf(byte: number): number {
  return 2 ** (10 + (byte >> 3)) * (1 + (byte & 7) / 8)
}

const look = (bytes: number): Want => ({ bytes, skip: false })
const skip = (bytes: number): Want => ({ bytes, skip: true })

/** The least of the bytes comes first. */
function number(bytes: readonly number[]): number {
  return bytes.reduceRight((sum, byte) => sum * 256 + byte, 0)
}
