/** From tensors to rows: one tensor for each feature, or for each join key; and the other way for what is answered. */
import type { KeyInput } from '../../features/define/keys.ts'
import type { FeatureValue } from '../../wire/features.ts'
import type { InferInput, InferRequest } from '../../wire/inference.ts'
import { requireWithin, shown } from '../../wire/limits.ts'
import type { Said } from '../../wire/predict.ts'
import { datatypeOf, invalid } from './datatypes.ts'

export type Asked = { kind: 'keys'; keys: KeyInput[] } | { kind: 'rows'; rows: Record<string, unknown>[] }

/** What the caller wants: the join keys mean the live features, anything else the caller's own. */
export function askedOf(inputs: readonly InferInput[], keys: readonly string[], features: readonly string[]): Asked {
  const columns = new Map<string, unknown[]>()
  for (const input of inputs) {
    if (columns.has(input.name)) throw invalid(`input '${input.name.slice(0, 100)}' is there twice`)
    columns.set(input.name, columnOf(input))
  }
  const [first, ...others] = columns
  const rows = first![1].length
  const uneven = others.find(([, column]) => column.length !== rows)
  if (uneven) throw invalid(`input '${uneven[0]}' has ${uneven[1].length} rows, and '${first![0]}' has ${rows}`)
  const unknown = [...columns.keys()].find((name) => !keys.includes(name) && !features.includes(name))
  const takes = `the inputs are the features (${features.join(', ')}), or the join keys alone (${keys.join(', ')})`
  if (unknown !== undefined) throw invalid(`input ${shown(unknown)} is unknown; ${takes}`)
  const rowOf = (r: number) => Object.fromEntries([...columns].map(([name, column]) => [name, column[r]]))
  const isKeys = keys.length > 0 && columns.size === keys.length && keys.every((key) => columns.has(key))
  if (!isKeys) {
    const key = keys.find((name) => columns.has(name) && !features.includes(name))
    if (key !== undefined) throw invalid(`input '${key}' is a join key; ${takes}`)
    return { kind: 'rows', rows: Array.from({ length: rows }, (_, r) => rowOf(r)) }
  }
  requireWithin('predictKeys', rows, 'the tensor of keys')
  const [only] = keys
  return {
    kind: 'keys',
    keys: Array.from({ length: rows }, (_, r) => keyOf(rowOf(r), keys.length === 1 ? only : undefined)),
  }
}

/** An integer that no double holds is a text, as in the body of /predict. */
function keyOf(row: Record<string, unknown>, only: string | undefined): KeyInput {
  const parts = Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, typeof value === 'bigint' ? String(value) : value]),
  )
  return (only === undefined ? parts : parts[only]) as KeyInput
}

function columnOf({ name, shape, datatype, data }: InferInput): unknown[] {
  const { is } = datatypeOf(name, datatype)
  const [rows = -1, width = 1, ...more] = shape.map(Number)
  if (rows < 0 || width !== 1 || more.length > 0) {
    throw invalid(`input '${name}' has the shape [${shape.join(', ')}]; send [N] or [N, 1]`)
  }
  const values = data.some(Array.isArray) ? data.flat(Number.POSITIVE_INFINITY) : data
  if (values.length !== rows) throw invalid(`input '${name}' has ${values.length} values, and its shape says ${rows}`)
  const wrong = values.findIndex((value) => value !== null && !is(value))
  if (wrong >= 0) throw invalid(`input '${name}' is ${datatype}, and value ${wrong} is ${shown(values[wrong])}`)
  return values
}

export type Output = {
  name: string
  datatype: string
  shape: number[]
  values: readonly FeatureValue[]
  /** Of probabilities: the labels, in their order. */
  labels?: readonly string[]
}

/** What was said of each row, as tensors. */
export function outputsOf(
  said: readonly Said[],
  predicts: 'BYTES' | 'INT64' | 'FP64',
  probabilities: { one: boolean; all: boolean },
): Output[] {
  const rows = said.length
  const outputs: Output[] = [
    { name: 'prediction', datatype: predicts, shape: [rows], values: said.map(({ prediction }) => prediction) },
  ]
  if (probabilities.one) {
    const values = said.map(({ probability }) => probability ?? null)
    outputs.push({ name: 'probability', datatype: 'FP64', shape: [rows], values })
  }
  if (probabilities.all) {
    const labels = (said[0]?.probabilities ?? []).map(([label]) => label)
    const values = said.flatMap(({ probabilities: all = [] }) => all.map(([, probability]) => probability))
    outputs.push({ name: 'probabilities', datatype: 'FP64', shape: [rows, labels.length], values, labels })
  }
  return outputs
}

/** Those that the request names, in its order, or all; and whether each is wanted as bytes. */
export function wantedOf(
  { outputs: wanted, parameters }: InferRequest,
  made: readonly Output[],
): { output: Output; binary: boolean }[] {
  const all = parameters?.binary_data_output === true
  if (wanted === undefined || wanted.length === 0) return made.map((output) => ({ output, binary: all }))
  return wanted.map(({ name, parameters: own }) => {
    const output = made.find((one) => one.name === name)
    if (output === undefined) {
      throw invalid(`output ${shown(name)} is unknown; there are ${made.map((one) => one.name).join(', ')}`)
    }
    if (own?.classification !== undefined)
      throw invalid("output parameter 'classification' is not supported; read probabilities")
    return { output, binary: typeof own?.binary_data === 'boolean' ? own.binary_data : all }
  })
}
