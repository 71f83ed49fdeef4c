/** The arrays of a model, in memory and in its file. */
export type ModelArray = Float64Array | Float32Array | Uint32Array | Int16Array | Uint8Array
export type ArraySpec = { type: 'f64' | 'f32' | 'u32' | 'i16' | 'u8'; length: number }

const BYTES = { f64: 8, f32: 4, u32: 4, i16: 2, u8: 1 } as const

export function bytesOfArrays(specs: readonly ArraySpec[]): number {
  return specs.reduce((sum, { type, length }) => sum + BYTES[type] * length, 0)
}

/** Views of the arrays that begin at `start` and follow each other; `start` is a multiple of 8, greater numbers stand first. */
export function viewsOf(bytes: Uint8Array, start: number, specs: readonly ArraySpec[]): ModelArray[] {
  let at = bytes.byteOffset + start
  return specs.map(({ type, length }) => {
    const from = at
    at += BYTES[type] * length
    if (type === 'f64') return new Float64Array(bytes.buffer, from, length)
    if (type === 'f32') return new Float32Array(bytes.buffer, from, length)
    if (type === 'u32') return new Uint32Array(bytes.buffer, from, length)
    return type === 'i16' ? new Int16Array(bytes.buffer, from, length) : new Uint8Array(bytes.buffer, from, length)
  })
}
