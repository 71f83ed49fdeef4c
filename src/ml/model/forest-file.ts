/** How a forest stands in a model file. */
import type { Forest } from './forest.ts'
import type { ArraySpec, ModelArray } from './model-arrays.ts'
import { atMost, countOf, hasCover, type Refusal, treesOf } from './model-header.ts'
import { CLASSES_MAX } from './outcome.ts'

type Sizes = Pick<Forest, 'trees' | 'link' | 'outputs'> & { covered: boolean; arrays: ArraySpec[] }

/** The shares of one class, which is all that the first layout knows, are told without a word more. */
export function packForest(forest: Forest): { header: Record<string, unknown>; arrays: ModelArray[] } {
  const { trees, link, outputs, leaves, value, roots, right, cover, feature, missingLeft } = forest
  const header = { trees, nodes: feature.length, ...(cover ? { cover: true } : {}) }
  const rest = [roots, right, ...(cover ? [cover] : []), feature, missingLeft]
  if (outputs > 1)
    return { header: { ...header, outputs, vectors: leaves.length / outputs }, arrays: [value, leaves, ...rest] }
  return { header: link === 'share' ? header : { ...header, link }, arrays: [value, ...rest] }
}

export function forestArrays(header: Record<string, unknown>, refusal: Refusal): Sizes {
  const trees = treesOf(header, refusal)
  const nodes = countOf(header.nodes, 'nodes', refusal)
  const outputs = header.outputs === undefined ? 1 : countOf(header.outputs, 'outputs', refusal)
  atMost(CLASSES_MAX, outputs, 'outputs', refusal)
  const vectors = outputs === 1 ? 0 : countOf(header.vectors, 'vectors', refusal)
  const covered = hasCover(header, refusal)
  const link = header.link ?? 'share'
  if (link !== 'share' && link !== 'identity') throw refusal(`its link '${String(link)}' is unknown`)
  return {
    trees,
    link,
    outputs,
    covered,
    arrays: [
      { type: 'f64', length: nodes },
      ...(vectors === 0 ? [] : [{ type: 'f64', length: vectors * outputs } as const]),
      { type: 'u32', length: trees + 1 },
      { type: 'u32', length: nodes },
      ...(covered ? [{ type: 'f32', length: nodes } as const] : []),
      { type: 'i16', length: nodes },
      { type: 'u8', length: nodes },
    ],
  }
}

export function unpackForest({ trees, link, outputs, covered }: Sizes, columns: number, arrays: ModelArray[]): Forest {
  const [value, ...others] = arrays
  const leaves = outputs === 1 ? new Float64Array(0) : others.shift()
  const [roots, right, ...rest] = others
  const cover = covered ? rest.shift() : null
  const [feature, missingLeft] = rest
  return { trees, columns, link, outputs, value, leaves, roots, right, cover, feature, missingLeft } as Forest
}
