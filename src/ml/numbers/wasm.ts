/** Modules of WebAssembly that the build made of kernels/, each instance with a memory of its own. */
import { existsSync, readFileSync } from 'node:fs'

/** What of WebAssembly we use; Node has it, its types do not. */
type Memory = { buffer: ArrayBuffer }
type Wasm = {
  Module: new (bytes: Uint8Array) => object
  Instance: new (module: object, imports: object) => { exports: unknown }
  Memory: new (size: { initial: number; maximum: number }) => Memory
}
const { WebAssembly } = globalThis as unknown as { WebAssembly: Wasm | undefined }

const PAGE = 65_536
const PAGES_MAX = 32_768
/** Each array begins at a multiple of it. */
const ALIGNED = 64

export type WasmInstance<Exports> = {
  exports: Exports
  words(length: number): Int32Array
  doubles(length: number): Float64Array
}

const modules = new Map<string, object | undefined>()

/** With memory for arrays of `bytes` together; undefined where the module was not built, or no memory of that size can be had. */
export function instantiate<Exports>(url: URL, bytes: number): WasmInstance<Exports> | undefined {
  if (!modules.has(url.href)) modules.set(url.href, compile(url))
  const module = modules.get(url.href)
  // The first page is the module's own; the last one is for what is lost by aligning.
  const pages = Math.ceil(bytes / PAGE) + 2
  if (WebAssembly === undefined || module === undefined || pages > PAGES_MAX) return undefined
  const memory = newMemory(WebAssembly, pages)
  if (memory === undefined) return undefined
  const { exports } = new WebAssembly.Instance(module, { env: { memory } })
  let next = PAGE
  const take = (size: number): number => {
    const at = next
    next = Math.ceil((next + size) / ALIGNED) * ALIGNED
    return at
  }
  return {
    exports: exports as Exports,
    words: (length) => new Int32Array(memory.buffer, take(4 * length), length),
    doubles: (length) => new Float64Array(memory.buffer, take(8 * length), length),
  }
}

function compile(url: URL): object | undefined {
  if (WebAssembly === undefined || !existsSync(url)) return undefined
  return new WebAssembly.Module(readFileSync(url))
}

function newMemory(wasm: Wasm, pages: number): Memory | undefined {
  try {
    return new wasm.Memory({ initial: pages, maximum: pages })
  } catch {
    // Too little memory for one piece of that size; the arrays of JavaScript are several.
    return undefined
  }
}
