/**
 * The loops that take the time, as WebAssembly where it was built (kernels/boosting.ts), else as the JavaScript beside this
 * file: the same bytes, in about twice the time.
 */
import { writeGradients } from './gradients.ts'
import { sumRecords } from './histogram.ts'
import type { Kernels } from './kernel-set.ts'
import { partition } from './partition.ts'
import { addToMargins } from './records.ts'
import { findModule, wasmKernels } from './wasm-kernels.ts'

export type KernelChoice = 'fastest' | 'javascript'

/** `bytes`: what all arrays together may take. */
export function createKernels(choice: KernelChoice, bytes: number): Kernels {
  const module = choice === 'fastest' ? findModule() : undefined
  return (module && wasmKernels(module, bytes)) ?? JAVASCRIPT
}

const JAVASCRIPT: Kernels = {
  words: (length) => new Int32Array(length),
  doubles: (length) => new Float64Array(length),
  bytes: (length) => new Uint8Array(length),
  sumRecords,
  partition,
  writeGradients,
  addToMargins,
}
