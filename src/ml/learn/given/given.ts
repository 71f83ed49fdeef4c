/**
 * The learner that does not learn: a command of the project has (room trainer), and what it gave is an ONNX file. Here it
 * is matched with features and outcome and asked for every row, so that what cannot answer is refused before it is kept.
 */
import { PlatformError } from '../../../base/errors.ts'
import {
  categoriesOf,
  createEncoder,
  type EncoderSpec,
  encodeColumns,
  encoderOf,
  type InputColumn,
} from '../../model/encoder.ts'
import { closeGiven, type Given, predictAllGiven, predictGiven } from '../../model/given/given.ts'
import type { GivenModel } from '../../model/kinds.ts'
import type { Matrix } from '../../model/trees.ts'
import { takeRows } from '../take-rows.ts'
import type { Task } from '../task.ts'

/** How two answers to the same row may differ: what a matrix product adds in another order. */
const NEAR = 1e-5
/** So many rows are asked once more, each alone. */
const ASKED_AGAIN = 20

/** A text by its number among the categories that the rows have: the manifest of the trainer says the same ones. */
export function encoderOfGiven(inputs: readonly InputColumn[]): EncoderSpec {
  return encoderOf(inputs, (input) => {
    const categories = categoriesOf(input)
    return [{ kind: 'target_mean', input: input.name, categories, means: categories.map((_, i) => i) }]
  })
}

type Taken = { encoder: EncoderSpec; matrix: Matrix; learned: GivenModel; importance: Float64Array }

export function takeGiven({ rows, inputs, target }: Task, bytes: Uint8Array | undefined): Taken {
  if (bytes === undefined) throw new PlatformError('unsupported', 'a model of a trainer is not learned a second time')
  const encoder = encoderOfGiven(inputs)
  const matrix = encodeColumns(createEncoder(encoder), inputs, rows)
  const outputs = target.kind === 'multiclass' ? target.classes : 1
  const given: Given = { gives: target.kind, outputs, bytes, encoder }
  try {
    const all = predictAllGiven(given, matrix)
    requireSteady(given, matrix, all)
  } catch (error) {
    closeGiven(given)
    throw error
  }
  return { encoder, matrix, learned: { kind: 'onnx', given }, importance: new Float64Array(matrix.columns) }
}

/** A row that is asked alone is answered as among others, and twice the same. */
function requireSteady(given: Given, matrix: Matrix, all: Float64Array): void {
  const some = Uint32Array.from({ length: Math.min(ASKED_AGAIN, matrix.rows) }, (_, i) => i)
  const { values, columns } = takeRows(matrix, some)
  const out = new Float64Array(given.outputs)
  for (const r of some) {
    predictGiven(
      given,
      Float64Array.from({ length: columns }, (_, c) => values[c * some.length + r]!),
      out,
    )
    for (const [o, value] of out.entries()) {
      const before = all[r * given.outputs + o]!
      if (Math.abs(value - before) <= NEAR * Math.max(1, Math.abs(before))) continue
      const message = `the ONNX model cannot be used: for the same row it answered ${before} among others and ${value} alone`
      throw new PlatformError('unsupported', message)
    }
  }
}
