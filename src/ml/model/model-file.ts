/**
 * A fitted model as one flat buffer: what is read from disk is what the walker walks, without a copy.
 *
 *   0   8  magic "WEIRMODL"
 *   8   4  version of this layout, little-endian like everything here
 *   12  4  length of the JSON
 *   16  32 SHA-256 of all bytes from 48 to the end
 *   48     JSON { kind, label, threshold, encoder, trees, nodes }, filled up with spaces to a multiple of 8
 *          value f64[nodes], roots u32[trees + 1], right u32[nodes], feature i16[nodes], missingLeft u8[nodes]
 *
 * The same model gives the same bytes: there is no time and no name of a machine in it.
 */
import { createHash } from 'node:crypto'
import { PlatformError } from '../../base/errors.ts'
import { canonicalJson } from '../../base/hash.ts'
import { createEncoder, type Encoder, type EncoderSpec, encodeRow, type InputValue } from './encoder.ts'
import { type Forest, findForestFault, forestProbabilities, forestProbability } from './forest.ts'
import { parseModelHeader } from './model-header.ts'

export type Model = {
  /** Name of what is predicted. */
  label: string
  /** Probability from which the prediction is positive. */
  threshold: number
  encoder: Encoder
  forest: Forest
  /** Scratch for one encoded row. */
  row: Float64Array
}

const MAGIC = 'WEIRMODL'
const VERSION = 1
const JSON_AT = 48

export function createModel(parts: { label: string; threshold: number; encoder: EncoderSpec; forest: Forest }): Model {
  const { label, threshold, forest } = parts
  const encoder = createEncoder(parts.encoder)
  return { label, threshold, encoder, forest, row: new Float64Array(encoder.columns) }
}

/** The probability of the positive class for feature values in the order of the encoder's inputs. */
export function predictOne(model: Model, values: readonly InputValue[]): number {
  encodeRow(model.encoder, values, model.row)
  return forestProbability(model.forest, model.row)
}

/** The same for many, and the same numbers to the bit. */
export function predictBatch(model: Model, rows: readonly (readonly InputValue[])[]): Float64Array {
  const { columns } = model.encoder
  const values = new Float64Array(rows.length * columns)
  for (const [r, row] of rows.entries()) {
    encodeRow(model.encoder, row, model.row)
    for (let c = 0; c < columns; c++) values[c * rows.length + r] = model.row[c]!
  }
  return forestProbabilities(model.forest, { rows: rows.length, columns, values })
}

export function encodeModel({ label, threshold, encoder, forest }: Model): Uint8Array {
  const { trees } = forest
  const nodes = forest.feature.length
  const header = { kind: 'random_forest', label, threshold, encoder: encoder.spec, trees, nodes }
  const json = Buffer.from(canonicalJson(header))
  const jsonBytes = Math.ceil(json.length / 8) * 8
  const bytes = new Uint8Array(JSON_AT + jsonBytes + arrayBytes(trees, nodes)).fill(0x20, JSON_AT, JSON_AT + jsonBytes)
  bytes.set(Buffer.from(MAGIC), 0)
  const view = new DataView(bytes.buffer)
  view.setUint32(8, VERSION, true)
  view.setUint32(12, jsonBytes, true)
  bytes.set(json, JSON_AT)
  const arrays = arraysAt(bytes, JSON_AT + jsonBytes, trees, nodes)
  arrays.value.set(forest.value)
  arrays.roots.set(forest.roots)
  arrays.right.set(forest.right)
  arrays.feature.set(forest.feature)
  arrays.missingLeft.set(forest.missingLeft)
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
  if (version !== VERSION) throw refusal(`its layout is version ${version}, this Weir reads version ${VERSION}`)
  const jsonBytes = view.getUint32(12, true)
  if (jsonBytes % 8 !== 0 || JSON_AT + jsonBytes > bytes.length) {
    throw refusal(`its description should have ${jsonBytes} bytes, but the buffer ends after ${bytes.length}`)
  }
  if (!checksum(bytes).equals(bytes.subarray(16, JSON_AT))) {
    throw refusal('its bytes are not those of its checksum: it was cut off or changed')
  }
  const header = parseModelHeader(Buffer.from(bytes.subarray(JSON_AT, JSON_AT + jsonBytes)).toString('utf8'), refusal)
  const expected = JSON_AT + jsonBytes + arrayBytes(header.trees, header.nodes)
  if (bytes.length !== expected) throw refusal(`it has ${bytes.length} bytes instead of ${expected}`)
  const arrays = arraysAt(bytes, JSON_AT + jsonBytes, header.trees, header.nodes)
  const model = createModel({
    ...header,
    forest: { trees: header.trees, columns: header.encoder.columns.length, ...arrays },
  })
  const fault = findForestFault(model.forest)
  if (fault !== undefined) throw refusal(fault)
  return model
}

function arrayBytes(trees: number, nodes: number): number {
  return 8 * nodes + 4 * (trees + 1) + 4 * nodes + 2 * nodes + nodes
}

function arraysAt(bytes: Uint8Array, start: number, trees: number, nodes: number) {
  const at = bytes.byteOffset + start
  const rightAt = at + 8 * nodes + 4 * (trees + 1)
  return {
    value: new Float64Array(bytes.buffer, at, nodes),
    roots: new Uint32Array(bytes.buffer, at + 8 * nodes, trees + 1),
    right: new Uint32Array(bytes.buffer, rightAt, nodes),
    feature: new Int16Array(bytes.buffer, rightAt + 4 * nodes, nodes),
    missingLeft: new Uint8Array(bytes.buffer, rightAt + 6 * nodes, nodes),
  }
}

function checksum(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes.subarray(JSON_AT)).digest()
}

function refusal(reason: string): PlatformError {
  return new PlatformError('corrupt', `this is not a usable model file: ${reason}`)
}
