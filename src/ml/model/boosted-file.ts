/** How boosted trees stand in a model file. */
import type { Boosted } from './boosted.ts'
import { LINKS, type Link } from './link.ts'
import type { ArraySpec, ModelArray } from './model-arrays.ts'
import { countOf, finiteOf, hasCover, type Refusal, treesOf } from './model-header.ts'
import { SET_WORDS } from './questions.ts'

type Sizes = { base: number[]; link: Link; trees: number; covered: boolean; arrays: ArraySpec[] }

export function packBoosted(model: Boosted): { header: Record<string, unknown>; arrays: ModelArray[] } {
  const { base, link, trees, roots, feature, right, value, cover, flags, sets } = model
  // Of two classes as it was before there were others.
  const sums = link === 'logit' ? { base: base[0] } : { base, link }
  return {
    header: { ...sums, trees, nodes: feature.length, sets: sets.length / SET_WORDS, ...(cover ? { cover: true } : {}) },
    arrays: [value, roots, right, sets, ...(cover ? [cover] : []), feature, flags],
  }
}

export function boostedArrays(header: Record<string, unknown>, refusal: Refusal): Sizes {
  const trees = treesOf(header, refusal)
  const nodes = countOf(header.nodes, 'nodes', refusal)
  const covered = hasCover(header, refusal)
  const sets = countOf(header.sets, 'sets', refusal, 0)
  const link = header.link === undefined ? 'logit' : LINKS.find((known) => known === header.link)
  if (link === undefined) throw refusal(`the link '${String(header.link)}' is unknown`)
  const bases: unknown[] = Array.isArray(header.base) ? header.base : [header.base]
  return {
    base: bases.map((base) => finiteOf(base, 'base', refusal)),
    link,
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

export function unpackBoosted({ base, link, trees, covered }: Sizes, columns: number, arrays: ModelArray[]): Boosted {
  const [value, roots, right, sets, ...rest] = arrays as WideArrays
  const cover = covered ? (rest.shift() as Float32Array) : null
  const [feature, flags] = rest as [Int16Array, Uint8Array]
  return { base, link, trees, columns, roots, feature, right, value, cover, flags, sets }
}

type WideArrays = [Float64Array, Uint32Array, Uint32Array, Uint32Array, ...ModelArray[]]
