import { existsSync, readFileSync } from 'node:fs'
import { compiledUrl } from '../../../base/compiled-url.ts'
import { addLanes, type Histogram, type Summing, takeLanes } from './histogram.ts'
import type { Kernels } from './kernel-set.ts'

/** The functions of kernels/boosting.ts; places are addresses in the memory. */
type Exports = {
  sumRecords(at: number, stride: number, words: number, count: number, offsets: number, lanes: number): void
  partition(
    source: number,
    target: number,
    stride: number,
    from: number,
    to: number,
    column: number,
    goesLeft: number,
  ): number
  addToMargins(records: number, stride: number, from: number, to: number, value: number, margins: number): void
  writeGradients(
    records: number,
    stride: number,
    count: number,
    margins: number,
    labels: number,
    weights: number,
    byGradient: number,
    byHessian: number,
    shift: number,
  ): void
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
const PAGES_MAX = 65_536
/** The first page has the module's own constants and what is handed over by copy. */
const GOES_LEFT = 32_768
const ARRAYS = PAGE
/** Sums of 2^19 hessians of 13 bits stay below 2^32, of gradients of 12 bits below 2^31. */
const BLOCK = 2 ** 19

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

/** Undefined where no memory of that size can be had. */
export function wasmKernels(module: object, bytes: number): Kernels | undefined {
  const pages = Math.ceil((ARRAYS + bytes) / PAGE) + 1
  if (WebAssembly === undefined || pages > PAGES_MAX) return undefined
  const memory = newMemory(WebAssembly, pages)
  if (memory === undefined) return undefined
  const { exports } = new WebAssembly.Instance(module, { env: { memory } })
  let next = ARRAYS
  const take = (size: number): number => {
    const at = next
    next = (next + size + 63) & ~63
    return at >>> 0
  }
  const goesLeftHere = new Uint8Array(memory.buffer, GOES_LEFT, 256)
  return {
    words: (length) => new Int32Array(memory.buffer, take(4 * length), length),
    doubles: (length) => new Float64Array(memory.buffer, take(8 * length), length),
    bytes: (length) => new Uint8Array(memory.buffer, take(length), length),
    sumRecords({ words, offsets, packed, bins }: Summing, records, from, to, out: Histogram) {
      const stride = 4 * (words + 2)
      if (from === to) out.fill(0)
      for (let block = from; block < to; block += BLOCK) {
        const count = Math.min(to - block, BLOCK)
        exports.sumRecords(
          records.byteOffset + block * stride,
          stride,
          words,
          count,
          offsets.byteOffset,
          packed.byteOffset,
        )
        const read = block === from ? takeLanes : addLanes
        read(packed, bins, out)
      }
    },
    partition({ stride, source, target }, from, to, column, goesLeft) {
      goesLeftHere.set(goesLeft)
      return exports.partition(source.byteOffset, target.byteOffset, 4 * stride, from, to, column, GOES_LEFT)
    },
    writeGradients(records, { stride, at }, { margins, labels, weights }, units, round) {
      exports.writeGradients(
        records.byteOffset + 4 * at,
        4 * stride,
        labels.length,
        margins.byteOffset,
        labels.byteOffset,
        weights.byteOffset,
        1 / units.gradient,
        1 / units.hessian,
        Math.imul(round, 0x2545f491),
      )
    },
    addToMargins(records, stride, from, to, value, margins) {
      exports.addToMargins(records.byteOffset, 4 * stride, from, to, value, margins.byteOffset)
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
