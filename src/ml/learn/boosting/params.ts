/** How boosting learns; docs/guide/learners.md says what each is for. */
export type BoostingParams = {
  /** Trees at most; early stopping may end before. */
  rounds: number
  learningRate: number
  /** `symmetric`: all leaves of a level are asked one question. */
  shape: 'leaf_wise' | 'symmetric'
  maxLeaves: number
  /** Null for no limit. */
  maxDepth: number | null
  /** Rows of a leaf at least, as far as its hessian tells: rows are not counted by bin. */
  minSamplesLeaf: number
  /** Sum of hessians of a leaf at least. */
  minChildHessian: number
  l1: number
  l2: number
  /** Share of the rows, and of the columns, that a tree is grown on. */
  rowShare: number
  columnShare: number
  maxBins: number
  classWeight: 'balanced' | 'none'
  /**
   * Puts `share` of the rows aside and ends when their loss has not fallen for `rounds` rounds. With `refit` the best number
   * of rounds is then fitted on all rows.
   */
  earlyStopping: { share: number; rounds: number; refit: boolean } | null
  /** Groups of features: only those of one group stand together on a way through a tree (interactions.ts). */
  interactions: readonly (readonly string[])[]
  seed: number
}

export const BOOSTING_DEFAULTS: BoostingParams = {
  rounds: 1_000,
  learningRate: 0.05,
  // Few leaves were best on 5,600, 20,000 and 80,000 rows; early stopping takes the more trees.
  shape: 'leaf_wise',
  maxLeaves: 8,
  maxDepth: null,
  minSamplesLeaf: 20,
  minChildHessian: 0.001,
  l1: 0,
  l2: 1,
  rowShare: 1,
  columnShare: 1,
  maxBins: 255,
  classWeight: 'none',
  earlyStopping: { share: 0.2, rounds: 50, refit: true },
  interactions: [],
  seed: 42,
}
