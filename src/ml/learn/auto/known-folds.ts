/** What a fit of one trial without one fold said of that fold: the sum of losses, and what the model cost. */
export type FoldScore = { loss: number; rows: number; predictMicros: number; modelBytes: number }

/** What has been found already, and who is told of more, so that a search that was interrupted goes on where it was. */
export type KnownFolds = {
  find(name: string): FoldScore | undefined
  keep(name: string, score: FoldScore): void
}

export const noneKnown: KnownFolds = { find: () => undefined, keep: () => {} }
