/** Grows one tree leaf by leaf: always the leaf whose split helps most is split (leaf-wise; Shi 2007, Ke et al. 2017). */
import type { BinNode, BinTree } from './bin-tree.ts'
import {
  addNode,
  finishTree,
  type Grower,
  type Leaf,
  plantRoot,
  splitLeaf,
  type TreeRules,
  type TreeTask,
} from './leaf.ts'
import { findBestSplit } from './split-search.ts'

/** Grows a tree and adds it to the margins of the rows that it was grown on. */
export function growTree(grower: Grower, rules: TreeRules, task: TreeTask): BinTree {
  const { leaves, layout } = grower
  const nodes: BinNode[] = []
  const look = (leaf: Leaf) => {
    if (leaf.depth < rules.maxDepth) {
      findBestSplit(grower.search, rules.split, leaf.sums, leaf.histogram, leaf.tried, leaf.split)
    } else leaf.split.gain = 0
  }
  look(plantRoot(grower, task.output, task.sampled, task.tried))
  let count = 1
  while (count < layout.leaves) {
    const next = bestOf(leaves, count)
    if (next < 0) break
    const leaf = leaves[next]!
    addNode(nodes, leaf, next, count)
    const goesOn = count + 1 < layout.leaves && leaf.depth + 1 < rules.maxDepth
    splitLeaf(grower, rules, task, next, count, nodes.length - 1, goesOn)
    if (goesOn) {
      look(leaf)
      look(leaves[count]!)
    }
    count++
  }
  return finishTree(grower, rules, task.output, nodes, count)
}

function bestOf(leaves: readonly Leaf[], count: number): number {
  let best = -1
  let gain = 0
  for (let i = 0; i < count; i++) {
    if (leaves[i]!.split.gain > gain) {
      best = i
      gain = leaves[i]!.split.gain
    }
  }
  return best
}
