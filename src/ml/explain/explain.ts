/**
 * What each input adds to what a model says of a row: exact Shapley values, the columns of an input summed. They and the base
 * sum to the margin of the model, before a calibration.
 */
import { encodeRow, type InputValue } from '../model/encoder.ts'
import { kindOf, type Learned } from '../model/kinds.ts'
import type { Model } from '../model/model-file.ts'
import type { Explainer, Unit } from './explainer.ts'

export type InputExplainer = {
  unit: Unit
  work: number
  base: Float64Array
  outputs: number
  inputs: number
  /** Of one encoded row: of each output, all inputs. */
  contributions(row: Float64Array, out: Float64Array): void
}

/** One for each output. */
export type Explanation = { unit: Unit; base: number; contributions: Float64Array }[]

const explainers = new WeakMap<Learned, Explainer>()

/** Made when a model is first asked, and kept with it. A model that cannot be explained is refused (unsupported). */
export function explainerOf({ learned, encoder }: Pick<Model, 'learned' | 'encoder'>): InputExplainer {
  let explainer = explainers.get(learned)
  if (explainer === undefined) {
    explainer = kindOf(learned).explain(learned)
    explainers.set(learned, explainer)
  }
  const { unit, work, base, contributions } = explainer
  const { fields, columns } = encoder
  const byColumn = new Float64Array(base.length * columns)
  return {
    unit,
    work,
    base,
    outputs: base.length,
    inputs: fields.length,
    contributions(row, out) {
      contributions(row, byColumn)
      for (let k = 0; k < base.length; k++) {
        for (let i = 0; i < fields.length; i++) {
          const { at, width } = fields[i]!
          let sum = 0
          for (let c = at; c < at + width; c++) sum += byColumn[k * columns + c]!
          out[k * fields.length + i] = sum
        }
      }
    },
  }
}

/** For values in the order of the encoder's inputs. */
export function explain(model: Model, values: readonly InputValue[]): Explanation {
  const { unit, base, inputs, contributions } = explainerOf(model)
  encodeRow(model.encoder, values, model.row)
  const out = new Float64Array(base.length * inputs)
  contributions(model.row, out)
  return Array.from(base, (own, k) => ({
    unit,
    base: own,
    contributions: out.subarray(k * inputs, (k + 1) * inputs),
  }))
}
