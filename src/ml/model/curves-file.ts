/** How a sum of curves stands in a model file. */
import { type Curves, REACH_MAX } from './curves.ts'
import { LINKS, type Link } from './link.ts'
import type { ArraySpec, ModelArray } from './model-arrays.ts'
import { countOf, type Refusal } from './model-header.ts'

type Sizes = { link: Link; outputs: number; reach: number; arrays: ArraySpec[] }

export function packCurves(model: Curves): { header: Record<string, unknown>; arrays: ModelArray[] } {
  const { link, outputs, reach, base, starts, knots, values, missing } = model
  return { header: { link, outputs, reach, knots: knots.length }, arrays: [knots, values, missing, base, starts] }
}

export function curvesArrays(header: Record<string, unknown>, columns: number, refusal: Refusal): Sizes {
  const outputs = outputsIn(header, refusal)
  const knots = countOf(header.knots, 'knots', refusal, 0)
  const { reach } = header
  if (typeof reach !== 'number' || !(reach >= 0 && reach <= REACH_MAX)) throw refusal('reach is not a share')
  return {
    link: linkIn(header, refusal),
    outputs,
    reach,
    arrays: [
      { type: 'f64', length: knots },
      { type: 'f64', length: knots * outputs },
      { type: 'f64', length: columns * outputs },
      { type: 'f64', length: outputs },
      { type: 'u32', length: columns + 1 },
    ],
  }
}

export function unpackCurves({ link, outputs, reach }: Sizes, columns: number, arrays: ModelArray[]): Curves {
  const [knots, values, missing, base, starts] = arrays as CurvesArrays
  return { link, outputs, columns, reach, base, starts, knots, values, missing }
}

type CurvesArrays = [Float64Array, Float64Array, Float64Array, Float64Array, Uint32Array]

export function linkIn(header: Record<string, unknown>, refusal: Refusal): Link {
  const link = LINKS.find((known) => known === header.link)
  if (link === undefined) throw refusal(`link '${String(header.link)}' is unknown`)
  return link
}

/** Classes are numbers of one byte. */
export function outputsIn(header: Record<string, unknown>, refusal: Refusal): number {
  const outputs = countOf(header.outputs, 'outputs', refusal)
  if (outputs > 255) throw refusal(`it has ${outputs} outputs, more than 255`)
  return outputs
}
