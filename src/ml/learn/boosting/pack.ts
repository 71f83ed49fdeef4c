import type { Boosted } from '../../model/boosted.ts'
import type { Link } from '../../model/link.ts'
import { ASKS_SET, MISSING_LEFT, SET_WORDS } from '../../model/questions.ts'
import type { BinTree } from './bin-tree.ts'
import type { BinnedTable } from './binned-table.ts'

/** What the trees add to, and what the sums are. */
export type Sums = { base: Iterable<number>; link: Link }

/** Trees over bins as the trees over values that are kept and served: in preorder, thresholds instead of bins. */
export function packTrees(table: BinnedTable, trees: readonly BinTree[], { base, link }: Sums): Boosted {
  const roots = new Uint32Array(trees.length + 1)
  for (const [t, { leaves }] of trees.entries()) roots[t + 1] = roots[t]! + 2 * leaves.length - 1
  const count = roots[trees.length]!
  const packed = {
    base: [...base],
    link,
    trees: trees.length,
    columns: table.columns,
    roots,
    feature: new Int16Array(count).fill(-1),
    right: new Uint32Array(count),
    value: new Float64Array(count),
    cover: new Float32Array(count),
    flags: new Uint8Array(count),
  }
  const sets: number[] = []
  let at = 0
  for (const tree of trees) {
    // The right child is pushed first, so that the left one comes next.
    const waiting: { child: number; parent: number }[] = [{ child: tree.nodes.length === 0 ? ~0 : 0, parent: -1 }]
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const place = at++
      if (next.parent >= 0) packed.right[next.parent] = place
      if (next.child < 0) {
        packed.value[place] = tree.leaves[~next.child]!
        packed.cover[place] = tree.leafRows[~next.child]!
        continue
      }
      const node = tree.nodes[next.child]!
      packed.feature[place] = node.column
      packed.cover[place] = node.rows
      packed.flags[place] = node.missingLeft ? MISSING_LEFT : 0
      if (table.isCategory[node.column] === 1) {
        packed.flags[place]! |= ASKS_SET
        packed.value[place] = sets.length / SET_WORDS
        sets.push(...wordsOf(node.goesLeft, table.valueBins[node.column]!))
      } else packed.value[place] = thresholdOf(table, node.column, node.bin)
      waiting.push({ child: node.right, parent: place }, { child: node.left, parent: -1 })
    }
  }
  return { ...packed, sets: Uint32Array.from(sets) }
}

/** Behind the last cut are all values that are not missing. */
function thresholdOf({ cuts }: BinnedTable, column: number, bin: number): number {
  return cuts[column]![bin] ?? Infinity
}

function wordsOf(goesLeft: Uint8Array, categories: number): number[] {
  const words = new Uint32Array(SET_WORDS)
  for (let bin = 0; bin < categories; bin++) if (goesLeft[bin] === 1) words[bin >> 5]! |= 2 ** (bin & 31)
  return [...words]
}
