import { type Calibration, PROBABILITY_MIN } from './calibration.ts'
import { attribute, doubles, type GraphNode, TENSOR, type Tensor, type TensorType } from './onnx-proto.ts'
import { plainNode as node } from './onnx-trees.ts'

export type CalibrationGraph = { nodes: GraphNode[]; tensors: Tensor[]; output: string }

/**
 * A calibration from the probability [N, 1] in float to another of that form. It is worked out in double, but what it gets is
 * a float32: where the calibration is steep, that rounding is made greater by as much.
 */
export function calibrationNodes(
  calibration: Calibration,
  input: string,
  fresh: (name: string) => string,
): CalibrationGraph {
  const graph: CalibrationGraph = { nodes: [], tensors: [], output: fresh('calibrated:float') }
  const step = (opType: string, inputs: string[]): string => {
    const output = fresh(`calibrated:${opType.toLowerCase()}`)
    graph.nodes.push(node(opType, inputs, output))
    return output
  }
  const constant = (...values: number[]): string => {
    const name = fresh('calibrated:constant')
    graph.tensors.push(doubles(name, Float64Array.from(values)))
    return name
  }
  const cast = (from: string, to: TensorType, output: string) => {
    graph.nodes.push(node('Cast', [from], output, [attribute.int('to', TENSOR[to])]))
    return output
  }
  const probability = cast(input, 'double', fresh('calibrated:double'))
  const said =
    calibration.kind === 'platt'
      ? plattOf(calibration, probability, step, constant)
      : isotonicOf(calibration, probability, step, constant, graph.tensors, fresh)
  cast(said, 'float', graph.output)
  return graph
}

type Step = (opType: string, inputs: string[]) => string
type Constant = (...values: number[]) => string

function plattOf(
  { slope, offset }: Extract<Calibration, { kind: 'platt' }>,
  probability: string,
  step: Step,
  constant: Constant,
): string {
  const one = constant(1)
  const kept = step('Min', [step('Max', [probability, constant(PROBABILITY_MIN)]), constant(1 - PROBABILITY_MIN)])
  const logOdds = step('Log', [step('Div', [kept, step('Sub', [one, kept])])])
  return step('Sigmoid', [step('Add', [step('Mul', [logOdds, constant(slope)]), constant(offset)])])
}

/** The first point's height, and of each piece its slope times how far the probability has come in it. */
function isotonicOf(
  { from, to }: Extract<Calibration, { kind: 'isotonic' }>,
  probability: string,
  step: Step,
  constant: Constant,
  tensors: Tensor[],
  fresh: (name: string) => string,
): string {
  // A single point is a piece without a width.
  const ends = from.length === 1 ? [from[0]! + 1] : from.slice(1)
  const heights = from.length === 1 ? [to[0]!] : to.slice(1)
  const widths = ends.map((x, k) => x - from[k]!)
  const slopes = fresh('calibrated:slopes')
  const values = Float64Array.from(heights, (y, k) => (y - to[k]!) / widths[k]!)
  tensors.push({ ...doubles(slopes, values), dims: [values.length, 1] })
  const beyond = step('Max', [step('Sub', [probability, constant(...from.slice(0, ends.length))]), constant(0)])
  return step('Add', [step('MatMul', [step('Min', [beyond, constant(...widths)]), slopes]), constant(to[0]!)])
}
