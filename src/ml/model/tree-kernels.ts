/**
 * The loops over trees that take the time, as WebAssembly where it was built (kernels/trees.ts), else as the JavaScript beside
 * this file: the same numbers to the bit.
 */
import { existsSync, readFileSync } from 'node:fs'
import { compiledUrl } from '../../base/compiled-url.ts'
import { walkRows, walkTrees } from './walk-javascript.ts'

export type TreeKernels = {
  /** Arrays that the functions below take must come from these. */
  words(length: number): Int32Array
  doubles(length: number): Float64Array
  walkTrees: typeof walkTrees
  walkRows: typeof walkRows
}

export type KernelChoice = 'fastest' | 'javascript'

/** `bytes`: what all arrays together may take. */
export function createTreeKernels(choice: KernelChoice, bytes: number): TreeKernels {
  const module = choice === 'fastest' ? findModule() : undefined
  return (module && wasmKernels(module, bytes)) ?? JAVASCRIPT
}

const JAVASCRIPT: TreeKernels = {
  words: (length) => new Int32Array(length),
  doubles: (length) => new Float64Array(length),
  walkTrees,
  walkRows,
}

/** The functions of kernels/trees.ts; places are addresses in the memory. */
type Exports = {
  walkTrees(trees: number, nodes: number, starts: number, shift: number, codes: number, leaves: number): void
  walkRows(rows: number, nodes: number, root: number, shift: number, codes: number, leaves: number): void
}

/** What of WebAssembly we use; Node has it, its types do not. */
type Memory = { buffer: ArrayBuffer }
type Wasm = {
  Module: new (bytes: Uint8Array) => object
  Instance: new (module: object, imports: object) => { exports: Exports }
  Memory: new (size: { initial: number; maximum: number }) => Memory
}
const { WebAssembly } = globalThis as unknown as { WebAssembly: Wasm | undefined }

const PAGE = 65_536
const PAGES_MAX = 32_768
/** Each array begins at a multiple of it. */
const ALIGNED = 64

let found: { module: object | undefined } | undefined

/** The compiled module, once a process; undefined where it was not built. */
function findModule(): object | undefined {
  found ??= { module: compile() }
  return found.module
}

function compile(): object | undefined {
  const url = compiledUrl('./trees.wasm', import.meta.url)
  if (WebAssembly === undefined || !existsSync(url)) return undefined
  return new WebAssembly.Module(readFileSync(url))
}

/** Undefined where no memory of that size can be had. */
function wasmKernels(module: object, bytes: number): TreeKernels | undefined {
  // The first page is the module's own; the last one is for what is lost by aligning.
  const pages = Math.ceil(bytes / PAGE) + 2
  if (WebAssembly === undefined || pages > PAGES_MAX) return undefined
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
    words: (length) => new Int32Array(memory.buffer, take(4 * length), length),
    doubles: (length) => new Float64Array(memory.buffer, take(8 * length), length),
    walkTrees({ trees, nodes, starts, shift }, codes, leaves) {
      exports.walkTrees(trees, nodes.byteOffset, starts.byteOffset, shift, codes.byteOffset, leaves.byteOffset)
    },
    walkRows({ nodes, starts, shift }, t, codes, rows, leaves) {
      exports.walkRows(rows, nodes.byteOffset, starts[t]!, shift, codes.byteOffset, leaves.byteOffset)
    },
  }
}

function newMemory(wasm: Wasm, pages: number): Memory | undefined {
  try {
    return new wasm.Memory({ initial: pages, maximum: pages })
  } catch {
    // Too little memory for one piece of that size; the arrays of JavaScript are several.
    return undefined
  }
}
