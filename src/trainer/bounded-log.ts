/** What a program says, the beginning and the end of it where it says much. */
export type BoundedLog = {
  add(chunk: Uint8Array): void
  /** Changes with what was added. */
  bytes(): number
  text(): string
}

export function createBoundedLog(bytesMax: number): BoundedLog {
  const half = Math.floor(bytesMax / 2)
  let head = Buffer.alloc(0)
  const tail: Buffer[] = []
  let tailBytes = 0
  let total = 0

  return {
    add(chunk) {
      total += chunk.length
      const room = half - head.length
      if (room > 0) head = Buffer.concat([head, chunk.subarray(0, room)])
      const rest = Buffer.from(chunk.subarray(Math.max(0, room)))
      if (rest.length === 0) return
      tail.push(rest)
      tailBytes += rest.length
      while (tailBytes - tail[0]!.length >= half) tailBytes -= tail.shift()!.length
    },
    bytes: () => total,
    text() {
      const end = Buffer.concat(tail).subarray(-half)
      const left = total - head.length - end.length
      const between = left > 0 ? `\n… ${left} bytes are left out here …\n` : ''
      return `${head.toString('utf8')}${between}${end.toString('utf8')}`
    },
  }
}
