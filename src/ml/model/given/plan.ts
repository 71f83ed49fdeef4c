/** How encoded columns become the inputs of an ONNX model, and which of its outputs is the answer. */
import { PlatformError } from '../../../base/errors.ts'
import type { EncodedColumn, EncoderSpec, InputType } from '../encoder.ts'
import { ONNX_TYPES, type OnnxType, type OnnxValue, type Session, type Tensor, type TensorData } from './session.ts'
import type { Given } from './types.ts'

export type Feed = { name: string; type: OnnxType; flat: boolean } & (
  | { form: 'matrix' }
  | { form: 'feature'; column: number; feature: string; of: InputType; categories: readonly string[] }
)

export type Plan = { feeds: Feed[]; output: string }

/** The text that stands for a missing one: what Python's str() makes of None, as for our own models. */
const MISSING = 'None'

export function planOf(session: Pick<Session, 'inputs' | 'outputs'>, given: Given): Plan {
  return { feeds: feedsFor(session.inputs, given.encoder), output: outputFor(session.outputs, given) }
}

function feedsFor(inputs: readonly OnnxValue[], { inputs: features, columns }: EncoderSpec): Feed[] {
  const [only] = inputs
  const named = (name: string) => features.findIndex((feature) => feature.name === name)
  if (inputs.length === 1 && only && only.shape.length === 2 && only.shape[1] !== 1 && named(only.name) < 0) {
    return [matrixFeed(only, features.length)]
  }
  return inputs.map((input): Feed => {
    const at = named(input.name)
    const feature = features[at]
    if (feature === undefined) {
      const names = features.map(({ name }) => name).join(', ')
      throw refusal(`its input '${input.name}' is no feature of the model (${names}), and no matrix of all of them`)
    }
    const type = typeOf(input)
    if ((type === 'string') !== (feature.type === 'String') && !(type === 'string' && feature.type === 'Bool')) {
      throw refusal(`its input '${input.name}' is ${type}, and the feature is ${feature.type}`)
    }
    const flat = flatOf(input)
    const categories = categoriesIn(columns[at]!)
    return {
      form: 'feature',
      name: input.name,
      type,
      flat,
      column: at,
      feature: feature.name,
      of: feature.type,
      categories,
    }
  })
}

function matrixFeed(input: OnnxValue, features: number): Feed {
  const type = typeOf(input)
  if (type !== 'float32' && type !== 'float64') throw refusal(`its input '${input.name}' is ${type} instead of floats`)
  const [rows, width] = input.shape
  if (typeof rows === 'number' && rows > 0) throw refusal(`its input '${input.name}' takes ${rows} rows alone`)
  if (typeof width === 'number' && width > 0 && width !== features) {
    throw refusal(`its input '${input.name}' takes ${width} columns, and the model has ${features} features`)
  }
  return { form: 'matrix', name: input.name, type, flat: false }
}

function typeOf({ name, type }: OnnxValue): OnnxType {
  const known = ONNX_TYPES.find((t) => t === type)
  if (known) return known
  throw refusal(`its input '${name}' is ${type}; it can be ${ONNX_TYPES.join(', ')}`)
}

function flatOf({ name, shape }: OnnxValue): boolean {
  const [rows, width] = shape
  const one = shape.length === 1 || (shape.length === 2 && (typeof width === 'string' || width === 1 || width === -1))
  if (one && (typeof rows === 'string' || rows! <= 0)) return shape.length === 1
  throw refusal(`its input '${name}' has the shape [${shape.join(', ')}] instead of [N] or [N, 1]`)
}

function categoriesIn(column: EncodedColumn): readonly string[] {
  return column.kind === 'category' || column.kind === 'target_mean' ? column.categories : []
}

/** The only one that can be meant; of several, the one that is called like probabilities. */
function outputFor(outputs: readonly OnnxValue[], given: Given): string {
  const able = outputs.filter(({ type, shape }) => {
    if (type !== 'float32' && type !== 'float64') return false
    const width = shape.length === 1 ? 1 : shape[1]
    return shape.length <= 2 && (typeof width !== 'number' || width <= 0 || widths(given).includes(width))
  })
  const called = able.filter(({ name }) => /prob/i.test(name))
  const [found, more] = able.length > 1 && called.length > 0 ? called : able
  const has = outputs.map(({ name, type, shape }) => `${name}: ${type}[${shape.join(', ')}]`).join('; ') || 'none'
  const wanted = `${given.gives === 'regression' ? 'a number' : 'probabilities'} as floats of shape [N, ${widths(given).join(' or ')}]`
  const hint = outputs.some(({ type }) => type === 'no tensor') ? '; convert it with zipmap=False' : ''
  if (!found) throw refusal(`no output of it gives ${wanted} (it has ${has})${hint}`)
  if (more) throw refusal(`more than one output of it gives ${wanted} (it has ${has})`)
  return found.name
}

function widths({ gives, outputs }: Given): number[] {
  return gives === 'binary' ? [2, 1] : [outputs]
}

export function feedsOf(
  { feeds }: Plan,
  rows: number,
  columns: number,
  valueAt: (row: number, column: number) => number,
): Tensor[] {
  return feeds.map((feed): Tensor => {
    if (feed.form === 'matrix') {
      const data = feed.type === 'float64' ? new Float64Array(rows * columns) : new Float32Array(rows * columns)
      for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) data[r * columns + c] = valueAt(r, c)
      return { name: feed.name, type: feed.type, dims: [rows, columns], data }
    }
    const dims = feed.flat ? [rows] : [rows, 1]
    return { name: feed.name, type: feed.type, dims, data: dataOf(feed, rows, (r) => valueAt(r, feed.column)) }
  })
}

function dataOf(feed: Extract<Feed, { form: 'feature' }>, rows: number, at: (row: number) => number): TensorData {
  const all = { length: rows }
  const whole = (value: number) => {
    if (!Number.isNaN(value)) return value
    throw refusal(
      `the feature '${feed.feature}' is missing in a row, which its input of ${feed.type} cannot say; make it float`,
    )
  }
  switch (feed.type) {
    case 'float32':
      return Float32Array.from(all, (_, r) => at(r))
    case 'float64':
      return Float64Array.from(all, (_, r) => at(r))
    case 'int64':
      return BigInt64Array.from(all, (_, r) => BigInt(Math.trunc(whole(at(r)))))
    case 'int32':
      return Int32Array.from(all, (_, r) => whole(at(r)))
    case 'bool':
      return Uint8Array.from(all, (_, r) => whole(at(r)))
    case 'string':
      return Array.from(all, (_, r) => {
        const value = at(r)
        if (Number.isNaN(value)) return MISSING
        return feed.of === 'Bool' ? (value === 0 ? 'False' : 'True') : feed.categories[value]!
      })
  }
}

/** The sum of probabilities in float32 is near 1. */
const NEAR = 1e-3

/** The outputs of our kind from those of the file: of two classes, the probability of the second. */
export function answerOf(
  given: Given,
  { rows, dims, values }: { rows: number; dims: readonly number[]; values: Float64Array },
): Float64Array {
  const width = dims.length < 2 ? 1 : dims.slice(1).reduce((product, n) => product * n, 1)
  if (dims[0] !== rows || values.length !== rows * width || !widths(given).includes(width)) {
    throw refusal(`for ${rows} rows it answered with the shape [${dims.join(', ')}]`)
  }
  const answers = width === given.outputs ? values : Float64Array.from({ length: rows }, (_, r) => values[r * 2 + 1]!)
  for (const value of answers) {
    if (!Number.isFinite(value)) throw refusal(`it answered ${value}, which is no number`)
    if (given.gives !== 'regression' && (value < -1e-6 || value > 1 + NEAR)) {
      throw refusal(`it answered ${value}, which is no probability`)
    }
  }
  if (given.gives !== 'regression') requireSums(values, rows, width)
  return given.gives === 'regression' ? answers : answers.map((value) => Math.min(1, Math.max(0, value)))
}

function requireSums(values: Float64Array, rows: number, width: number): void {
  if (width === 1) return
  for (let r = 0; r < rows; r++) {
    let sum = 0
    for (let c = 0; c < width; c++) sum += values[r * width + c]!
    if (!(Math.abs(sum - 1) <= NEAR)) throw refusal(`its probabilities of a row sum to ${sum}`)
  }
}

function refusal(says: string): PlatformError {
  return new PlatformError('unsupported', `the ONNX model cannot be used: ${says}`)
}
