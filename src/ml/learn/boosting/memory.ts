/** One memory for all that the kernels work on, shared by the threads of a fit; and views of it. */
import { findModule, newWasmMemory, type WasmMemory } from './wasm-kernels.ts'

export type KernelChoice = 'fastest' | 'javascript'

/** What can be handed to another thread. */
export type Memory = { buffer: SharedArrayBuffer; wasm: { module: object; memory: WasmMemory } | undefined }

export type Views = {
  bytes: Uint8Array
  words: Int32Array
  floats: Float32Array
  doubles: Float64Array
}

/** Of WebAssembly where it was built and has so much, else of JavaScript. */
export function createMemory(choice: KernelChoice, bytes: number): Memory {
  const module = choice === 'fastest' ? findModule() : undefined
  const memory = module && newWasmMemory(bytes)
  if (module && memory) return { buffer: memory.buffer, wasm: { module, memory } }
  return { buffer: new SharedArrayBuffer(Math.ceil(bytes / 8) * 8), wasm: undefined }
}

export function viewsOf({ buffer }: Pick<Memory, 'buffer'>): Views {
  return {
    bytes: new Uint8Array(buffer),
    words: new Int32Array(buffer),
    floats: new Float32Array(buffer),
    doubles: new Float64Array(buffer),
  }
}
