/**
 * Permutation importance (Breiman 2001; Fisher, Rudin and Dominici 2019): how much worse a model is on measuring rows whose
 * values of one feature are dealt out among them anew, so that it tells nothing. Several times, with the spread.
 */
import { createPrng, seedFor } from '../../base/prng.ts'
import { kindOf, predictAll } from '../model/kinds.ts'
import type { Measuring } from './global-shap.ts'
import { sampleOf } from './global-shap.ts'

/** What says how good outputs are. `better`: whether more or less of it is. */
export type Judge = {
  metric: string
  better: 'more' | 'less'
  /** Of the outputs of the given rows. */
  of(outputs: Float64Array, rows: Uint32Array): number
}

export type PermutationImportance = {
  metric: string
  rows: number
  measuringRows: number
  repeats: number
  seed: number
  /** Of these rows as they are; null where they have none, as of one class alone. */
  value: number | null
  /** By how much the metric is worse, mean and standard deviation; null for what was not tried. Greatest first. */
  features: { feature: string; worse: number | null; deviation: number | null; gain: number }[]
}

export const REPEATS = 5
/** Of more features, those are tried that helped the fit most. */
export const FEATURES_MAX = 50
const ROWS_LEAST = 200
/** Walks through a tree, and columns read, over all rows, features and repeats; about half a second. */
const WORK = 1e7

/** `gain`: by input, how much it helped the fit. */
export function permutationImportance(
  { model, matrix, inputs, seed }: Measuring,
  judge: Judge,
  gain: readonly number[],
): PermutationImportance {
  const { learned, encoder } = model
  const kind = kindOf(learned)
  const order = inputs.map((_, i) => i).sort((a, b) => gain[b]! - gain[a]! || a - b)
  const tried = new Set(order.slice(0, FEATURES_MAX))
  const { columns } = matrix
  const steps = (kind.trees(learned) + columns) * tried.size * REPEATS
  const rows = sampleOf(matrix.rows, Math.max(ROWS_LEAST, Math.floor(WORK / steps)), seed)
  const values = new Float64Array(rows.length * columns)
  for (let c = 0; c < columns; c++) {
    for (const [i, r] of rows.entries()) values[c * rows.length + i] = matrix.values[c * matrix.rows + r]!
  }
  const asked = { rows: rows.length, columns, values }
  // One row is asked first: what makes rows fast is worth its price for so many.
  kind.predict(learned, model.row, model.out)
  const value = judge.of(predictAll(learned, asked), rows)
  const worseOf = (i: number): number[] => {
    const { at, width } = encoder.fields[i]!
    const own = values.slice(at * rows.length, (at + width) * rows.length)
    const drops = Array.from({ length: REPEATS }, (_, repeat) => {
      const dealt = shuffled(rows.length, seedFor(seed, i * REPEATS + repeat))
      for (let c = 0; c < width; c++) {
        const [to, from] = [(at + c) * rows.length, c * rows.length]
        for (let r = 0; r < rows.length; r++) values[to + r] = own[from + dealt[r]!]!
      }
      const permuted = judge.of(predictAll(learned, asked), rows)
      return judge.better === 'more' ? value - permuted : permuted - value
    })
    values.set(own, at * rows.length)
    return drops
  }
  const features = inputs.map(({ name }, i) => {
    if (!tried.has(i)) return { feature: name, worse: null, deviation: null, gain: gain[i]! }
    return { feature: name, ...spreadOf(worseOf(i)), gain: gain[i]! }
  })
  features.sort((a, b) => (b.worse ?? -Infinity) - (a.worse ?? -Infinity))
  const sample = { rows: rows.length, measuringRows: matrix.rows, repeats: REPEATS, seed }
  return { metric: judge.metric, ...sample, value: finite(value), features }
}

function finite(x: number): number | null {
  return Number.isFinite(x) ? x : null
}

function shuffled(count: number, seed: number): Uint32Array {
  const prng = createPrng(seed)
  const all = Uint32Array.from({ length: count }, (_, i) => i)
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(prng.float() * (i + 1))
    const other = all[j]!
    all[j] = all[i]!
    all[i] = other
  }
  return all
}

function spreadOf(values: readonly number[]): { worse: number | null; deviation: number | null } {
  const worse = values.reduce((sum, value) => sum + value, 0) / values.length
  const squares = values.reduce((sum, value) => sum + (value - worse) ** 2, 0)
  return { worse: finite(worse), deviation: finite(Math.sqrt(squares / (values.length - 1))) }
}
