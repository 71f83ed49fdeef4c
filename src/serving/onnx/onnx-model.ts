/** A client's ONNX model as one that answers: its inputs are the features of the service, its output the probabilities or the number. */
import { PlatformError } from '../../base/errors.ts'
import type { EncoderSpec, InputType, InputValue } from '../../ml/model/encoder.ts'
import { answerOf, type Plan, planOf } from '../../ml/model/given/plan.ts'
import type { Tensor, TensorData } from '../../ml/model/given/session.ts'
import { createModel, type Model } from '../../ml/model/model-file.ts'
import { type Outcome, outputsOf, yesOrNo } from '../../ml/model/outcome.ts'
import type { Says } from '../../wire/predict.ts'
import type { OnnxFolder } from './onnx-folder.ts'
import type { OnnxProcess } from './onnx-process.ts'

export type Feature = { name: string; type: InputType }
/** What answers instead of the walk over trees. */
export type Outside = { predict(rows: readonly (readonly InputValue[])[]): Promise<Float64Array>; close(): void }

type Given = { features: readonly Feature[]; label: string; says: Says }

/** Refuses (conflict, unsupported) what does not fit the feature service or the outcome, before it answers anybody. */
export async function openOnnxModel(
  onnx: OnnxProcess,
  folder: OnnxFolder,
  { features, label, says }: Given,
): Promise<{ model: Model; outside: Outside }> {
  const order = orderOf(folder.columns, features)
  const outcome = outcomeOf(folder, says)
  const encoder = specOf(features)
  const session = await onnx.open(folder.bytes)
  try {
    const given = { gives: outcome.kind, outputs: outputsOf(outcome), encoder, bytes: folder.bytes }
    const inOrder = { ...given, encoder: specOf(order.map((at) => features[at]!)) }
    const plan = planOf(session, inOrder)
    requireAllUsed(plan, features)
    const predict = async (rows: readonly (readonly InputValue[])[]) => {
      const feeds = plan.feeds.map((feed) => feedOf(feed, rows, order, features))
      const { dims, values } = await session.run(feeds, plan.output)
      return answerOf(given, { rows: rows.length, dims, values })
    }
    // A row that any model takes: what does not answer it, or with what is no probability, answers nobody.
    await predict([features.map(({ type }) => (type === 'String' ? '' : type === 'Bool' ? false : 0))])
    const model = createModel({ label, outcome, encoder, learned: { kind: 'onnx', given } })
    return { model, outside: { predict, close: session.close } }
  } catch (error) {
    session.close()
    throw error
  }
}

/** Of each column of the signature, which feature it is. Without names the features come in the order of the service. */
function orderOf(columns: readonly string[] | null, features: readonly Feature[]): number[] {
  if (columns === null) return features.map((_, at) => at)
  const names = features.map(({ name }) => name)
  const unknown = columns.find((name) => !names.includes(name))
  const missing = names.find((name) => !columns.includes(name))
  if (unknown === undefined && missing === undefined && columns.length === names.length)
    return columns.map((name) => names.indexOf(name))
  const differs =
    unknown !== undefined
      ? `it takes '${unknown}', which is no feature`
      : missing !== undefined
        ? `it does not take '${missing}'`
        : 'it takes a column twice'
  throw new PlatformError(
    'conflict',
    `its signature is not the features of the model: ${differs}; log one that takes ${names.join(', ')}`,
  )
}

function outcomeOf({ classes, threshold }: OnnxFolder, { kind, labels }: Says): Outcome {
  if (kind === 'regression') return { kind }
  if (kind === 'binary' && labels === 'flag') return yesOrNo(threshold ?? 0.5)
  const fits =
    classes !== null &&
    (kind === 'binary' ? classes.length === 2 : classes.length > 1) &&
    classes.every((label) => typeof label === (labels === 'text' ? 'string' : 'number'))
  if (!fits)
    throw new PlatformError(
      'conflict',
      `its labels are not known: log it with metadata={"classes": [...]}, the labels in the order of its probabilities${kind === 'binary' ? ', the positive one second' : ''}`,
    )
  if (kind === 'multiclass') return { kind, classes }
  return { kind: 'binary', classes: [classes[0]!, classes[1]!], threshold: threshold ?? 0.5 }
}

function specOf(features: readonly Feature[]): EncoderSpec {
  return {
    inputs: features.map(({ name, type }) => ({ name, type, nullable: true })),
    columns: features.map(({ name, type }) =>
      type === 'String' ? { kind: 'category', input: name, categories: [] } : { kind: 'numeric', input: name },
    ),
  }
}

function requireAllUsed({ feeds }: Plan, features: readonly Feature[]): void {
  const matrix = feeds.some(({ form }) => form === 'matrix')
  const text = features.find(({ type }) => type === 'String')
  if (matrix && text)
    throw new PlatformError(
      'conflict',
      `its one input takes numbers alone, and the feature '${text.name}' is text; give each feature an input of its own`,
    )
}

type Feed = Plan['feeds'][number]

function feedOf(
  feed: Feed,
  rows: readonly (readonly InputValue[])[],
  order: readonly number[],
  features: readonly Feature[],
): Tensor {
  const { name, type } = feed
  if (feed.form === 'matrix') {
    const width = order.length
    const data = type === 'float64' ? new Float64Array(rows.length * width) : new Float32Array(rows.length * width)
    for (const [r, row] of rows.entries())
      for (let c = 0; c < width; c++) data[r * width + c] = numberOf(row[order[c]!]!)
    return { name, type, dims: [rows.length, width], data }
  }
  const at = features.findIndex((feature) => feature.name === feed.feature)
  const dims = feed.flat ? [rows.length] : [rows.length, 1]
  return {
    name,
    type,
    dims,
    data: dataOf(
      feed,
      rows.map((row) => row[at] ?? null),
    ),
  }
}

const MISSING = 'None'

function dataOf({ type, feature }: Extract<Feed, { form: 'feature' }>, values: readonly InputValue[]): TensorData {
  switch (type) {
    case 'float32':
      return Float32Array.from(values, numberOf)
    case 'float64':
      return Float64Array.from(values, numberOf)
    case 'int64':
      return BigInt64Array.from(values, (value) => BigInt(whole(value, type, feature)))
    case 'int32':
      return Int32Array.from(values, (value) => Number(whole(value, type, feature)))
    case 'bool':
      return Uint8Array.from(values, (value) => Number(whole(value, type, feature)))
    case 'string':
      return values.map((value) =>
        value === null ? MISSING : typeof value === 'boolean' ? (value ? 'True' : 'False') : String(value),
      )
  }
}

function numberOf(value: InputValue): number {
  return value === null ? Number.NaN : Number(value)
}

function whole(value: InputValue, type: string, feature: string): bigint | number | boolean {
  if (typeof value === 'bigint' || typeof value === 'boolean' || Number.isInteger(value)) return value as number
  throw new PlatformError(
    'conflict',
    `'${feature}' is ${value === null ? 'null' : String(value)}, and the input of the ONNX model is ${type}, which cannot say that; log a model whose input is of floats`,
  )
}
