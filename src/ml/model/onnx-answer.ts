/**
 * The last nodes of a graph: from the outputs of a model, [N, outputs] in float, to what is answered. Each answer has shape
 * [N], because MLflow makes a DataFrame of them, one column per output: it flattens them, so an [N, 2] beside an [N] cannot
 * be answered.
 */
import type { EncoderSpec } from './encoder.ts'
import { attribute, floats, type GraphNode, int64s, TENSOR, type Tensor, type TensorType } from './onnx-proto.ts'
import { plainNode as node } from './onnx-trees.ts'
import { isYesOrNo, type Label, type Outcome } from './outcome.ts'

export type AnswerName = { name: string; type: 'int64' | 'string' | 'float' }

/**
 * What the answers are called, in their order: `label` and `probability` (of the positive class); of several classes `label`
 * and a `probability_CLASS` for each; of a number `value`. With `predicted_` before one that a feature is called.
 */
export function answersOf({ inputs }: EncoderSpec, outcome: Outcome): AnswerName[] {
  const taken = new Set(inputs.map(({ name }) => name))
  const free = (name: string): string => {
    if (taken.has(name)) return free(`predicted_${name}`)
    taken.add(name)
    return name
  }
  if (outcome.kind === 'regression') return [{ name: free('value'), type: 'float' }]
  const label: AnswerName = { name: free('label'), type: typeof outcome.classes[0] === 'string' ? 'string' : 'int64' }
  if (outcome.kind === 'binary') return [label, { name: free('probability'), type: 'float' }]
  return [label, ...outcome.classes.map((c): AnswerName => ({ name: free(`probability_${c}`), type: 'float' }))]
}

export type Answering = { nodes: GraphNode[]; initializer: Tensor[] }

/** `flat` names the shape [-1]. */
export function answerNodes(
  outcome: Outcome,
  answers: readonly AnswerName[],
  { outputs, flat, fresh }: { outputs: string; flat: string; fresh: (name: string) => string },
): Answering {
  const [first, second] = answers.map(({ name }) => name)
  if (outcome.kind === 'regression') return { nodes: [node('Reshape', [outputs, flat], first!)], initializer: [] }
  if (outcome.kind === 'binary') {
    const threshold = fresh('threshold')
    const [isOne, code] = [fresh('label:bool'), isYesOrNo(outcome) ? first! : fresh('label:code')]
    const named = isYesOrNo(outcome) ? NOTHING : namedClass(outcome.classes, code, first!, fresh)
    return {
      nodes: [
        node('Reshape', [outputs, flat], second!),
        node('GreaterOrEqual', [second!, threshold], isOne),
        cast(isOne, code, 'int64'),
        ...named.nodes,
      ],
      initializer: [floats(threshold, new Float32Array([outcome.threshold])), ...named.initializer],
    }
  }
  const code = fresh('label:code')
  const named = namedClass(outcome.classes, code, first!, fresh)
  const parts = outcome.classes.map((_, c) => fresh(`class:${c}`))
  return {
    nodes: [
      // Of equal ones the first, as we say it.
      node('ArgMax', [outputs], code, [attribute.int('axis', 1), attribute.int('keepdims', 0)]),
      ...named.nodes,
      { ...node('Split', [outputs], parts[0]!, [attribute.int('axis', 1)]), output: parts },
      ...parts.map((part, c) => node('Reshape', [part, flat], answers[c + 1]!.name)),
    ],
    initializer: named.initializer,
  }
}

const NOTHING: Answering = { nodes: [], initializer: [] }

/** From the number of a class to its label. */
function namedClass(
  classes: readonly Label[],
  code: string,
  label: string,
  fresh: (name: string) => string,
): Answering {
  if (typeof classes[0] !== 'string') {
    const table = fresh('classes')
    const values = BigInt64Array.from(classes, (c) => BigInt(Number(c)))
    return { nodes: [node('Gather', [table, code], label)], initializer: [int64s(table, values)] }
  }
  const names = [
    attribute.ints(
      'keys_int64s',
      Uint32Array.from(classes, (_, i) => i),
    ),
    attribute.texts('values_strings', classes.map(String)),
  ]
  return { nodes: [node('LabelEncoder', [code], label, names, 'ai.onnx.ml')], initializer: [] }
}

export function cast(input: string, output: string, to: TensorType): GraphNode {
  return node('Cast', [input], output, [attribute.int('to', TENSOR[to])])
}
