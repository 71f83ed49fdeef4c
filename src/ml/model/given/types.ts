import type { EncoderSpec } from '../encoder.ts'
import type { Outcome } from '../outcome.ts'

/** An ONNX model that somebody else learned. */
export type Given = {
  gives: Outcome['kind']
  outputs: number
  /** The ONNX file. */
  bytes: Uint8Array
  /** What its columns are: by it they become the inputs of the file (plan.ts). */
  encoder: EncoderSpec
}
