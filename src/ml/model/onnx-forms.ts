/** How each kind of model is told in ONNX: what its columns of categories become, and the nodes from columns to its outputs. */
import type { Boosted } from './boosted.ts'
import type { EncoderSpec } from './encoder.ts'
import type { Forest } from './forest.ts'
import { attribute, type GraphNode } from './onnx-proto.ts'
import { plainNode, treeEnsemble } from './onnx-trees.ts'
import { ASKS_SET, inSet, MISSING_LEFT } from './questions.ts'

export type OnnxForm = {
  /**
   * By column of categories the numbers that stand for them, a row for each category and one more for the unknown. Such a
   * column becomes `width` columns of the matrix, all others stay one.
   */
  tables: ReadonlyMap<number, CategoryTable>
  /** The nodes from the matrix [N, columns] in double to the outputs of the model, [N, outputs] in float. */
  nodes(matrix: string, outputs: string, fresh: (name: string) => string): GraphNode[]
}

export type CategoryTable = { width: number; values: Float64Array }

export function onnxOfForest(forest: Forest): OnnxForm {
  const { outputs, leaves, value } = forest
  const shares = (leaf: number) => leaves.subarray(value[leaf]! * outputs, (value[leaf]! + 1) * outputs)
  const targets = outputs === 1 ? {} : { targets: outputs, weightsOf: shares }
  return {
    tables: new Map(),
    nodes: (matrix, answer) => [treeEnsemble({ ...forest, ...targets }, matrix, answer, 'AVERAGE')],
  }
}

/**
 * The operator of opset 3 cannot ask for sets: a column of categories becomes one column for each set that is asked of it,
 * 0 inside and 1 outside, and the node asks "<= 0.5".
 */
export function onnxOfBoosted(model: Boosted, encoder: EncoderSpec): OnnxForm {
  const asked = new Map(encoder.columns.flatMap(({ kind }, c) => (kind === 'category' ? [[c, [] as number[]]] : [])))
  for (let i = 0; i < model.feature.length; i++) {
    if (model.feature[i]! >= 0 && (model.flags[i]! & ASKS_SET) !== 0)
      asked.get(model.feature[i]!)?.push(model.value[i]!)
  }
  const firstOf = new Int32Array(model.columns)
  let columns = 0
  for (let c = 0; c < model.columns; c++) {
    firstOf[c] = columns
    columns += Math.max(1, asked.get(c)?.length ?? 1)
  }
  const next = Int32Array.from(firstOf)
  const feature = Int32Array.from(model.feature)
  const value = Float64Array.from(model.value)
  const missingLeft = model.flags.map((flag) => flag & MISSING_LEFT)
  for (let i = 0; i < feature.length; i++) {
    const column = feature[i]!
    if (column < 0) continue
    const isSet = (model.flags[i]! & ASKS_SET) !== 0
    feature[i] = isSet ? next[column]!++ : firstOf[column]!
    if (isSet) value[i] = 0.5
  }
  const tables = [...asked].map(([c, sets]) => [c, tableOf(model, encoder, c, sets)] as const)
  const outputs = model.base.length
  const rounds = outputs > 1 ? { targets: outputs, targetOf: (tree: number) => tree % outputs } : {}
  const trees = { ...model, ...rounds, feature, value, missingLeft }
  return {
    tables: new Map(tables),
    nodes(matrix, answer, fresh) {
      const margin = fresh('trees:margin')
      const sums = treeEnsemble(trees, matrix, margin, 'SUM', model.base)
      // The operator gives float, whatever it sums in.
      if (model.link === 'identity') return [{ ...sums, output: [answer] }]
      if (model.link === 'logit') return [sums, plainNode('Sigmoid', [margin], answer)]
      return [sums, plainNode('Softmax', [margin], answer, [attribute.int('axis', 1)])]
    },
  }
}

function tableOf(model: Boosted, encoder: EncoderSpec, c: number, sets: readonly number[]): CategoryTable {
  const column = encoder.columns[c]!
  const count = column.kind === 'category' ? column.categories.length : 0
  // A column that nothing asks of still is one, so that a matrix is never empty.
  if (sets.length === 0) return { width: 1, values: new Float64Array(count + 1) }
  const values = new Float64Array((count + 1) * sets.length)
  for (let category = 0; category < count; category++) {
    for (const [s, set] of sets.entries()) {
      values[category * sets.length + s] = inSet(model.sets, set, category) ? 0 : 1
    }
  }
  values.fill(Number.NaN, count * sets.length)
  return { width: sets.length, values }
}
