/** What boosting is given beside the table. */
import type { Target } from '../task.ts'
import type { Groups } from './interactions.ts'
import type { KernelChoice } from './memory.ts'
import type { BoostingParams } from './params.ts'

/** Rows of a table, with what is to be learned of them. */
export type Part = { rows: Uint32Array; target: Target; weights: Float64Array | null }

export type BoostSettings = BoostingParams & {
  /** By column as in SplitRules. */
  monotone: Int8Array
  groups?: Groups | undefined
  threads?: number
  kernels?: KernelChoice
}

export type Validation = { part: Part; patience: number }
