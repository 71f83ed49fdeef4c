/**
 * The loops that take the time, in one language or the other (kernels.ts). Every place is an address in bytes of one memory.
 * Strides are in bytes and multiples of 8; rows from `from` up to, not including, `to`.
 */
export type Kernels = {
  /** Adds the pairs of `count` rows to the lanes of their bins; the first bin and the first pair are at the addresses. */
  sum(
    bins: number,
    binStride: number,
    pairs: number,
    pairStride: number,
    count: number,
    columns: number,
    histogram: number,
  ): void
  clear(histogram: number, bytes: number): void
  addHistogram(to: number, from: number, bytes: number): void
  subtractHistogram(to: number, from: number, bytes: number): void
  /**
   * Moves the records of a node from one buffer to the other in one pass: those that go left to the front in their order, the
   * others to the back in reverse. Answers how many went left. `goesLeft` has 256 bytes, 1 or 0 by bin.
   */
  moveRecords(
    source: number,
    target: number,
    stride: number,
    from: number,
    to: number,
    column: number,
    goesLeft: number,
  ): number
  /** The same of the root, whose bins and pairs lie apart in the order of the rows: records are made of them. */
  takeRecords(
    bins: number,
    binStride: number,
    pairs: number,
    target: number,
    from: number,
    to: number,
    column: number,
    goesLeft: number,
  ): number
  addToMargins(records: number, stride: number, from: number, to: number, value: number, margins: number): void
  addToAll(margins: number, from: number, to: number, value: number): void
  /** Gradients write whole groups of four rows: `from` is a multiple of 4, and the arrays have room behind `to`. */
  logisticGradients(
    margins: number,
    labels: number,
    weights: number,
    pairs: number,
    from: number,
    to: number,
    byGradient: number,
    byHessian: number,
    shift: number,
  ): void
  softmaxGradients(
    margins: number,
    marginStride: number,
    classes: number,
    labels: number,
    weights: number,
    pairs: number,
    pairStride: number,
    from: number,
    to: number,
    byGradient: number,
    byHessian: number,
    shift: number,
  ): void
  squaredGradients(
    margins: number,
    values: number,
    weights: number,
    pairs: number,
    from: number,
    to: number,
    byGradient: number,
    byHessian: number,
    shift: number,
  ): void
  /** Sum and maximum of |margin − value| times weight, as two doubles. */
  measureResiduals(margins: number, values: number, weights: number, from: number, to: number, out: number): void
  /** Replaces the split at `best` where a threshold of this column beats its score; `missing` is its bin, or -1 to leave it right. */
  searchColumn(
    lanes: number,
    bins: number,
    missing: number,
    gradient: number,
    hessian: number,
    l1: number,
    l2: number,
    least: number,
    column: number,
    best: number,
  ): void
}
