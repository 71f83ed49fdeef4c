/**
 * What the features add over many rows: how much on average, and how it depends on their values. Of a seeded sample of the rows
 * that measure a model, since a large forest takes milliseconds for each.
 */
import { createPrng } from '../../base/prng.ts'
import type { InputColumn } from '../model/encoder.ts'
import type { Model } from '../model/model-file.ts'
import type { Label } from '../model/outcome.ts'
import type { Matrix } from '../model/trees.ts'
import { explainerOf } from './explain.ts'
import type { Unit } from './explainer.ts'

/** `rows` of `measuringRows` were explained. */
type Sample = { rows: number; measuringRows: number; seed: number; unit: Unit }

/** By output: the label that it is of, null where a number is predicted; features with the greatest mean first. */
export type ShapSummary = Sample & {
  outputs: {
    of: Label | null
    base: number
    features: { feature: string; meanAbsolute: number; mean: number }[]
  }[]
}

/** By output and feature, in the order of the features: values of rows, and what they added. */
export type ShapDependence = Sample & {
  outputs: { of: Label | null; features: { feature: string; points: [Value, number][] }[] }[]
}
type Value = string | number | boolean | null

export const SHAP_ROWS_MAX = 1_000
export const SHAP_ROWS_LEAST = 50
/** Nodes that are looked at over all rows; about half a second. */
const WORK = 3e7

export type Measuring = { model: Model; matrix: Matrix; inputs: readonly InputColumn[]; seed: number }

export function globalShap({ model, matrix, inputs, seed }: Measuring): {
  summary: ShapSummary
  dependence: ShapDependence
} {
  const explainer = explainerOf(model)
  const wanted = Math.min(SHAP_ROWS_MAX, Math.max(SHAP_ROWS_LEAST, Math.floor(WORK / explainer.work)))
  const rows = sampleOf(matrix.rows, wanted, seed)
  const { outputs, unit, base } = explainer
  const width = outputs * inputs.length
  const added = new Float64Array(rows.length * width)
  const row = new Float64Array(matrix.columns)
  for (const [i, r] of rows.entries()) {
    for (let c = 0; c < row.length; c++) row[c] = matrix.values[c * matrix.rows + r]!
    explainer.contributions(row, added.subarray(i * width, (i + 1) * width))
  }
  const sample: Sample = { rows: rows.length, measuringRows: matrix.rows, seed, unit }
  const of = (output: number, i: number) =>
    Float64Array.from(rows, (_, r) => added[r * width + output * inputs.length + i]!)
  const labels = labelsOf(model, outputs)
  return {
    summary: {
      ...sample,
      outputs: labels.map((label, k) => ({
        of: label,
        base: base[k]!,
        features: inputs
          .map(({ name }, i) => ({
            feature: name,
            meanAbsolute: mean(of(k, i).map(Math.abs)),
            mean: mean(of(k, i)),
          }))
          .sort((a, b) => b.meanAbsolute - a.meanAbsolute),
      })),
    },
    dependence: {
      ...sample,
      outputs: labels.map((label, k) => ({
        of: label,
        features: inputs.map((input, i) => {
          const contributions = of(k, i)
          return {
            feature: input.name,
            points: Array.from(rows, (r, at): [Value, number] => [shownValue(input, r), contributions[at]!]),
          }
        }),
      })),
    },
  }
}

/** Rows in their order; all where there are no more than wanted. */
export function sampleOf(rows: number, wanted: number, seed: number): Uint32Array {
  const all = Uint32Array.from({ length: rows }, (_, r) => r)
  if (rows <= wanted) return all
  const prng = createPrng(seed)
  for (let i = 0; i < wanted; i++) {
    const j = i + Math.floor(prng.float() * (rows - i))
    const other = all[j]!
    all[j] = all[i]!
    all[i] = other
  }
  return all.slice(0, wanted).sort()
}

/** One output for two classes, of the positive one. */
function labelsOf({ outcome }: Model, outputs: number): (Label | null)[] {
  if (outcome.kind === 'regression') return [null]
  return outcome.kind === 'binary' ? [outcome.classes[1]] : outcome.classes.slice(0, outputs)
}

function shownValue({ type, values, valid }: InputColumn, row: number): Value {
  if (valid[row] !== 1) return null
  const value = values[row]!
  if (type === 'Bool') return value === 1
  // JSON has no word for it.
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
