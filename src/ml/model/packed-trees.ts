/**
 * Trees made ready for walking fast. Each node is two 32-bit words: what it asks (ranked-questions.ts), and where its children
 * are, the left one before the right one; nodes stand breadth first per tree. A leaf asks what always says left and leads to
 * itself, so that eight walks go on side by side without a branch, the short ones waiting for the long ones; in place of a rank
 * it has its number among the nodes as learned.
 *
 * Made from the arrays of trees.ts when a model is first asked, and not kept in its file: so files of every layout walk like
 * this, the file has one truth that is checked, and this form may change without a new layout.
 */
import type { Questions } from './questions.ts'
import { type RankedQuestions, rankQuestions, ranksOf } from './ranked-questions.ts'
import type { Trees } from './trees.ts'

export type PackedTrees = {
  trees: number
  ranked: RankedQuestions
  /** Two words for each node. */
  nodes: Int32Array
  /** Where each tree starts. */
  starts: Int32Array
}

/** Undefined where columns, thresholds and nodes do not fit into a word. */
export function packTrees(trees: Trees, questions: Questions): PackedTrees | undefined {
  const { feature, right, roots } = trees
  const count = feature.length
  const ranked = rankQuestions(trees, questions)
  if (ranked === undefined || count > ranksOf(ranked.shift)) return undefined
  const { words, shift, nothing } = ranked
  const nodes = new Int32Array(2 * count)
  const starts = new Int32Array(trees.trees)
  // The nodes of a tree in the order of their places.
  const queue = new Uint32Array(count)
  for (let t = 0; t < trees.trees; t++) {
    const start = roots[t]!
    starts[t] = start
    queue[start] = start
    let next = start + 1
    for (let place = start; place < next; place++) {
      const node = queue[place]!
      if (feature[node]! < 0) {
        nodes[2 * place] = (node << shift) | nothing
        nodes[2 * place + 1] = place
        continue
      }
      nodes[2 * place] = words[node]!
      nodes[2 * place + 1] = next
      queue[next++] = node + 1
      queue[next++] = right[node]!
    }
  }
  return { trees: trees.trees, ranked, nodes, starts }
}
