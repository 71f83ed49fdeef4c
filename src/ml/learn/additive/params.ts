/** How the additive model learns; docs/guide/learners.md says what each option is for. */
export type AdditiveParams = {
  /** Rounds at most; in each, every shape takes one step. Early stopping ends before. */
  rounds: number
  learningRate: number
  /** Rows on each side of a cut at least; at most a twentieth of all. */
  minSamplesLeaf: number
  /** Bins of a feature at most, that of the missing among them; and of a side of a pair. */
  maxBins: number
  pairBins: number
  /** Pairs of features that get a grid of their own, at most; the strongest ones. */
  pairs: number
  /** Parts of the rows that say how many rounds are best, each watched by a fit of the others. */
  folds: number
  /** Ends when the loss of the rows that are watched has not fallen for so many rounds. */
  patience: number
  classWeight: 'balanced' | 'none'
  seed: number
}

export const ADDITIVE_DEFAULTS: AdditiveParams = {
  rounds: 2_000,
  learningRate: 0.2,
  minSamplesLeaf: 100,
  maxBins: 64,
  pairBins: 16,
  pairs: 10,
  folds: 5,
  patience: 30,
  classWeight: 'none',
  seed: 42,
}
