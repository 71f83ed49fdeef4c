import protobuf from 'protobufjs/light.js'

/**
 * The part of ONNX's protocol buffers that our graphs need. Field names and numbers are those of onnx/onnx.proto
 * (Copyright (c) ONNX Project Contributors, Apache-2.0, https://github.com/onnx/onnx). Two liberties, both readable by
 * every parser: lists of numbers are packed, and int64 that never are negative here are declared uint32, which has the
 * same bytes and spares a conversion per number (a forest of 300 trees has 4 million of them).
 */
const DESCRIPTOR = {
  nested: {
    ModelProto: {
      fields: {
        irVersion: { type: 'uint32', id: 1 },
        producerName: { type: 'string', id: 2 },
        graph: { type: 'GraphProto', id: 7 },
        opsetImport: { rule: 'repeated', type: 'OperatorSetIdProto', id: 8 },
        metadataProps: { rule: 'repeated', type: 'StringStringEntryProto', id: 14 },
      },
    },
    OperatorSetIdProto: { fields: { domain: { type: 'string', id: 1 }, version: { type: 'uint32', id: 2 } } },
    StringStringEntryProto: { fields: { key: { type: 'string', id: 1 }, value: { type: 'string', id: 2 } } },
    GraphProto: {
      fields: {
        node: { rule: 'repeated', type: 'NodeProto', id: 1 },
        name: { type: 'string', id: 2 },
        initializer: { rule: 'repeated', type: 'TensorProto', id: 5 },
        input: { rule: 'repeated', type: 'ValueInfoProto', id: 11 },
        output: { rule: 'repeated', type: 'ValueInfoProto', id: 12 },
      },
    },
    NodeProto: {
      fields: {
        input: { rule: 'repeated', type: 'string', id: 1 },
        output: { rule: 'repeated', type: 'string', id: 2 },
        name: { type: 'string', id: 3 },
        opType: { type: 'string', id: 4 },
        attribute: { rule: 'repeated', type: 'AttributeProto', id: 5 },
        domain: { type: 'string', id: 7 },
      },
    },
    AttributeProto: {
      fields: {
        name: { type: 'string', id: 1 },
        f: { type: 'float', id: 2 },
        i: { type: 'uint32', id: 3 },
        s: { type: 'bytes', id: 4 },
        t: { type: 'TensorProto', id: 5 },
        floats: { rule: 'repeated', type: 'float', id: 7, options: { packed: true } },
        ints: { rule: 'repeated', type: 'uint32', id: 8, options: { packed: true } },
        strings: { rule: 'repeated', type: 'bytes', id: 9 },
        type: { type: 'uint32', id: 20 },
      },
    },
    TensorProto: {
      fields: {
        dims: { rule: 'repeated', type: 'uint32', id: 1, options: { packed: true } },
        dataType: { type: 'uint32', id: 2 },
        name: { type: 'string', id: 8 },
        rawData: { type: 'bytes', id: 9 },
      },
    },
    ValueInfoProto: { fields: { name: { type: 'string', id: 1 }, type: { type: 'TypeProto', id: 2 } } },
    TypeProto: { fields: { tensorType: { type: 'TensorTypeProto', id: 1 } } },
    TensorTypeProto: { fields: { elemType: { type: 'uint32', id: 1 }, shape: { type: 'TensorShapeProto', id: 2 } } },
    TensorShapeProto: { fields: { dim: { rule: 'repeated', type: 'DimensionProto', id: 1 } } },
    DimensionProto: { fields: { dimValue: { type: 'uint32', id: 1 }, dimParam: { type: 'string', id: 2 } } },
  },
}

/** TensorProto.DataType. */
export const TENSOR = { float: 1, int64: 7, string: 8, bool: 9, double: 11 } as const
export type TensorType = keyof typeof TENSOR

export type Tensor = { name: string; dims: number[]; dataType: number; rawData: Uint8Array }

export type Attribute = { name: string; type: number } & Record<string, unknown>

export type GraphNode = {
  name: string
  opType: string
  domain: string
  input: string[]
  output: string[]
  attribute: Attribute[]
}

export type ValueInfo = { name: string; type: { tensorType: { elemType: number; shape: { dim: unknown[] } } } }

export type OnnxModel = {
  irVersion: number
  producerName: string
  opsetImport: { domain: string; version: number }[]
  metadataProps: { key: string; value: string }[]
  graph: { name: string; node: GraphNode[]; initializer: Tensor[]; input: ValueInfo[]; output: ValueInfo[] }
}

const modelProto = protobuf.Root.fromJSON(DESCRIPTOR).lookupType('ModelProto')

export function writeOnnx(model: OnnxModel): Uint8Array {
  return modelProto.encode(model).finish()
}

/** Attributes by type; the numbers are AttributeProto.AttributeType. */
export const attribute = {
  int: (name: string, i: number): Attribute => ({ name, i, type: 2 }),
  float: (name: string, f: number): Attribute => ({ name, f, type: 1 }),
  text: (name: string, s: string): Attribute => ({ name, s: Buffer.from(s), type: 3 }),
  tensor: (name: string, t: Tensor): Attribute => ({ name, t, type: 4 }),
  floats: (name: string, floats: number[]): Attribute => ({ name, floats, type: 6 }),
  ints: (name: string, ints: ArrayLike<number>): Attribute => ({ name, ints, type: 7 }),
  texts: (name: string, texts: string[]): Attribute => ({ name, strings: texts.map((s) => Buffer.from(s)), type: 8 }),
  bytes: (name: string, strings: Uint8Array[]): Attribute => ({ name, strings, type: 8 }),
}

export function doubles(name: string, values: Float64Array): Tensor {
  return { name, dims: [values.length], dataType: TENSOR.double, rawData: bytesOf(values) }
}

export function floats(name: string, values: Float32Array): Tensor {
  return { name, dims: [values.length], dataType: TENSOR.float, rawData: bytesOf(values) }
}

export function int64s(name: string, values: BigInt64Array): Tensor {
  return { name, dims: [values.length], dataType: TENSOR.int64, rawData: bytesOf(values) }
}

function bytesOf(values: Float64Array | Float32Array | BigInt64Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
}
