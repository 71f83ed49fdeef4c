/** How an additive model stands in a model file. */
import type { Additive } from './additive.ts'
import { linkIn, outputsIn } from './curves-file.ts'
import type { Link } from './link.ts'
import type { ArraySpec, ModelArray } from './model-arrays.ts'
import { countOf, type Refusal } from './model-header.ts'

type Sizes = { link: Link; outputs: number; arrays: ArraySpec[] }

export function packAdditive(model: Additive): { header: Record<string, unknown>; arrays: ModelArray[] } {
  const { link, outputs, base, starts, cuts, scores, wide, pairs, grids } = model
  return {
    header: { link, outputs, cuts: cuts.length, pairs: pairs.length / 2, grids: grids.length },
    arrays: [cuts, scores, base, grids, starts, pairs, wide],
  }
}

export function additiveArrays(header: Record<string, unknown>, columns: number, refusal: Refusal): Sizes {
  const outputs = outputsIn(header, refusal)
  const cuts = countOf(header.cuts, 'cuts', refusal, 0)
  const bins = cuts + 2 * columns
  return {
    link: linkIn(header, refusal),
    outputs,
    arrays: [
      { type: 'f64', length: cuts },
      { type: 'f64', length: bins * outputs },
      { type: 'f64', length: outputs },
      { type: 'f64', length: countOf(header.grids, 'grids', refusal, 0) },
      { type: 'u32', length: columns + 1 },
      { type: 'u32', length: 2 * countOf(header.pairs, 'pairs', refusal, 0) },
      { type: 'u8', length: bins },
    ],
  }
}

export function unpackAdditive({ link, outputs }: Sizes, columns: number, arrays: ModelArray[]): Additive {
  const [cuts, scores, base, grids, starts, pairs, wide] = arrays as AdditiveArrays
  return { link, outputs, columns, base, starts, cuts, scores, wide, pairs, grids }
}

type AdditiveArrays = [Float64Array, Float64Array, Float64Array, Float64Array, Uint32Array, Uint32Array, Uint8Array]
