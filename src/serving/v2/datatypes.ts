/** The types of tensor of the open inference protocol: what their values are in JSON, and how they lie in bytes (little-endian). */
import { PlatformError } from '../../base/errors.ts'
import type { ValueType } from '../../values/values.ts'
import type { FeatureValue } from '../../wire/features.ts'
import { shown } from '../../wire/limits.ts'

type Datatype = {
  bytes: number
  read(view: DataView, at: number): FeatureValue
  is(value: unknown): boolean
  write?(view: DataView, at: number, value: FeatureValue): void
}

const whole = (value: unknown) => typeof value === 'bigint' || Number.isInteger(value)
const number = (value: unknown) => typeof value === 'bigint' || typeof value === 'number'
/** What is no number is missing. */
const known = (value: number) => (Number.isNaN(value) ? null : value)

export const DATATYPES: Readonly<Record<string, Datatype>> = {
  BOOL: {
    bytes: 1,
    read: (view, at) => view.getUint8(at) !== 0,
    is: (value) => typeof value === 'boolean',
    write: (view, at, value) => view.setUint8(at, Number(value)),
  },
  INT8: { bytes: 1, read: (view, at) => view.getInt8(at), is: whole },
  INT16: { bytes: 2, read: (view, at) => view.getInt16(at, true), is: whole },
  INT32: { bytes: 4, read: (view, at) => view.getInt32(at, true), is: whole },
  INT64: {
    bytes: 8,
    read: (view, at) => view.getBigInt64(at, true),
    is: whole,
    write: (view, at, value) => view.setBigInt64(at, BigInt(value as number), true),
  },
  UINT8: { bytes: 1, read: (view, at) => view.getUint8(at), is: whole },
  UINT16: { bytes: 2, read: (view, at) => view.getUint16(at, true), is: whole },
  UINT32: { bytes: 4, read: (view, at) => view.getUint32(at, true), is: whole },
  UINT64: { bytes: 8, read: (view, at) => view.getBigUint64(at, true), is: whole },
  FP32: { bytes: 4, read: (view, at) => known(view.getFloat32(at, true)), is: number },
  FP64: {
    bytes: 8,
    read: (view, at) => known(view.getFloat64(at, true)),
    is: number,
    write: (view, at, value) => view.setFloat64(at, Number(value), true),
  },
  BYTES: { bytes: 0, read: () => null, is: (value) => typeof value === 'string' },
}

/** As which a value of ours is announced and answered. Dates and moments are texts. */
export const DATATYPE_OF: Readonly<Record<ValueType, string>> = {
  String: 'BYTES',
  Int32: 'INT32',
  Int64: 'INT64',
  Float32: 'FP32',
  Float64: 'FP64',
  Bool: 'BOOL',
  Date: 'BYTES',
  UnixTimestamp: 'BYTES',
}

export function datatypeOf(tensor: string, name: string): Datatype {
  const found = Object.hasOwn(DATATYPES, name) ? DATATYPES[name] : undefined
  if (found) return found
  throw invalid(`input '${tensor}' is of ${shown(name)}; it can be ${Object.keys(DATATYPES).join(', ')}`)
}

/** Each text has its length before it, four bytes. */
export function readBytes(tensor: string, datatype: string, bytes: Buffer): FeatureValue[] {
  const { bytes: width, read } = datatypeOf(tensor, datatype)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  if (datatype === 'BYTES') return readTexts(tensor, bytes)
  if (bytes.length % width !== 0)
    throw invalid(`input '${tensor}' has ${bytes.length} bytes, and ${datatype} has ${width}`)
  return Array.from({ length: bytes.length / width }, (_, i) => read(view, i * width))
}

function readTexts(tensor: string, bytes: Buffer): string[] {
  const texts: string[] = []
  const utf8 = new TextDecoder('utf-8', { fatal: true })
  for (let at = 0; at < bytes.length; ) {
    const length = at + 4 <= bytes.length ? bytes.readUInt32LE(at) : Number.POSITIVE_INFINITY
    if (at + 4 + length > bytes.length) throw invalid(`input '${tensor}' ends within a text`)
    try {
      texts.push(utf8.decode(bytes.subarray(at + 4, at + 4 + length)))
    } catch {
      throw invalid(`input '${tensor}' has a text that is not UTF-8`)
    }
    at += 4 + length
  }
  return texts
}

export function writeBytes(datatype: string, values: readonly FeatureValue[]): Buffer {
  if (datatype === 'BYTES')
    return Buffer.concat(values.flatMap((value) => textBytes(value === null ? '' : String(value))))
  const { bytes: width, write } = DATATYPES[datatype]!
  const bytes = Buffer.alloc(values.length * width)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  for (const [i, value] of values.entries()) write?.(view, i * width, value)
  return bytes
}

function textBytes(text: string): Buffer[] {
  const bytes = Buffer.from(text)
  const length = Buffer.alloc(4)
  length.writeUInt32LE(bytes.length)
  return [length, bytes]
}

export function invalid(message: string): PlatformError {
  return new PlatformError('invalid_argument', message)
}
