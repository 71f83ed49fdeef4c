import { PlatformError } from '../../base/errors.ts'
import type { Matrix } from './trees.ts'

/** The types of value that a model takes. A Date and a UnixTimestamp are given by their age in days (age.ts). */
export const INPUT_TYPES = ['String', 'Int32', 'Int64', 'Float32', 'Float64', 'Bool', 'Date', 'UnixTimestamp'] as const
export type InputType = (typeof INPUT_TYPES)[number]

/**
 * How feature values become the columns of a matrix. Numbers and booleans are one column each, missing when null. What a
 * string becomes is for each learner to choose, of:
 * - `one_hot`: a column for each category, in code-unit order, that is 1 for its own, else 0; for an unknown category and null
 *   all of them are 0;
 * - `category`: one column with the number of the category;
 * - `target_mean`: one column with a number that training found for the category, the mean of its outcomes.
 * In the latter two an unknown category and null are missing. Float32 is rounded to the nearest float32, so that a caller's
 * 29.85 and the stored real are one value.
 */
export type EncoderSpec = {
  /** In the order of the feature service. `nullable`: had a null in training. */
  inputs: { name: string; type: InputType; nullable: boolean }[]
  columns: EncodedColumn[]
}

export type EncodedColumn =
  | { kind: 'numeric'; input: string }
  | { kind: 'one_hot'; input: string; category: string }
  | { kind: 'category'; input: string; categories: string[] }
  | { kind: 'target_mean'; input: string; categories: string[]; means: number[] }

export type InputValue = string | number | bigint | boolean | null

/** Values of one input over many rows; `valid[i]` is 0 where the value is null. Bool is 0 and 1. */
export type InputColumn = { name: string; type: InputType; values: Float64Array | readonly string[]; valid: Uint8Array }

/** A one-hot column for each category of a string; everything else is given by the types. */
export function learnEncoder(inputs: readonly InputColumn[]): EncoderSpec {
  return encoderOf(inputs, (input) =>
    categoriesOf(input).map((category) => ({ kind: 'one_hot', input: input.name, category })),
  )
}

/** The columns of strings are those that `ofText` gives. */
export function encoderOf(
  inputs: readonly InputColumn[],
  ofText: (input: InputColumn, index: number) => EncodedColumn[],
): EncoderSpec {
  return {
    inputs: inputs.map(({ name, type, valid }) => ({ name, type, nullable: valid.includes(0) })),
    columns: inputs.flatMap((input, i): EncodedColumn[] =>
      input.type === 'String' ? ofText(input, i) : [{ kind: 'numeric', input: input.name }],
    ),
  }
}

/** The categories that an input has, in code-unit order. */
export function categoriesOf(input: InputColumn): string[] {
  const seen = new Set<string>()
  for (let i = 0; i < input.valid.length; i++) if (input.valid[i] === 1) seen.add(String(input.values[i]))
  return [...seen].sort()
}

/** The categories that a spec knows of an input. */
export function categoriesOfColumns(spec: EncoderSpec, input: string): string[] {
  return spec.columns.flatMap((column) => {
    if (column.input !== input || column.kind === 'numeric') return []
    return column.kind === 'one_hot' ? [column.category] : column.categories
  })
}

/** A spec made ready for use: where each input writes. */
export type Encoder = {
  spec: EncoderSpec
  columns: number
  fields: EncoderField[]
}

type EncoderField = {
  name: string
  type: InputType
  /** First column of this input, and how many it has. */
  at: number
  width: number
  /** Of a string: by category the column that it sets, and to what. */
  categories: Map<string, { column: number; value: number }> | null
  /** Of a string: what its columns have for an unknown category and null. */
  unknown: number
}

export function createEncoder(spec: EncoderSpec): Encoder {
  let at = 0
  const fields = spec.inputs.map(({ name, type }) => {
    const own = spec.columns.filter((column) => column.input === name)
    const field: EncoderField = { name, type, at, width: own.length, categories: null, unknown: 0 }
    if (type === 'String') {
      field.categories = new Map(own.flatMap((column, i) => entriesOf(column, at + i)))
      if (own.some(({ kind }) => kind !== 'one_hot')) field.unknown = Number.NaN
    }
    at += own.length
    return field
  })
  return { spec, columns: at, fields }
}

function entriesOf(column: EncodedColumn, at: number): [string, { column: number; value: number }][] {
  if (column.kind === 'numeric') return []
  if (column.kind === 'one_hot') return [[column.category, { column: at, value: 1 }]]
  return column.categories.map((category, i) => {
    return [category, { column: at, value: column.kind === 'category' ? i : column.means[i]! }]
  })
}

/** Writes one row, values in the order of the inputs. A value of another type than its input's is refused. */
export function encodeRow(encoder: Encoder, values: readonly InputValue[], row: Float64Array): void {
  const { fields } = encoder
  if (values.length !== fields.length) {
    throw new PlatformError('invalid_argument', `the model takes ${fields.length} values, not ${values.length}`)
  }
  for (let i = 0; i < fields.length; i++) {
    const field = fields[i]!
    const value = values[i]!
    if (field.categories === null) {
      row[field.at] = numberOf(field, value)
      continue
    }
    row.fill(field.unknown, field.at, field.at + field.width)
    if (value === null) continue
    if (typeof value !== 'string') throw wrongType(field, value)
    const known = field.categories.get(value)
    if (known !== undefined) row[known.column] = known.value
  }
}

/** The matrix of many rows, from columns in the order of the inputs. */
export function encodeColumns(encoder: Encoder, inputs: readonly InputColumn[], rows: number): Matrix {
  const values = new Float64Array(rows * encoder.columns)
  for (const [i, field] of encoder.fields.entries()) {
    const input = inputs[i]
    if (input?.name !== field.name) {
      throw new PlatformError(
        'invalid_argument',
        `input ${i + 1} must be ${field.name}, not ${input?.name ?? 'nothing'}`,
      )
    }
    if (field.unknown !== 0) values.fill(field.unknown, field.at * rows, (field.at + field.width) * rows)
    for (let r = 0; r < rows; r++) {
      const value = input.valid[r] === 1 ? input.values[r]! : null
      if (field.categories === null) values[field.at * rows + r] = numberOf(field, value)
      else if (value !== null) {
        const known = field.categories.get(String(value))
        if (known !== undefined) values[known.column * rows + r] = known.value
      }
    }
  }
  return { rows, columns: encoder.columns, values }
}

function numberOf(field: EncoderField, value: InputValue): number {
  if (value === null) return Number.NaN
  if (typeof value === 'number') return field.type === 'Float32' ? Math.fround(value) : value
  if (typeof value === 'boolean' && field.type === 'Bool') return value ? 1 : 0
  // Beyond 2^53 a double holds the nearest value only; the ONNX graph casts int64 to double and so does the same.
  if (typeof value === 'bigint') return Number(value)
  throw wrongType(field, value)
}

function wrongType(field: EncoderField, value: InputValue): PlatformError {
  return new PlatformError('invalid_argument', `${field.name} must be ${field.type}, not the ${typeof value} ${value}`)
}
