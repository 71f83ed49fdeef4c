/** What the live model says of the rows of a side, and what each column is worth to it. */
import { setImmediate as turn } from 'node:timers/promises'
import type { Duck } from '../../lake/duck.ts'
import { ident } from '../../lake/quote.ts'
import { globalShap } from '../../ml/explain/global-shap.ts'
import { DAY_MS, hasAge } from '../../ml/model/age.ts'
import { encodeColumns, type InputColumn } from '../../ml/model/encoder.ts'
import { predictAll } from '../../ml/model/kinds.ts'
import { calibrateAll, type Model } from '../../ml/model/model-file.ts'
import { likeliest } from '../../ml/model/outcome.ts'
import type { ColumnDrift } from '../../wire/drift.ts'
import type { CountedColumn } from './count-columns.ts'
import { countValues } from './count-columns.ts'
import { type OpenSide, thinned } from './open-side.ts'

export type Effects = ReadonlyMap<string, NonNullable<ColumnDrift['effect']>>

/** So many rows of a side are asked, evenly taken from all. */
const ROWS = 10_000
/** Rows between two turns for everybody else. */
const AT_ONCE = 500
const SEED = 20_240_131

export async function readInputs(duck: Duck, model: Model, side: OpenSide): Promise<InputColumn[]> {
  const { inputs } = model.encoder.spec
  const select = inputs.map(({ name, type }) => {
    if (type === 'String') return ident(name)
    if (hasAge(type)) return `(${side.momentMs} - epoch_ms(${ident(name)})) / CAST(${DAY_MS} AS DOUBLE)`
    return `CAST(${ident(name)} AS DOUBLE)`
  })
  const { columns } = await duck.columns(`SELECT ${select.join(', ')} FROM ${thinned(side.table, ROWS)}`)
  return inputs.map(({ name, type }, i) => ({ name, type, values: columns[i]!.values, valid: columns[i]!.valid }))
}

/** The probability of the positive label, the value, or the likeliest label, of each row. */
export async function scoresOf(model: Model, inputs: readonly InputColumn[]): Promise<CountedColumn> {
  const rows = inputs[0]?.values.length ?? 0
  const { outcome, learned, encoder, calibration, out } = model
  const numbers = new Float64Array(rows)
  const labels: string[] = []
  for (let at = 0; at < rows; at += AT_ONCE) {
    const part = inputs.map((input) => {
      return { ...input, values: input.values.slice(at, at + AT_ONCE), valid: input.valid.subarray(at, at + AT_ONCE) }
    })
    const count = Math.min(AT_ONCE, rows - at)
    const scores = calibrateAll(calibration, predictAll(learned, encodeColumns(encoder, part, count)))
    for (let r = 0; r < count; r++) {
      if (outcome.kind === 'multiclass')
        labels.push(String(outcome.classes[likeliest(scores, r * out.length, out.length)]))
      else numbers[at + r] = scores[r]!
    }
    await turn()
  }
  if (outcome.kind === 'multiclass') return countValues({ name: 'prediction', type: 'String' }, rows, labels)
  return countValues({ name: 'prediction', type: 'Float64' }, rows, numbers)
}

/** Mean |SHAP| of each input, of all outputs together; empty where the model cannot be explained. */
export function effectsOf(model: Model, inputs: readonly InputColumn[]): Effects {
  const rows = inputs[0]?.values.length ?? 0
  if (rows === 0) return new Map()
  const matrix = encodeColumns(model.encoder, inputs, rows)
  const { outputs } = globalShap({ model, matrix, inputs, seed: SEED }).summary
  const means = new Map<string, number>()
  for (const { features } of outputs) {
    for (const { feature, meanAbsolute } of features) means.set(feature, (means.get(feature) ?? 0) + meanAbsolute)
  }
  const total = [...means.values()].reduce((all, mean) => all + mean, 0)
  return new Map([...means].map(([name, mean]) => [name, { share: total === 0 ? 0 : mean / total, mean }]))
}
