/**
 * An additive model in ONNX: the bins of a column are the leaves of one balanced tree, and those of a grid the leaves of a tree
 * of one side with a tree of the other at each of its leaves. So cuts are compared in double, as here.
 */
import { type Additive, firstBin, valueBinsOf, wideBinsOf } from './additive.ts'
import type { EncoderSpec } from './encoder.ts'
import { constantDoubles } from './onnx-constants.ts'
import type { CategoryTable, OnnxForm } from './onnx-forms.ts'
import { linkNodes } from './onnx-link.ts'
import { attribute, TENSOR } from './onnx-proto.ts'
import { plainNode, treeEnsemble } from './onnx-trees.ts'

export function onnxOfAdditive(model: Additive, encoder: EncoderSpec): OnnxForm {
  const tables = new Map<number, CategoryTable>()
  for (const [c, column] of encoder.columns.entries()) {
    if (column.kind !== 'category') continue
    // A category is its number, and an unknown one missing.
    const values = Float64Array.from([...column.categories.keys(), Number.NaN])
    tables.set(c, { width: 1, values })
  }
  const trees = treesOf(model)
  return {
    tables,
    nodes(matrix, answer, fresh) {
      const [scores, wide, base, sums] = [
        fresh('scores'),
        fresh('scores:double'),
        fresh('scores:base'),
        fresh('scores:sum'),
      ]
      if (model.outputs === 1) {
        return [
          treeEnsemble(trees, matrix, scores, 'SUM', [model.base[0]!]),
          plainNode('Cast', [scores], wide, [attribute.int('to', TENSOR.double)]),
          ...linkNodes(model.link, wide, answer, fresh),
        ]
      }
      return [
        treeEnsemble(trees, matrix, scores, 'SUM'),
        plainNode('Cast', [scores], wide, [attribute.int('to', TENSOR.double)]),
        constantDoubles(base, [1, model.outputs], model.base),
        plainNode('Add', [wide, base], sums),
        ...linkNodes(model.link, sums, answer, fresh),
      ]
    },
  }
}

type Grown = { feature: number[]; value: number[]; right: number[]; leaves: Map<number, ArrayLike<number>> }

function treesOf(model: Additive) {
  const { outputs, columns, scores, wide, pairs, grids } = model
  const grown: Grown = { feature: [], value: [], right: [], leaves: new Map() }
  const roots: number[] = []
  const leaf = (values: ArrayLike<number>) => {
    grown.leaves.set(grown.feature.length, values)
    addNode(grown, -1, 0)
  }
  for (let c = 0; c < columns; c++) {
    roots.push(grown.feature.length)
    const first = firstBin(model, c)
    const cuts = Array.from(model.cuts.subarray(model.starts[c]!, model.starts[c + 1]!))
    growBins(grown, c, cuts, (bin) => leaf(scores.subarray((first + bin) * outputs, (first + bin + 1) * outputs)))
  }
  let grid = 0
  for (let p = 0; p < pairs.length; p += 2) {
    roots.push(grown.feature.length)
    const [a, b] = [pairs[p]!, pairs[p + 1]!]
    const width = wideBinsOf(model, b)
    const at = grid
    growBins(grown, a, wideCuts(a), (i) =>
      growBins(grown, b, wideCuts(b), (j) => {
        const place = at + (i * width + j) * outputs
        leaf(grids.subarray(place, place + outputs))
      }),
    )
    grid += wideBinsOf(model, a) * width * outputs
  }
  const weightsOf = (node: number) => grown.leaves.get(node)!
  return {
    trees: roots.length,
    roots: Uint32Array.from([...roots, grown.feature.length]),
    feature: Int32Array.from(grown.feature),
    right: Uint32Array.from(grown.right),
    value: Float64Array.from(grown.value),
    missingLeft: new Uint8Array(grown.feature.length),
    targets: outputs,
    weightsOf,
  }

  function wideCuts(c: number): number[] {
    const first = firstBin(model, c)
    const cuts: number[] = []
    for (let b = 0; b + 1 < valueBinsOf(model, c); b++) {
      if (wide[first + b] !== wide[first + b + 1]) cuts.push(model.cuts[model.starts[c]! + b]!)
    }
    return cuts
  }
}

/** First whether x is a number at all: a NaN is not up to infinity. */
function growBins(grown: Grown, column: number, cuts: readonly number[], onBin: (bin: number) => void): void {
  const root = addNode(grown, column, Number.POSITIVE_INFINITY)
  between(0, cuts.length)
  grown.right[root] = grown.feature.length
  onBin(cuts.length + 1)

  function between(low: number, high: number): void {
    if (low === high) {
      onBin(low)
      return
    }
    const middle = (low + high) >> 1
    const node = addNode(grown, column, cuts[middle]!)
    between(low, middle)
    grown.right[node] = grown.feature.length
    between(middle + 1, high)
  }
}

function addNode({ feature, value, right }: Grown, column: number, threshold: number): number {
  feature.push(column)
  value.push(threshold)
  return right.push(0) - 1
}
