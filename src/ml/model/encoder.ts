import { PlatformError } from '../../base/errors.ts'
import type { Matrix } from './forest.ts'

/** The types of value that a model takes. Moments are not among them: derive a number first. */
export const INPUT_TYPES = ['String', 'Int32', 'Int64', 'Float32', 'Float64', 'Bool'] as const
export type InputType = (typeof INPUT_TYPES)[number]

/**
 * How feature values become the columns of a matrix. Numbers and booleans are one column each, missing when null. A
 * string is one column for each category seen in training, in code-unit order: 1 for its own, else 0; an unknown
 * category and null are 0 in all of them. Float32 is rounded to the nearest float32, so that a caller's 29.85 and the
 * stored real are one value.
 */
export type EncoderSpec = {
  /** In the order of the feature service. `nullable`: had a null in training. */
  inputs: { name: string; type: InputType; nullable: boolean }[]
  columns: EncodedColumn[]
}

export type EncodedColumn = { kind: 'numeric'; input: string } | { kind: 'one_hot'; input: string; category: string }

export type InputValue = string | number | bigint | boolean | null

/** Values of one input over many rows; `valid[i]` is 0 where the value is null. Bool is 0 and 1. */
export type InputColumn = { name: string; type: InputType; values: Float64Array | readonly string[]; valid: Uint8Array }

/** Learns the categories of the strings; everything else is given by the types. */
export function learnEncoder(inputs: readonly InputColumn[]): EncoderSpec {
  const columns: EncodedColumn[] = []
  for (const input of inputs) {
    if (input.type !== 'String') columns.push({ kind: 'numeric', input: input.name })
    else for (const category of categoriesOf(input)) columns.push({ kind: 'one_hot', input: input.name, category })
  }
  const described = inputs.map(({ name, type, valid }) => ({ name, type, nullable: valid.includes(0) }))
  return { inputs: described, columns }
}

function categoriesOf(input: InputColumn): string[] {
  const seen = new Set<string>()
  for (let i = 0; i < input.valid.length; i++) if (input.valid[i] === 1) seen.add(String(input.values[i]))
  return [...seen].sort()
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
  categories: Map<string, number> | null
}

export function createEncoder(spec: EncoderSpec): Encoder {
  let at = 0
  const fields = spec.inputs.map(({ name, type }) => {
    const own = spec.columns.filter((column) => column.input === name)
    const categories =
      type === 'String' ? new Map(own.map((c, i) => [c.kind === 'one_hot' ? c.category : '', at + i])) : null
    const field: EncoderField = { name, type, at, width: own.length, categories }
    at += own.length
    return field
  })
  return { spec, columns: at, fields }
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
    row.fill(0, field.at, field.at + field.width)
    if (value === null) continue
    if (typeof value !== 'string') throw wrongType(field, value)
    const column = field.categories.get(value)
    if (column !== undefined) row[column] = 1
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
    for (let r = 0; r < rows; r++) {
      const value = input.valid[r] === 1 ? input.values[r]! : null
      if (field.categories === null) values[field.at * rows + r] = numberOf(field, value)
      else if (value !== null) {
        const column = field.categories.get(String(value))
        if (column !== undefined) values[column * rows + r] = 1
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
