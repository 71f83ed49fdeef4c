/**
 * On what scale contributions sum: probabilities; log-odds, whose sigmoid is the probability; scores of classes, whose softmax
 * the probabilities are; or the number that is predicted.
 */
export const UNITS = ['probability', 'log_odds', 'score', 'value'] as const
export type Unit = (typeof UNITS)[number]

/** How the numbers that a model gives come about, by column of the matrix. Each kind of model has one (model/kinds.ts). */
export type Explainer = {
  unit: Unit
  /** How many nodes, or columns, it looks at for a row. */
  work: number
  /** What the model says where nothing of a row is known; one for each output. */
  base: Float64Array
  /** Writes what each column of one encoded row adds: of each output, all columns. The base and they sum to the output's margin. */
  contributions(row: Float64Array, out: Float64Array): void
}
