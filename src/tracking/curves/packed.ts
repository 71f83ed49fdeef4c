import type { Columns } from './thin.ts'

/** As PostgreSQL sends int8 and float8: the most significant byte first. The buffers are turned round in place. */
export function columnsOf(x: Buffer, values: Buffer): Columns {
  return {
    x: new BigInt64Array(aligned(x.swap64()), 0, x.length / 8),
    values: new Float64Array(aligned(values.swap64()), 0, values.length / 8),
  }
}

/** Points as one text of bytes: all x, then all values. */
export function packed({ x, values }: Columns): Buffer {
  return Buffer.concat([bytesOf(x), bytesOf(values)]).swap64()
}

export function unpacked(bytes: Buffer): Columns {
  const half = bytes.length / 2
  return columnsOf(bytes.subarray(0, half), bytes.subarray(half))
}

/** A typed array of eight bytes a number begins at a multiple of eight, which a piece of a larger buffer may not. */
function aligned(bytes: Buffer): ArrayBuffer {
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer
}

function bytesOf({ buffer, byteOffset, byteLength }: BigInt64Array | Float64Array): Buffer {
  return Buffer.from(buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer)
}
