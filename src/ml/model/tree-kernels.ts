/**
 * The loops of walking trees, as WebAssembly where it was built (kernels/trees.ts), else as the JavaScript beside this file: the
 * same numbers to the bit.
 */
import { compiledUrl } from '../../base/compiled-url.ts'
import { instantiate } from '../numbers/wasm.ts'
import { walkRows, walkTrees } from './walk-javascript.ts'

export type TreeKernels = {
  /** Arrays that the functions below take must come from this. */
  words(length: number): Int32Array
  walkTrees: typeof walkTrees
  walkRows: typeof walkRows
}

export type KernelChoice = 'fastest' | 'javascript'

/** The functions of kernels/trees.ts; places are addresses in the memory. */
type Exports = {
  walkTrees(trees: number, nodes: number, starts: number, shift: number, codes: number, leaves: number): void
  walkRows(rows: number, nodes: number, root: number, shift: number, codes: number, leaves: number): void
}

/** `bytes`: what all arrays together may take. */
export function createTreeKernels(choice: KernelChoice, bytes: number): TreeKernels {
  const url = compiledUrl('./trees.wasm', import.meta.url)
  const wasm = choice === 'fastest' ? instantiate<Exports>(url, bytes) : undefined
  if (wasm === undefined) return { words: (length) => new Int32Array(length), walkTrees, walkRows }
  const { exports, words } = wasm
  return {
    words,
    walkTrees({ trees, nodes, starts, ranked }, codes, leaves) {
      exports.walkTrees(trees, nodes.byteOffset, starts.byteOffset, ranked.shift, codes.byteOffset, leaves.byteOffset)
    },
    walkRows({ nodes, starts, ranked }, t, codes, rows, leaves) {
      exports.walkRows(rows, nodes.byteOffset, starts[t]!, ranked.shift, codes.byteOffset, leaves.byteOffset)
    },
  }
}
