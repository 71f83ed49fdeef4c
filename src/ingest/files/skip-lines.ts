const LF = 0x0a
const CR = 0x0d

/** Leaves out the first lines of a text, whatever their ends. */
export async function* skipLines(bytes: AsyncIterable<Buffer>, lines: number): AsyncGenerator<Buffer> {
  let left = lines
  let afterCr = false
  for await (const chunk of bytes) {
    let at = 0
    // A line feed that belongs to the carriage return of the chunk before.
    while (at < chunk.length && (left > 0 || (afterCr && chunk[at] === LF))) {
      const byte = chunk[at++]
      if (byte === CR || (byte === LF && !afterCr)) left--
      afterCr = byte === CR
    }
    if (at < chunk.length) {
      afterCr = false
      yield at === 0 ? chunk : chunk.subarray(at)
    }
  }
}
