/** How a given ONNX model stands in a model file: as it is, behind the description. */
import type { EncoderSpec } from '../encoder.ts'
import type { ArraySpec, ModelArray } from '../model-arrays.ts'
import { countOf, type Refusal } from '../model-header.ts'
import type { Outcome } from '../outcome.ts'
import type { Given } from './types.ts'

type Sizes = Omit<Given, 'bytes'> & { arrays: ArraySpec[] }

const GIVES: readonly Outcome['kind'][] = ['binary', 'multiclass', 'regression']

export function packGiven({ gives, outputs, bytes }: Given): { header: Record<string, unknown>; arrays: ModelArray[] } {
  return { header: { gives, outputs, bytes: bytes.length }, arrays: [bytes] }
}

/** The encoder of the description has been checked. */
export function givenArrays(header: Record<string, unknown>, refusal: Refusal): Sizes {
  const gives = GIVES.find((kind) => kind === header.gives)
  if (gives === undefined) throw refusal(`it gives '${String(header.gives)}', which is unknown`)
  const outputs = countOf(header.outputs, 'outputs', refusal)
  const length = countOf(header.bytes, 'bytes', refusal)
  return { gives, outputs, encoder: header.encoder as EncoderSpec, arrays: [{ type: 'u8', length }] }
}

export function unpackGiven({ arrays: _, ...given }: Sizes, [bytes]: ModelArray[]): Given {
  return { ...given, bytes: bytes as Uint8Array }
}
