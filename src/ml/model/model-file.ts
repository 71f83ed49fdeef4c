/**
 * A fitted model as one flat buffer: what is read from disk is what the walker walks, without a copy.
 *
 *   0   8  magic "WEIRMODL"
 *   8   4  version of this layout, little-endian like everything here
 *   12  4  length of the JSON
 *   16  32 SHA-256 of all bytes from 48 to the end
 *   48     JSON { kind, label, outcome, threshold, encoder, … }, filled up with spaces to a multiple of 8
 *          the arrays of the kind (kinds.ts says which and how long), greater numbers before smaller ones
 *
 * Layout 1 has a forest, layout 2 any kind, both with no and yes for outcomes. Layout 3 may have the covers of trees, the rows
 * that came to each node (trees.ts), a calibration, and says what it predicts, by `outcome`. All are read; a model that has none of
 * these is written in its old layout.
 * The same model gives the same bytes: there is no time and no name of a machine in it.
 */
import { createHash } from 'node:crypto'
import { assert } from '../../base/assert.ts'
import { PlatformError } from '../../base/errors.ts'
import { canonicalJson } from '../../base/hash.ts'
import { type Calibration, calibrated } from './calibration.ts'
import { createEncoder, type Encoder, type EncoderSpec, encodeRow, type InputValue } from './encoder.ts'
import { findKind, kindOf, type Learned, predictAll } from './kinds.ts'
import { bytesOfArrays, viewsOf } from './model-arrays.ts'
import { describeOutcome, parseModelHeader } from './model-header.ts'
import { isYesOrNo, type Outcome, outputsOf } from './outcome.ts'

export type Model = {
  /** Name of what is predicted. */
  label: string
  outcome: Outcome
  encoder: Encoder
  learned: Learned
  /** What the probability of two classes goes through before it is said; null for nothing. */
  calibration: Calibration | null
  /** Scratch for one encoded row, and for its outputs. */
  row: Float64Array
  out: Float64Array
}

const MAGIC = 'WEIRMODL'
const NEWEST_LAYOUT = 3
const LAYOUT_3 = 3
const JSON_AT = 48

export function createModel(parts: {
  label: string
  outcome: Outcome
  encoder: EncoderSpec
  learned: Learned
  calibration?: Calibration | null
}): Model {
  const { label, outcome, learned, calibration = null } = parts
  const encoder = createEncoder(parts.encoder)
  const [row, out] = [new Float64Array(encoder.columns), new Float64Array(outputsOf(outcome))]
  assert(calibration === null || outcome.kind === 'binary', 'only a probability of two classes is calibrated')
  return { label, outcome, encoder, learned, calibration, row, out }
}

/** The outputs for feature values in the order of the encoder's inputs; they stand until the model is asked again. */
export function predictOne(model: Model, values: readonly InputValue[]): Float64Array {
  encodeRow(model.encoder, values, model.row)
  kindOf(model.learned).predict(model.learned, model.row, model.out)
  if (model.calibration !== null) model.out[0] = calibrated(model.calibration, model.out[0]!)
  return model.out
}

/** The same for many, row after row, and the same numbers to the bit. */
export function predictBatch(model: Model, rows: readonly (readonly InputValue[])[]): Float64Array {
  const { columns } = model.encoder
  const values = new Float64Array(rows.length * columns)
  for (const [r, row] of rows.entries()) {
    encodeRow(model.encoder, row, model.row)
    for (let c = 0; c < columns; c++) values[c * rows.length + r] = model.row[c]!
  }
  return calibrateAll(model.calibration, predictAll(model.learned, { rows: rows.length, columns, values }))
}

/** In place. */
export function calibrateAll(calibration: Calibration | null, scores: Float64Array): Float64Array {
  if (calibration !== null) for (let r = 0; r < scores.length; r++) scores[r] = calibrated(calibration, scores[r]!)
  return scores
}

export function encodeModel({ label, outcome, encoder, learned, calibration }: Model): Uint8Array {
  const kind = kindOf(learned)
  const { header, arrays } = kind.pack(learned)
  const described = {
    kind: learned.kind,
    label,
    ...describeOutcome(outcome),
    encoder: encoder.spec,
    ...header,
    ...(calibration && { calibration }),
  }
  const json = Buffer.from(canonicalJson(described))
  const jsonBytes = Math.ceil(json.length / 8) * 8
  const size = arrays.reduce((sum, array) => sum + array.byteLength, JSON_AT + jsonBytes)
  const bytes = new Uint8Array(size).fill(0x20, JSON_AT, JSON_AT + jsonBytes)
  bytes.set(Buffer.from(MAGIC), 0)
  const view = new DataView(bytes.buffer)
  const isNew = header.cover === true || calibration !== null || !isYesOrNo(outcome)
  view.setUint32(8, isNew ? LAYOUT_3 : kind.layout, true)
  view.setUint32(12, jsonBytes, true)
  bytes.set(json, JSON_AT)
  let at = JSON_AT + jsonBytes
  for (const { buffer, byteOffset, byteLength } of arrays) {
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), at)
    at += byteLength
  }
  bytes.set(checksum(bytes), 16)
  return bytes
}

/** Reads a buffer that `encodeModel` wrote and keeps it as the model's memory. Says precisely what is wrong with another. */
export function decodeModel(given: Uint8Array): Model {
  if (given.length < JSON_AT) throw refusal(`it has ${given.length} bytes, the header alone has ${JSON_AT}`)
  // Typed arrays must start at a multiple of 8; a file read whole does, a slice of a pool may not.
  // Not `slice`, which of a Buffer is a view of the same memory.
  const bytes = given.byteOffset % 8 === 0 ? given : new Uint8Array(given)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  if (Buffer.from(bytes.subarray(0, 8)).toString('latin1') !== MAGIC) throw refusal(`it does not start with ${MAGIC}`)
  const version = view.getUint32(8, true)
  if (version < 1 || version > NEWEST_LAYOUT) {
    throw refusal(`its layout is version ${version}, this Weir reads versions 1 to ${NEWEST_LAYOUT}`)
  }
  const jsonBytes = view.getUint32(12, true)
  if (jsonBytes % 8 !== 0 || JSON_AT + jsonBytes > bytes.length) {
    throw refusal(`its description should have ${jsonBytes} bytes, but the buffer ends after ${bytes.length}`)
  }
  if (!checksum(bytes).equals(bytes.subarray(16, JSON_AT))) {
    throw refusal('its bytes are not those of its checksum: it was cut off or changed')
  }
  const header = parseModelHeader(Buffer.from(bytes.subarray(JSON_AT, JSON_AT + jsonBytes)).toString('utf8'), refusal)
  const { label, outcome, encoder, calibration } = header
  const kind = findKind(header.kind)
  if (kind === undefined || kind.layout > version) throw refusal(`its kind '${header.kind}' is not one this Weir knows`)
  if (header.all.cover !== undefined && version < LAYOUT_3) throw refusal(`layout ${version} has no covers`)
  if (calibration !== null && version < LAYOUT_3) throw refusal(`layout ${version} has no calibration`)
  if (header.all.outcome !== undefined && version < LAYOUT_3) throw refusal(`layout ${version} has no outcome`)
  const columns = encoder.columns.length
  const { arrays: specs, unpack } = kind.unpacker(header.all, columns, refusal)
  const expected = JSON_AT + jsonBytes + bytesOfArrays(specs)
  if (bytes.length !== expected) throw refusal(`it has ${bytes.length} bytes instead of ${expected}`)
  const learned = unpack(viewsOf(bytes, JSON_AT + jsonBytes, specs))
  const fault = kind.findFault(learned, encoder)
  if (fault !== undefined) throw refusal(fault)
  if (kind.gives(learned) !== outcome.kind || kind.outputs(learned) !== outputsOf(outcome)) {
    const gives = `${kind.outputs(learned)} of a ${kind.gives(learned)}`
    throw refusal(`its outputs (${gives}) are not those of its outcome (${outputsOf(outcome)} of a ${outcome.kind})`)
  }
  if (calibration !== null && outcome.kind !== 'binary') throw refusal(`a ${outcome.kind} has no calibration`)
  return createModel({ label, outcome, encoder, learned, calibration })
}

function checksum(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes.subarray(JSON_AT)).digest()
}

function refusal(reason: string): PlatformError {
  return new PlatformError('corrupt', `this is not a usable model file: ${reason}`)
}
