import { createPrng } from '../../../src/base/prng.ts'
import { type Additive, wideBinsOf } from '../../../src/ml/model/additive.ts'

/** The model with two more grids, of columns 0 and 8 and of 6 and 10, with scores by chance. */
export function withGrids(model: Additive): { additive: Additive } {
  const prng = createPrng(12)
  const pairs = Uint32Array.of(0, 8, 6, 10)
  const size = wideBinsOf(model, 0) * wideBinsOf(model, 8) + wideBinsOf(model, 6) * wideBinsOf(model, 10)
  return { additive: { ...model, pairs, grids: Float64Array.from({ length: size }, () => prng.normal()) } }
}
