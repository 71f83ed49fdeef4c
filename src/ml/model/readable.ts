import { type Additive, firstBin, valueBinsOf, wideBinsOf } from './additive.ts'
import type { Curves } from './curves.ts'
import type { EncodedColumn, EncoderSpec } from './encoder.ts'
import type { Learned } from './kinds.ts'

/**
 * A model that is a sum of curves, as it can be drawn: on the scale of its sums (log-odds, scores of classes, or the value),
 * one number for each output. `line`: at the points x, straight between them. `steps`: of the bins between the cuts x.
 * `categories`: of each text. `missing`: of a null.
 */
export type ReadableModel = { base: number[]; features: ReadableFeature[]; pairs: ReadablePair[] }

export type ReadableFeature = { feature: string; missing: number[]; values: number[][] } & (
  | { form: 'line' | 'steps'; x: number[] }
  | { form: 'categories'; categories: string[] }
)

/** A score for each bin of the first (outer) and of the second feature; the last of each is of a null. */
export type ReadablePair = { features: [string, string]; x: [Sides, Sides]; values: number[][] }
/** Cuts between bins; of a text its categories, one bin each. */
type Sides = { cuts: number[] } | { categories: string[] }

/** Null of a model that is no such sum. */
export function readableModel(learned: Learned, encoder: EncoderSpec): ReadableModel | null {
  if ('curves' in learned) return ofCurves(learned.curves, encoder)
  return 'additive' in learned ? ofAdditive(learned.additive, encoder) : null
}

function ofCurves({ outputs, base, starts, knots, values, missing }: Curves, { columns }: EncoderSpec): ReadableModel {
  const features = columns.map((column, c) => {
    const own = range(starts[c]!, starts[c + 1]!).map((i) => outputsAt(values, i, outputs))
    const rest = { feature: column.input, missing: outputsAt(missing, c, outputs), values: own }
    return featureOf(column, rest, 'line', [...knots.subarray(starts[c]!, starts[c + 1]!)])
  })
  return { base: [...base], features, pairs: [] }
}

function ofAdditive(model: Additive, { columns }: EncoderSpec): ReadableModel {
  const { outputs, base, starts, cuts, scores, pairs, grids } = model
  const features = columns.map((column, c) => {
    const [first, count] = [firstBin(model, c), valueBinsOf(model, c)]
    const own = range(first, first + count).map((i) => outputsAt(scores, i, outputs))
    const rest = { feature: column.input, missing: outputsAt(scores, first + count, outputs), values: own }
    return featureOf(column, rest, 'steps', [...cuts.subarray(starts[c]!, starts[c + 1]!)])
  })
  let at = 0
  const readable = range(0, pairs.length / 2).map((p): ReadablePair => {
    const [a, b] = [pairs[2 * p]!, pairs[2 * p + 1]!]
    const width = wideBinsOf(model, b)
    const values = range(0, wideBinsOf(model, a)).map((i) => [...grids.subarray(at + i * width, at + (i + 1) * width)])
    at += wideBinsOf(model, a) * width
    return { features: [columns[a]!.input, columns[b]!.input], x: [sidesOf(a), sidesOf(b)], values }
  })
  return { base: [...base], features, pairs: readable }

  function sidesOf(c: number): Sides {
    const column = columns[c]!
    if (column.kind === 'category') return { categories: column.categories }
    const first = firstBin(model, c)
    const parting = range(0, valueBinsOf(model, c) - 1).filter(
      (b) => model.wide[first + b] !== model.wide[first + b + 1],
    )
    return { cuts: parting.map((b) => cuts[starts[c]! + b]!) }
  }
}

type Rest = { feature: string; missing: number[]; values: number[][] }

function featureOf(column: EncodedColumn, rest: Rest, form: 'line' | 'steps', x: number[]): ReadableFeature {
  if (column.kind === 'category') return { ...rest, form: 'categories', categories: column.categories }
  return { ...rest, form, x }
}

function outputsAt(from: Float64Array, place: number, outputs: number): number[] {
  return [...from.subarray(place * outputs, (place + 1) * outputs)]
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i)
}
