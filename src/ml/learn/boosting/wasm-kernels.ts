import { existsSync, readFileSync } from 'node:fs'
import { compiledUrl } from '../../../base/compiled-url.ts'
import type { Kernels } from './kernel-set.ts'

/** What of WebAssembly we use; Node has it, its types do not. */
export type WasmMemory = { buffer: SharedArrayBuffer }
type Wasm = {
  Module: new (bytes: Uint8Array) => object
  Instance: new (module: object, imports: object) => { exports: Kernels }
  Memory: new (size: { initial: number; maximum: number; shared: boolean }) => WasmMemory
}
const { WebAssembly } = globalThis as unknown as { WebAssembly: Wasm | undefined }

const PAGE = 65_536
const PAGES_MAX = 65_536

let found: { module: object | undefined } | undefined

/** The compiled module, once a process; undefined where it was not built. */
export function findModule(): object | undefined {
  found ??= { module: compile() }
  return found.module
}

function compile(): object | undefined {
  const url = compiledUrl('./boosting.wasm', import.meta.url)
  if (WebAssembly === undefined || !existsSync(url)) return undefined
  return new WebAssembly.Module(readFileSync(url))
}

/** Undefined where no memory of that size can be had: one piece, 4 GiB at most. */
export function newWasmMemory(bytes: number): WasmMemory | undefined {
  const pages = Math.ceil(bytes / PAGE) + 1
  if (WebAssembly === undefined || pages > PAGES_MAX) return undefined
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true })
  } catch {
    return undefined
  }
}

/** The functions of kernels/boosting.ts; they have the names and parameters of Kernels. */
export function wasmKernels(module: object, memory: WasmMemory): Kernels {
  if (WebAssembly === undefined) throw new Error('there is a module, but no WebAssembly')
  return new WebAssembly.Instance(module, { env: { memory } }).exports
}
