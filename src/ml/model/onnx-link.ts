import type { Link } from './link.ts'
import { attribute, type GraphNode, TENSOR } from './onnx-proto.ts'
import { plainNode } from './onnx-trees.ts'

/** From sums [N, outputs] in double to outputs [N, outputs] in float. */
export function linkNodes(link: Link, sums: string, answer: string, fresh: (name: string) => string): GraphNode[] {
  const linked = link === 'identity' ? sums : fresh(`${sums}:linked`)
  return [
    ...(link === 'logit' ? [plainNode('Sigmoid', [sums], linked)] : []),
    ...(link === 'softmax' ? [plainNode('Softmax', [sums], linked, [attribute.int('axis', 1)])] : []),
    plainNode('Cast', [linked], answer, [attribute.int('to', TENSOR.float)]),
  ]
}
