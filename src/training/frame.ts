import { must } from '../base/assert.ts'
import { PlatformError } from '../base/errors.ts'
import type { TrainingData } from '../features/offline/read-training-set.ts'
import { INPUT_TYPES, type InputColumn } from '../ml/model/encoder.ts'

/** A training set as a learner takes it: every row, features in the order of the service. */
export type Frame = { rows: number; inputs: InputColumn[]; labels: Uint8Array }

export function frameOf(data: TrainingData, features: readonly string[], label: string): Frame {
  const inputs = features.map((name): InputColumn => {
    const { type, values, valid } = must(data.columns.get(name), `column ${name} of the training set`)
    const known = INPUT_TYPES.find((t) => t === type)
    if (known !== undefined) return { name, type: known, values, valid }
    const takes = INPUT_TYPES.join(', ')
    throw new PlatformError(
      'unsupported',
      `feature ${name} is a ${type}; a model takes ${takes}: derive a number from it`,
    )
  })
  return { rows: data.rows, inputs, labels: labelsOf(data, label) }
}

/** Labels are Bool, or numbers 0 and 1. */
function labelsOf(data: TrainingData, label: string): Uint8Array {
  const { values, valid } = must(data.columns.get(label), `label ${label} of the training set`)
  const labels = new Uint8Array(data.rows)
  for (let r = 0; r < data.rows; r++) {
    const value = values[r]
    if (valid[r] !== 1 || (value !== 0 && value !== 1)) {
      const shown = valid[r] === 1 ? `'${value}'` : 'null'
      throw new PlatformError(
        'invalid_argument',
        `label ${label} is ${shown} in row ${r + 1}; it must be true or false`,
      )
    }
    labels[r] = value
  }
  return labels
}
