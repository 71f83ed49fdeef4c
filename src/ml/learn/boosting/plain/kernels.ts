import type { Kernels } from '../kernel-set.ts'
import type { Views } from '../memory.ts'
import { plainGradients } from './gradients.ts'
import { plainMoves } from './moves.ts'
import { plainSearch } from './search.ts'
import { plainSums } from './sums.ts'

/** The kernels in JavaScript: the same numbers to the bit. */
export function plainKernels(views: Views): Kernels {
  return { ...plainSums(views), ...plainMoves(views), ...plainGradients(views), ...plainSearch(views) }
}
