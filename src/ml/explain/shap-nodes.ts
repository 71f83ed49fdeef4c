/** Trees as they are explained: in preorder, each node with the share of the training rows that its column lets through. */
import { TREE_DEPTH_MAX, type Trees } from '../model/trees.ts'

export type ExplainedTree = {
  /** A node is eight words: its share (two of them), question or -1, leaf, depth of the former edge, depth, column, side. */
  words: Int32Array
  /** The same memory. */
  shares: Float64Array
  count: number
  /** How many points the integrals need, and at them 1 - t, t and the weights. */
  points: number
  gauss: Float64Array
}

/** Codes of a row (model/ranked-questions.ts), and the bits of a question below the rank. */
export type Row = { codes: Int32Array; shift: number }

/** Values of the leaves, `stride` for each; the one of `output` is explained. */
export type Leaves = { values: Float64Array; stride: number; output: number }

export const NODE_WORDS = 8
/** Numbers of a depth beside those at the points: five in JavaScript, fewer in WebAssembly. */
export const SLOT = 5

export type TreeShape = {
  /** The greatest depth of a node, and the most different columns that a path asks. */
  depth: number
  columns: number
}

/** Scratch for writing the nodes of any number of trees. */
export type Way = {
  /** By column, the depth of the last edge on the way that asks it, 0 for none. */
  last: Uint16Array
  /** By depth, of the edge on the way: its column, the depth of the former one that asks it, and its share. */
  column: Uint16Array
  former: Uint16Array
  share: Float64Array
  /** By node of all trees. */
  depth: Uint16Array
  parent: Uint32Array
}

export function createWay({ columns, feature }: Trees): Way {
  const depths = TREE_DEPTH_MAX + 2
  return {
    last: new Uint16Array(columns),
    column: new Uint16Array(depths),
    former: new Uint16Array(depths),
    share: new Float64Array(depths).fill(1),
    depth: new Uint16Array(feature.length),
    parent: new Uint32Array(feature.length),
  }
}

/**
 * Writes the nodes of tree `t` into `words`; leaves are numbered from `leaf` on. The share of an edge is that of the training
 * rows of its node which come to its child, times those of the edges above that ask the same column.
 */
export function writeNodes(
  { roots, feature, right, cover }: Trees & { cover: Float32Array },
  t: number,
  questions: Int32Array,
  leaf: number,
  way: Way,
  { words, shares }: Pick<ExplainedTree, 'words' | 'shares'>,
): TreeShape {
  const { last, column, former, share, depth, parent } = way
  const start = roots[t]!
  const shape = { depth: 0, columns: 0 }
  let [length, different] = [0, 0]
  const goBackTo = (before: number) => {
    for (; length > before; length--) {
      last[column[length]!] = former[length]!
      if (former[length] === 0) different--
    }
  }
  for (let node = start; node < roots[t + 1]!; node++) {
    const at = (node - start) * NODE_WORDS
    const own = depth[node]!
    goBackTo(Math.max(0, own - 1))
    if (node > start) {
      const above = parent[node]!
      const asked = feature[above]!
      const before = last[asked]!
      const part = cover[node]! / (cover[above + 1]! + cover[right[above]!]!)
      share[own] = before === 0 ? part : part * share[before]!
      column[own] = asked
      former[own] = before
      last[asked] = own
      length = own
      if (before === 0) different++
      shares[at >> 1] = share[own]!
      words[at + 4] = before
      words[at + 6] = asked
      words[at + 7] = node === above + 1 ? 0 : 1
    }
    words[at + 5] = own
    shape.depth = Math.max(shape.depth, own)
    shape.columns = Math.max(shape.columns, different)
    if (feature[node]! < 0) {
      words[at + 2] = -1
      words[at + 3] = leaf++
      continue
    }
    words[at + 2] = questions[node]!
    for (const child of [node + 1, right[node]!]) {
      depth[child] = own + 1
      parent[child] = node
    }
  }
  goBackTo(0)
  return shape
}
