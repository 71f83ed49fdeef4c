import { attribute, doubles, type GraphNode } from './onnx-proto.ts'

const BRANCH = Buffer.from('BRANCH_LEQ')
const LEAF = Buffer.from('LEAF')

/** As in trees.ts, with every question "is x <= value?". */
export type EnsembleTrees = {
  trees: number
  roots: Uint32Array
  feature: Int16Array | Int32Array
  right: Uint32Array
  value: Float64Array
  missingLeft: Uint8Array
  /** Where leaves add to several outputs: how many, and what a leaf adds to each. */
  targets?: number
  weightsOf?: (leaf: number) => ArrayLike<number>
  /** Where each tree adds to one of several outputs: to which. */
  targetOf?: (tree: number) => number
}

/**
 * Trees as one TreeEnsembleRegressor: [N, columns] in double → [N, targets]. The classifier operator would hold two weights a leaf
 * for two numbers that sum to 1.
 */
export function treeEnsemble(
  forest: EnsembleTrees,
  input: string,
  output: string,
  aggregate: 'AVERAGE' | 'SUM',
  base?: readonly number[],
): GraphNode {
  const nodes = forest.feature.length
  const { targets = 1, weightsOf = (leaf) => [forest.value[leaf]!], targetOf } = forest
  const each = targetOf ? 1 : targets
  const treeIds = new Uint32Array(nodes)
  const nodeIds = new Uint32Array(nodes)
  const features = new Uint32Array(nodes)
  const trueIds = new Uint32Array(nodes)
  const falseIds = new Uint32Array(nodes)
  const thresholds = new Float64Array(nodes)
  const modes = new Array<Uint8Array>(nodes)
  const leaves: number[] = []
  for (let t = 0; t < forest.trees; t++) {
    const root = forest.roots[t]!
    for (let i = root; i < forest.roots[t + 1]!; i++) {
      treeIds[i] = t
      nodeIds[i] = i - root
      modes[i] = forest.feature[i]! < 0 ? LEAF : BRANCH
      if (forest.feature[i]! < 0) {
        leaves.push(i)
        continue
      }
      features[i] = forest.feature[i]!
      thresholds[i] = forest.value[i]!
      trueIds[i] = i + 1 - root
      falseIds[i] = forest.right[i]! - root
    }
  }
  const count = leaves.length * each
  const pick = (from: ArrayLike<number>) =>
    Uint32Array.from({ length: count }, (_, i) => from[leaves[Math.floor(i / each)]!]!)
  const weights = new Float64Array(count)
  for (const [l, leaf] of leaves.entries()) weights.set(weightsOf(leaf), l * each)
  return {
    name: `make ${output}`,
    opType: 'TreeEnsembleRegressor',
    domain: 'ai.onnx.ml',
    input: [input],
    output: [output],
    attribute: [
      attribute.text('aggregate_function', aggregate),
      ...(base === undefined
        ? []
        : [attribute.tensor('base_values_as_tensor', doubles('base_values', Float64Array.from(base)))]),
      attribute.int('n_targets', targets),
      attribute.ints('nodes_treeids', treeIds),
      attribute.ints('nodes_nodeids', nodeIds),
      attribute.ints('nodes_featureids', features),
      attribute.bytes('nodes_modes', modes),
      attribute.tensor('nodes_values_as_tensor', doubles('nodes_values', thresholds)),
      attribute.ints('nodes_truenodeids', trueIds),
      attribute.ints('nodes_falsenodeids', falseIds),
      attribute.ints('nodes_missing_value_tracks_true', forest.missingLeft),
      attribute.ints('target_treeids', pick(treeIds)),
      attribute.ints('target_nodeids', pick(nodeIds)),
      attribute.ints(
        'target_ids',
        targetOf
          ? Uint32Array.from(leaves, (leaf) => targetOf(treeIds[leaf]!))
          : Uint32Array.from({ length: count }, (_, i) => i % targets),
      ),
      attribute.tensor('target_weights_as_tensor', doubles('target_weights', weights)),
    ],
  }
}

export function plainNode(
  opType: string,
  input: string[],
  output: string,
  attributes: GraphNode['attribute'] = [],
  domain = '',
): GraphNode {
  return { name: `make ${output}`, opType, domain, input, output: [output], attribute: attributes }
}
