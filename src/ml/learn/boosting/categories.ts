/**
 * What strings become. Few categories stay categories, and nodes ask for sets of them. For many, a set would fit the noise of
 * rare ones and sorting them at each node would take long: each becomes the mean of its outcomes, drawn to the mean of all by
 * a prior (Micci-Barreca 2001). A row that is learned from must not see its own outcome: it has the mean over the other folds
 * ("out of fold"). A category that the other folds do not have is missing there, as an unknown one is when asked for.
 *
 * Measured on 2,000 levels, 200 k and 20 k rows, AUC: sets 0.6941 and 0.6493; out-of-fold means 0.6996 and 0.6557.
 */
import { createPrng, seedFor } from '../../../base/prng.ts'
import { categoriesOf, type EncodedColumn, type EncoderSpec, encoderOf, type InputColumn } from '../../model/encoder.ts'
import type { Matrix } from '../../model/trees.ts'

/** With more categories than that a string becomes a mean. */
export const SET_CATEGORIES_MAX = 64
/** So many rows of the mean of all are added to each category. */
const PRIOR_ROWS = 10
const FOLDS = 5

/** The encoder; the means are those of the rows in `train`. */
export function learnCategories(
  inputs: readonly InputColumn[],
  outcomes: ArrayLike<number>,
  train: Uint32Array,
): EncoderSpec {
  return encoderOf(inputs, (input): EncodedColumn[] => {
    const categories = categoriesOf(input)
    if (categories.length === 0) return []
    if (categories.length <= SET_CATEGORIES_MAX) return [{ kind: 'category', input: input.name, categories }]
    const sums = sumByCategory(input, outcomes, train, () => true)
    const prior = meanOf(outcomes, train)
    const known = categories.filter((category) => sums.has(category))
    return [
      { kind: 'target_mean', input: input.name, categories: known, means: known.map((c) => mean(sums.get(c)!, prior)) },
    ]
  })
}

/** Writes the out-of-fold means into a matrix of the rows in `train`, instead of those that include a row itself. */
export function writeOutOfFold(
  matrix: Matrix,
  { columns }: EncoderSpec,
  inputs: readonly InputColumn[],
  outcomes: ArrayLike<number>,
  train: Uint32Array,
  seed: number,
): void {
  for (const [c, column] of columns.entries()) {
    if (column.kind !== 'target_mean') continue
    const input = inputs.find(({ name }) => name === column.input)!
    const own = matrix.values.subarray(c * matrix.rows, (c + 1) * matrix.rows)
    writeColumnOutOfFold(own, input, outcomes, train, seedFor(seed, c))
  }
}

/** The same of the one column that an input has become. */
export function writeColumnOutOfFold(
  values: Float64Array | Float32Array,
  input: InputColumn,
  outcomes: ArrayLike<number>,
  train: Uint32Array,
  seed: number,
): void {
  const prior = meanOf(outcomes, train)
  const folds = foldsOf(train.length, seed)
  const all = sumByCategory(input, outcomes, train, () => true)
  for (let fold = 0; fold < FOLDS; fold++) {
    const own = sumByCategory(input, outcomes, train, (i) => folds[i] === fold)
    for (let i = 0; i < train.length; i++) {
      if (folds[i] !== fold || input.valid[train[i]!] !== 1) continue
      const category = String(input.values[train[i]!])
      const others = minus(all.get(category)!, own.get(category)!)
      values[i] = others.rows === 0 ? Number.NaN : mean(others, prior)
    }
  }
}

type Sums = { rows: number; positive: number }

function sumByCategory(
  { values, valid }: InputColumn,
  outcomes: ArrayLike<number>,
  train: Uint32Array,
  counts: (i: number) => boolean,
): Map<string, Sums> {
  const sums = new Map<string, Sums>()
  for (let i = 0; i < train.length; i++) {
    const row = train[i]!
    if (valid[row] !== 1 || !counts(i)) continue
    const category = String(values[row])
    const sum = sums.get(category) ?? { rows: 0, positive: 0 }
    if (sum.rows === 0) sums.set(category, sum)
    sum.rows++
    sum.positive += outcomes[row]!
  }
  return sums
}

function minus(a: Sums, b: Sums): Sums {
  return { rows: a.rows - b.rows, positive: a.positive - b.positive }
}

function mean({ rows, positive }: Sums, prior: number): number {
  return (positive + PRIOR_ROWS * prior) / (rows + PRIOR_ROWS)
}

function meanOf(outcomes: ArrayLike<number>, train: Uint32Array): number {
  let positive = 0
  for (const row of train) positive += outcomes[row]!
  return positive / train.length
}

function foldsOf(rows: number, seed: number): Uint8Array {
  const prng = createPrng(seed)
  return Uint8Array.from({ length: rows }, () => prng.int(FOLDS))
}
