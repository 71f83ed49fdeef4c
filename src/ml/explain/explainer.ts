/** How the numbers that a model gives come about, by column of the matrix. Each kind of model has one (model/kinds.ts). */
export type Explainer = {
  /** What the model says where nothing of a row is known, on its margin; one for each output. */
  base: Float64Array
  /**
   * Writes what each column of one encoded row adds: of each output, all columns. The base and they sum to the margin of the
   * output: log-odds of boosting, logits of a linear model, else the number itself.
   */
  contributions(row: Float64Array, out: Float64Array): void
}
