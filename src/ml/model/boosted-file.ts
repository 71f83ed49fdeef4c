/** How boosted trees stand in a model file. */
import type { Boosted } from './boosted.ts'
import type { ArraySpec, ModelArray } from './model-arrays.ts'
import { countOf, finiteOf, hasCover, type Refusal, treesOf } from './model-header.ts'
import { SET_WORDS } from './questions.ts'

type Sizes = { base: number; trees: number; covered: boolean; arrays: ArraySpec[] }

export function packBoosted(model: Boosted): { header: Record<string, unknown>; arrays: ModelArray[] } {
  const { base, trees, roots, feature, right, value, cover, flags, sets } = model
  return {
    header: { base, trees, nodes: feature.length, sets: sets.length / SET_WORDS, ...(cover ? { cover: true } : {}) },
    arrays: [value, roots, right, sets, ...(cover ? [cover] : []), feature, flags],
  }
}

export function boostedArrays(header: Record<string, unknown>, refusal: Refusal): Sizes {
  const trees = treesOf(header, refusal)
  const nodes = countOf(header.nodes, 'nodes', refusal)
  const covered = hasCover(header, refusal)
  const sets = countOf(header.sets, 'sets', refusal, 0)
  return {
    base: finiteOf(header.base, 'base', refusal),
    trees,
    covered,
    arrays: [
      { type: 'f64', length: nodes },
      { type: 'u32', length: trees + 1 },
      { type: 'u32', length: nodes },
      { type: 'u32', length: sets * SET_WORDS },
      ...(covered ? [{ type: 'f32', length: nodes } as const] : []),
      { type: 'i16', length: nodes },
      { type: 'u8', length: nodes },
    ],
  }
}

export function unpackBoosted({ base, trees, covered }: Sizes, columns: number, arrays: ModelArray[]): Boosted {
  const [value, roots, right, sets, ...rest] = arrays as WideArrays
  const cover = covered ? (rest.shift() as Float32Array) : null
  const [feature, flags] = rest as [Int16Array, Uint8Array]
  return { base, trees, columns, roots, feature, right, value, cover, flags, sets }
}

type WideArrays = [Float64Array, Uint32Array, Uint32Array, Uint32Array, ...ModelArray[]]
