/**
 * The loops that take the time, as WebAssembly where it was built (kernels/boosting.ts), else as the JavaScript of plain/: the
 * same bytes, more slowly.
 */
import type { Kernels } from './kernel-set.ts'
import { type Memory, viewsOf } from './memory.ts'
import { plainKernels } from './plain/kernels.ts'
import { wasmKernels } from './wasm-kernels.ts'

export function kernelsOn(memory: Memory): Kernels {
  return memory.wasm ? wasmKernels(memory.wasm.module, memory.wasm.memory) : plainKernels(viewsOf(memory))
}
