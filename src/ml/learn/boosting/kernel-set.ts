import type { writeGradients } from './gradients.ts'
import type { Histogram, Summing } from './histogram.ts'
import type { Move } from './partition.ts'
import type { addToMargins } from './records.ts'

/** The loops that take the time, in one language or the other (kernels.ts). */
export type Kernels = {
  /** Arrays that the functions below take as records, margins and so on must come from these. */
  words(length: number): Int32Array
  doubles(length: number): Float64Array
  bytes(length: number): Uint8Array
  sumRecords(summing: Summing, records: Int32Array, from: number, to: number, out: Histogram): void
  partition(move: Move, from: number, to: number, column: number, goesLeft: Uint8Array): number
  writeGradients: typeof writeGradients
  addToMargins: typeof addToMargins
}
