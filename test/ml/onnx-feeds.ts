import { Tensor } from 'onnxruntime-web'
import type { InputValue } from '../../src/ml/model/encoder.ts'
import type { Model } from '../../src/ml/model/model-file.ts'
import { onnxInputType } from '../../src/ml/model/onnx.ts'

/** Rows of feature values as ONNX Runtime takes them: one tensor of shape [N] for each feature. */
export function feeds(model: Model, rows: InputValue[][]): Record<string, Tensor> {
  const entries = model.encoder.spec.inputs.map(({ name, type, nullable }, i) => {
    const values = rows.map((row) => row[i] ?? null)
    return [name, tensor(onnxInputType(type, nullable), values)] as const
  })
  return Object.fromEntries(entries)
}

function tensor(type: ReturnType<typeof onnxInputType>, values: InputValue[]): Tensor {
  const dims = [values.length]
  if (type === 'string') return new Tensor('string', values.map(pythonText), dims)
  if (type === 'bool') return new Tensor('bool', Uint8Array.from(values, Number), dims)
  if (type === 'int64')
    return new Tensor(
      'int64',
      BigInt64Array.from(values, (v) => BigInt(Number(v))),
      dims,
    )
  return new Tensor(
    'float64',
    Float64Array.from(values, (v) => (v === null ? Number.NaN : Number(v))),
    dims,
  )
}

/** What Python's str() makes of it, which is what ONNX Runtime sees of a pandas column of objects. */
function pythonText(value: InputValue): string {
  if (value === null) return 'None'
  return typeof value === 'boolean' ? (value ? 'True' : 'False') : String(value)
}
