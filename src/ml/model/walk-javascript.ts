import type { PackedTrees } from './packed-trees.ts'

/** One row, whose codes are given, through all trees; `leaves` gets the node of each tree's leaf. */
export function walkTrees({ trees, nodes, starts, ranked }: PackedTrees, codes: Int32Array, leaves: Int32Array): void {
  for (let t = 0; t < trees; t++) leaves[t] = walkOne(nodes, codes, 0, starts[t]!, ranked.shift)
}

/** `rows` rows, whose codes follow each other, through tree `t`. */
export function walkRows(packed: PackedTrees, t: number, codes: Int32Array, rows: number, leaves: Int32Array): void {
  const { nodes, starts, ranked } = packed
  const { shift } = ranked
  const root = starts[t]!
  for (let r = 0; r < rows; r++) leaves[r] = walkOne(nodes, codes, r << shift, root, shift)
}

function walkOne(nodes: Int32Array, codes: Int32Array, at: number, root: number, shift: number): number {
  const mask = (1 << shift) - 1
  let place = root
  for (let before = -1; before !== place; ) {
    before = place
    const word = nodes[2 * place]!
    place = nodes[2 * place + 1]! + (((word >> shift) - codes[at + (word & mask)]!) >>> 31)
  }
  return nodes[2 * place]! >>> shift
}
