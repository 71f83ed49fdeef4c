/**
 * The loop of explaining, as WebAssembly where it was built (kernels/shap.ts), else as the JavaScript beside this file: the same
 * numbers to the bit.
 */
import { compiledUrl } from '../../base/compiled-url.ts'
import type { KernelChoice } from '../model/tree-kernels.ts'
import { instantiate } from '../numbers/wasm.ts'
import { explainTree } from './shap-javascript.ts'

export type ShapKernels = {
  /** Arrays that the function below takes must come from these. */
  words(length: number): Int32Array
  doubles(length: number): Float64Array
  explainTree: typeof explainTree
}

/** The function of kernels/shap.ts; places are addresses in the memory. */
type Exports = {
  explainTree(
    nodes: number,
    count: number,
    shift: number,
    codes: number,
    values: number,
    stride: number,
    points: number,
    gauss: number,
    scratch: number,
    phi: number,
  ): void
}

/** `bytes`: what all arrays together may take. */
export function createShapKernels(choice: KernelChoice, bytes: number): ShapKernels {
  const url = compiledUrl('./shap.wasm', import.meta.url)
  const wasm = choice === 'fastest' ? instantiate<Exports>(url, bytes) : undefined
  if (wasm === undefined) {
    return { words: (length) => new Int32Array(length), doubles: (length) => new Float64Array(length), explainTree }
  }
  const { exports, words, doubles } = wasm
  return {
    words,
    doubles,
    explainTree({ words: nodes, count, points, gauss }, { codes, shift }, { values, stride, output }, scratch, phi) {
      exports.explainTree(
        nodes.byteOffset,
        count,
        shift,
        codes.byteOffset,
        values.byteOffset + 8 * output,
        8 * stride,
        points,
        gauss.byteOffset,
        scratch.byteOffset,
        phi.byteOffset,
      )
    },
  }
}
