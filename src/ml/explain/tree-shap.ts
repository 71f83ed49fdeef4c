/**
 * Exact Shapley values of trees for one row: path-dependent TreeSHAP (Lundberg, Erion and Lee 2018). Where a column is not
 * known, the ways part by the covers: the training rows that went left and right. Nulls and sets of categories are asked as the
 * model asks them.
 */
import { PlatformError } from '../../base/errors.ts'
import type { Questions } from '../model/questions.ts'
import { rankQuestions, writeCodes } from '../model/ranked-questions.ts'
import type { KernelChoice } from '../model/tree-kernels.ts'
import type { Trees } from '../model/trees.ts'
import type { Explainer } from './explainer.ts'
import { gaussLegendre } from './gauss-legendre.ts'
import { createShapKernels } from './shap-kernels.ts'
import { createWay, type ExplainedTree, NODE_WORDS, SLOT, type TreeShape, writeNodes } from './shap-nodes.ts'

export type ExplainedTrees = {
  trees: Trees
  questions: Questions
  outputs: number
  /** What a leaf gives to an output. */
  valueOf(node: number, output: number): number
  /** The output that a tree adds to; undefined where each adds to all. */
  outputOf?: (tree: number) => number
  /** What the outputs begin with, and what the sum over trees is multiplied by. */
  base: (output: number) => number
  scale: number
}

export function explainTrees(parts: ExplainedTrees, choice: KernelChoice = 'fastest'): Omit<Explainer, 'unit'> {
  const { trees, questions, outputs, outputOf, scale } = parts
  const covered = requireCover(trees)
  const ranked = rankQuestions(trees, questions)
  if (ranked === undefined) {
    throw new PlatformError('unsupported', 'this model has too many columns and thresholds to be explained')
  }
  const { columns } = trees
  const nodes = trees.feature.length
  const stride = outputOf === undefined ? outputs : 1
  const leaves = trees.feature.reduce((count, feature) => (feature < 0 ? count + 1 : count), 0)
  const all = new Int32Array(nodes * NODE_WORDS)
  const partOf = (words: Int32Array, t: number) => {
    const own = words.subarray(trees.roots[t]! * NODE_WORDS, trees.roots[t + 1]! * NODE_WORDS)
    return { words: own, shares: new Float64Array(own.buffer, own.byteOffset, own.length / 2) }
  }
  const shapes: TreeShape[] = []
  const way = createWay(trees)
  let leaf = 0
  for (let t = 0; t < trees.trees; t++) {
    shapes.push(writeNodes(covered, t, ranked.words, leaf, way, partOf(all, t)))
    leaf += (trees.roots[t + 1]! - trees.roots[t]! + 1) / 2
  }
  const pointsOf = ({ columns: different }: TreeShape) => 2 * Math.max(1, Math.ceil(different / 4))
  const kinds = [...new Set(shapes.map(pointsOf))]
  const slots = Math.max(...shapes.map((shape) => (shape.depth + 1) * (SLOT + 3 * pointsOf(shape))))
  const doubles = leaves * stride + slots + outputs * columns + kinds.reduce((sum, points) => sum + 3 * points, 0)
  const kernels = createShapKernels(choice, 4 * (all.length + ranked.codes) + 8 * (doubles + 8 * (kinds.length + 5)))
  const words = kernels.words(all.length)
  words.set(all)
  const tables = new Map(kinds.map((points) => [points, tableOf(points, kernels.doubles(3 * points))]))
  const explained = shapes.map((shape, t): ExplainedTree => {
    const part = partOf(words, t)
    const points = pointsOf(shape)
    return { ...part, count: part.words.length / NODE_WORDS, points, gauss: tables.get(points)! }
  })
  const values = kernels.doubles(leaves * stride)
  for (let i = 0, at = 0; i < nodes; i++) {
    if (trees.feature[i]! >= 0) continue
    for (let k = 0; k < stride; k++) values[at++] = parts.valueOf(i, k)
  }
  const [codes, scratch] = [kernels.words(ranked.codes), kernels.doubles(slots)]
  const sums = Array.from({ length: outputs }, () => kernels.doubles(columns))
  const row = { codes, shift: ranked.shift }
  const leavesOf = sums.map((_, output) => ({ values, stride, output: stride === 1 ? 0 : output }))
  return {
    work: nodes * (outputOf === undefined ? outputs : 1),
    base: Float64Array.from(sums, (_, output) => parts.base(output) + scale * expectation(covered, parts, output)),
    contributions(encoded, out) {
      writeCodes(ranked, encoded, 0, codes, 0)
      for (let output = 0; output < outputs; output++) {
        const phi = sums[output]!.fill(0)
        for (let t = 0; t < explained.length; t++) {
          if (outputOf !== undefined && outputOf(t) !== output) continue
          kernels.explainTree(explained[t]!, row, leavesOf[output]!, scratch, phi)
        }
        for (let c = 0; c < columns; c++) out[output * columns + c] = scale * phi[c]!
      }
    },
  }
}

function requireCover(trees: Trees): Trees & { cover: Float32Array } {
  const { cover } = trees
  if (cover !== null) return { ...trees, cover }
  throw new PlatformError(
    'unsupported',
    'this version cannot be explained: its model file is of an older layout, without the counts of training rows; train it again',
  )
}

function tableOf(count: number, table: Float64Array): Float64Array {
  const { points, weights } = gaussLegendre(count)
  for (let k = 0; k < count; k++) {
    table[k] = 1 - points[k]!
    table[count + k] = points[k]!
    table[2 * count + k] = weights[k]!
  }
  return table
}

/** Sum over trees of what their leaves give, each as often as training rows came to it. */
function expectation(trees: Trees & { cover: Float32Array }, parts: ExplainedTrees, output: number): number {
  const { roots, feature, right, cover } = trees
  const { outputOf } = parts
  const below = new Float64Array(feature.length)
  let sum = 0
  for (let t = 0; t < trees.trees; t++) {
    if (outputOf !== undefined && outputOf(t) !== output) continue
    for (let i = roots[t + 1]! - 1; i >= roots[t]!; i--) {
      if (feature[i]! < 0) {
        below[i] = parts.valueOf(i, outputOf === undefined ? output : 0)
        continue
      }
      const [l, r] = [i + 1, right[i]!]
      const rows = cover[l]! + cover[r]!
      below[i] = (cover[l]! / rows) * below[l]! + (cover[r]! / rows) * below[r]!
    }
    sum += below[roots[t]!]!
  }
  return sum
}
