import { must } from '../base/assert.ts'
import type { TrainingData } from '../features/read-training-set.ts'
import type { EncoderSpec } from '../ml/model/encoder.ts'

const ROWS = 5

/** The first rows of the training set as the signature wants them: pandas' "split" form, a Bool with nulls as text. */
export function inputExample(data: TrainingData, encoder: EncoderSpec): { columns: string[]; data: unknown[][] } {
  const inputs = encoder.inputs.map(({ name, type, nullable }) => {
    const { values, valid } = must(data.columns.get(name), `column ${name} of the training set`)
    return { type, nullable, values, valid }
  })
  const rows = Array.from({ length: Math.min(ROWS, data.rows) }, (_, r) =>
    inputs.map(({ type, nullable, values, valid }) => {
      if (valid[r] !== 1) return null
      if (type !== 'Bool') return values[r]
      return nullable ? (values[r] === 1 ? 'True' : 'False') : values[r] === 1
    }),
  )
  return { columns: encoder.inputs.map((input) => input.name), data: rows }
}
