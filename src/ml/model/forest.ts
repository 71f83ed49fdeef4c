/**
 * A forest of binary decision trees in flat arrays, all trees one after the other in preorder: the left child of node
 * i is i + 1. A node with feature >= 0 asks "is x <= value?"; a leaf has feature -1 and `value` is the share of the
 * positive class in it, class weights applied. A missing x (NaN) goes left where `missingLeft` is 1, else right.
 */
export type Forest = {
  trees: number
  /** Columns of the matrix that the forest was fitted on. */
  columns: number
  /** Where each tree starts, and at the end the count of all nodes: trees + 1 entries. */
  roots: Uint32Array
  feature: Int16Array
  /** The right child, counted over the whole forest. 0 in a leaf. */
  right: Uint32Array
  value: Float64Array
  missingLeft: Uint8Array
}

/** Rows and columns of numbers, column after column; NaN is missing. */
export type Matrix = { rows: number; columns: number; values: Float64Array | Float32Array }

/** The probability of the positive class for one encoded row: the mean over the trees, summed in tree order. */
export function forestProbability(forest: Forest, row: Float64Array): number {
  const { trees, roots, feature, right, value, missingLeft } = forest
  let sum = 0
  for (let t = 0; t < trees; t++) {
    let node = roots[t]!
    for (let f = feature[node]!; f >= 0; f = feature[node]!) {
      const x = row[f]!
      // A NaN fails the comparison, so whether x is missing is asked only where the walk would go right.
      if (x <= value[node]! || (Number.isNaN(x) && missingLeft[node] === 1)) node++
      else node = right[node]!
    }
    sum += value[node]!
  }
  return sum / trees
}

/** The same for every row of a matrix. Tree by tree, since one tree fits the cache and a forest does not; same sums. */
export function forestProbabilities(forest: Forest, matrix: Matrix): Float64Array {
  const { trees, roots, feature, right, value, missingLeft } = forest
  const { rows, columns, values } = matrix
  const rowMajor = new Float64Array(rows * columns)
  for (let c = 0; c < columns; c++) for (let r = 0; r < rows; r++) rowMajor[r * columns + c] = values[c * rows + r]!
  const sums = new Float64Array(rows)
  for (let t = 0; t < trees; t++) {
    for (let r = 0; r < rows; r++) {
      let node = roots[t]!
      for (let f = feature[node]!; f >= 0; f = feature[node]!) {
        const x = rowMajor[r * columns + f]!
        if (x <= value[node]! || (Number.isNaN(x) && missingLeft[node] === 1)) node++
        else node = right[node]!
      }
      sums[r]! += value[node]!
    }
  }
  for (let r = 0; r < rows; r++) sums[r]! /= trees
  return sums
}

/** A tree that asks more questions than that was not learned. */
export const FOREST_DEPTH_MAX = 1_000

/**
 * What is wrong with these arrays as a forest, or undefined: after this check a walk can neither loop nor leave, ends after
 * a bounded number of questions, and gives a probability.
 */
export function findForestFault(forest: Forest): string | undefined {
  const { trees, columns, roots, feature, right, value } = forest
  const nodes = feature.length
  // How many questions lead to a node; children stand behind their parent.
  const depth = new Uint16Array(nodes)
  if (roots[0] !== 0 || roots[trees] !== nodes) return 'the trees do not cover the nodes'
  for (let t = 0; t < trees; t++) {
    const [start, end] = [roots[t]!, roots[t + 1]!]
    if (end <= start || end > nodes) return `tree ${t} is empty or out of order`
    for (let i = start; i < end; i++) {
      const isLeaf = feature[i]! < 0
      if (Number.isNaN(value[i]!)) return `node ${i} has no value`
      if (isLeaf && !(value[i]! >= 0 && value[i]! <= 1))
        return `leaf ${i} has the value ${value[i]}, which is not between 0 and 1`
      if (isLeaf) continue
      if (feature[i]! >= columns) return `node ${i} asks column ${feature[i]} of ${columns}`
      if (right[i]! <= i + 1 || right[i]! >= end) return `node ${i} has its right child outside of tree ${t}`
      if (depth[i]! >= FOREST_DEPTH_MAX) return `tree ${t} asks more than ${FOREST_DEPTH_MAX} questions`
      depth[i + 1] = Math.max(depth[i + 1]!, depth[i]! + 1)
      depth[right[i]!] = Math.max(depth[right[i]!]!, depth[i]! + 1)
    }
    if (feature[end - 1]! >= 0) return `tree ${t} does not end in a leaf`
  }
  return undefined
}
