import { attribute, type GraphNode, TENSOR } from './onnx-proto.ts'
import { plainNode } from './onnx-trees.ts'

/** Constants as nodes, so that the form of a model brings its own. */
export function constantDoubles(name: string, dims: number[], values: Float64Array): GraphNode {
  const rawData = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
  return plainNode('Constant', [], name, [
    attribute.tensor('value', { name: `${name}:value`, dims, dataType: TENSOR.double, rawData }),
  ])
}

export function constantInts(name: string, values: readonly number[]): GraphNode {
  const rawData = new Uint8Array(BigInt64Array.from(values, BigInt).buffer)
  return plainNode('Constant', [], name, [
    attribute.tensor('value', { name: `${name}:value`, dims: [values.length], dataType: TENSOR.int64, rawData }),
  ])
}

/** Sums two or more of one shape, or that broadcast, in order. */
export function sumOf(parts: readonly string[], sum: string, fresh: (name: string) => string): GraphNode[] {
  const nodes: GraphNode[] = []
  let so = parts[0]!
  for (const [i, part] of parts.slice(1).entries()) {
    const next = i === parts.length - 2 ? sum : fresh(`${sum}:${i}`)
    nodes.push(plainNode('Add', [so, part], next))
    so = next
  }
  return parts.length === 1 ? [plainNode('Identity', [so], sum)] : nodes
}
