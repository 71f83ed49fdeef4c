import type { BinTree } from './bin-tree.ts'
import type { BinnedTable } from './binned-table.ts'

/** Adds what a tree gives rows of a table to their margins: to margin p for row `rows[p]`, for each p of `places`. */
export function addTree(
  table: BinnedTable,
  rows: Uint32Array,
  places: Uint32Array,
  { nodes, leaves }: BinTree,
  margins: Float64Array,
): void {
  const { bins } = table
  const rowBytes = table.words * 4
  for (let i = 0; i < places.length; i++) {
    const place = places[i]!
    const at = rows[place]! * rowBytes
    let node = nodes.length === 0 ? ~0 : 0
    while (node >= 0) {
      const { goesLeft, column, left, right } = nodes[node]!
      node = goesLeft[bins[at + column]!] === 1 ? left : right
    }
    margins[place]! += leaves[~node]!
  }
}
