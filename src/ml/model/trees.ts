/**
 * Binary decision trees in flat arrays, all trees one after the other in preorder: the left child of node i is i + 1. A node
 * with feature >= 0 asks a question of that column; a leaf has feature -1. What a node asks, what its value means and how
 * the leaves make an answer is the matter of each kind of model (forest.ts, boosted.ts).
 */
export type Trees = {
  trees: number
  /** Columns of the matrix that the trees were fitted on. */
  columns: number
  /** Where each tree starts, and at the end the count of all nodes: trees + 1 entries. */
  roots: Uint32Array
  feature: Int16Array
  /** The right child, counted over all trees. 0 in a leaf. */
  right: Uint32Array
  value: Float64Array
  /** By node, the training rows that came to it, weighted as the learner weighs them; null in files of layouts 1 and 2. */
  cover: Float32Array | null
}

/** Rows and columns of numbers, column after column; NaN is missing. */
export type Matrix = { rows: number; columns: number; values: Float64Array | Float32Array }

/** A tree that asks more questions than that was not learned. */
export const TREE_DEPTH_MAX = 1_000

/**
 * What is wrong with the structure, or undefined: after this check a walk can neither loop nor leave, and ends after a
 * bounded number of questions. `faultOfNode` says what is wrong with the value of a node.
 */
export function findTreesFault(model: Trees, faultOfNode: (node: number) => string | undefined): string | undefined {
  const { trees, columns, roots, feature, right } = model
  const nodes = feature.length
  // How many questions lead to a node; children stand behind their parent.
  const depth = new Uint16Array(nodes)
  if (roots[0] !== 0 || roots[trees] !== nodes) return 'the trees do not cover the nodes'
  for (let t = 0; t < trees; t++) {
    const [start, end] = [roots[t]!, roots[t + 1]!]
    if (end <= start || end > nodes) return `tree ${t} is empty or out of order`
    for (let i = start; i < end; i++) {
      const fault = faultOfNode(i)
      if (fault !== undefined) return fault
      if (feature[i]! < 0) continue
      if (feature[i]! >= columns) return `node ${i} asks column ${feature[i]} of ${columns}`
      if (right[i]! <= i + 1 || right[i]! >= end) return `node ${i} has its right child outside of tree ${t}`
      if (depth[i]! >= TREE_DEPTH_MAX) return `tree ${t} asks more than ${TREE_DEPTH_MAX} questions`
      depth[i + 1] = Math.max(depth[i + 1]!, depth[i]! + 1)
      depth[right[i]!] = Math.max(depth[right[i]!]!, depth[i]! + 1)
    }
    if (feature[end - 1]! >= 0) return `tree ${t} does not end in a leaf`
  }
  for (let i = 0; i < nodes; i++) {
    const fault = faultOfCover(model, i)
    if (fault !== undefined) return fault
  }
  return undefined
}

/** Rounding of a float32, some times over. */
const COVER_ROUNDING = 1e-6

/** A node without rows has no share of its parent, which explanations divide by. */
function faultOfCover({ cover, feature, right }: Trees, i: number): string | undefined {
  if (cover === null) return undefined
  const own = cover[i]!
  if (!(own > 0) || own === Infinity) return `node ${i} covers ${own} rows`
  if (feature[i]! < 0) return undefined
  const children = (cover[i + 1] ?? Number.NaN) + (cover[right[i]!] ?? Number.NaN)
  if (Math.abs(children - own) <= COVER_ROUNDING * own) return undefined
  return `node ${i} covers ${own} rows, its children ${children}`
}

/** Row after row, which is how a tree is walked. */
export function rowMajor({ rows, columns, values }: Matrix): Float64Array {
  const turned = new Float64Array(rows * columns)
  for (let c = 0; c < columns; c++) for (let r = 0; r < rows; r++) turned[r * columns + c] = values[c * rows + r]!
  return turned
}
