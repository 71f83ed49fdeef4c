/** A tree over bins, nodes in the order of their making; a child below 0 is leaf ~child. */
export type BinTree = {
  nodes: BinNode[]
  /** Values of the leaves, to be added to margins. */
  leaves: Float64Array
  /** Rows that came to each leaf. */
  leafRows: Float64Array
}

export type BinNode = {
  column: number
  bin: number
  missingLeft: boolean
  goesLeft: Uint8Array
  left: number
  right: number
  gain: number
  /** Rows that came to it. */
  rows: number
}
