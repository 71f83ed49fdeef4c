/**
 * A sum of curves in ONNX, by operators that every runtime has. Between two knots a curve is its value at the first and a
 * share of the step to the second, and the shares of all segments are bounded by 0 and 1: so a row is multiplied by one matrix
 * of steps, and no two great numbers are taken off each other.
 */
import type { Curves } from './curves.ts'
import type { EncoderSpec } from './encoder.ts'
import { constantDoubles, constantInts, sumOf } from './onnx-constants.ts'
import type { CategoryTable, OnnxForm } from './onnx-forms.ts'
import { linkNodes } from './onnx-link.ts'
import { attribute, type GraphNode, TENSOR } from './onnx-proto.ts'
import { plainNode as node } from './onnx-trees.ts'

export function onnxOfCurves(model: Curves, encoder: EncoderSpec): OnnxForm {
  const { outputs, starts, values, missing } = model
  const tables = new Map<number, CategoryTable>()
  const numbers: { column: number; place: number }[] = []
  const ofCategories: number[] = []
  let place = 0
  for (const [c, { kind }] of encoder.columns.entries()) {
    if (kind !== 'category') {
      numbers.push({ column: c, place: place++ })
      continue
    }
    const rows = new Float64Array((starts[c + 1]! - starts[c]! + 1) * outputs)
    rows.set(values.subarray(starts[c]! * outputs, starts[c + 1]! * outputs))
    rows.set(missing.subarray(c * outputs, (c + 1) * outputs), rows.length - outputs)
    tables.set(c, { width: outputs, values: rows })
    for (let k = 0; k < outputs; k++) ofCategories.push(place++)
  }
  return {
    tables,
    nodes(matrix, answer, fresh) {
      const { base, nodes, sums } = numberNodes(model, numbers, matrix, fresh)
      if (ofCategories.length > 0) {
        // Its columns already are what each category adds, one for each output: the same matrix sums them.
        const [places, picked, sum] = [fresh('categories:places'), fresh('categories'), fresh('categories:sum')]
        const pick = new Float64Array(ofCategories.length * outputs)
        for (let i = 0; i < ofCategories.length; i++) pick[i * outputs + (i % outputs)] = 1
        nodes.push(
          constantInts(places, ofCategories),
          node('Gather', [matrix, places], picked, [attribute.int('axis', 1)]),
          ...multiplied(picked, pick, outputs, sum, fresh),
        )
        sums.push(sum)
      }
      const first = fresh('curves:base')
      const all = fresh('curves:sum')
      nodes.push(constantDoubles(first, [1, outputs], base), ...sumOf([first, ...sums], all, fresh))
      return [...nodes, ...linkNodes(model.link, all, answer, fresh)]
    },
  }
}

/** What the columns of numbers add; `base` has what each of them has at its first knot. */
function numberNodes(
  model: Curves,
  numbers: readonly { column: number; place: number }[],
  matrix: string,
  fresh: (name: string) => string,
): { base: Float64Array; nodes: GraphNode[]; sums: string[] } {
  const { outputs, reach, starts, knots, values, missing } = model
  const base = model.base.slice()
  const absent = new Float64Array(numbers.length * outputs)
  const segments: { at: number; place: number; low: number; high: number }[] = []
  for (const [i, { column, place }] of numbers.entries()) {
    const [start, end] = [starts[column]!, starts[column + 1]!]
    for (let k = 0; k < outputs; k++) {
      const first = end > start ? values[start * outputs + k]! : 0
      base[k]! += first
      absent[i * outputs + k] = missing[column * outputs + k]! - first
    }
    for (let at = start; at + 1 < end; at++) {
      const [low, high] = [at === start ? -reach : 0, at === end - 2 ? 1 + reach : 1]
      segments.push({ at, place, low, high })
    }
  }
  if (numbers.length === 0) return { base, nodes: [], sums: [] }
  const name = (what: string) => fresh(`curves:${what}`)
  const [places, x, isMissing, there, gone] = [
    name('places'),
    name('x'),
    name('missing'),
    name('gone'),
    name('gone:sum'),
  ]
  const nodes = [
    constantInts(
      places,
      numbers.map(({ place }) => place),
    ),
    node('Gather', [matrix, places], x, [attribute.int('axis', 1)]),
    node('IsNaN', [x], isMissing),
    node('Cast', [isMissing], there, [attribute.int('to', TENSOR.double)]),
    ...multiplied(there, absent, outputs, gone, fresh),
  ]
  if (segments.length === 0) return { base, nodes, sums: [gone] }
  const own = { row: name('row'), from: name('from'), length: name('length'), low: name('low'), high: name('high') }
  const [picked, isGone, start, offset, share, above, within, known, sum, zero] = [
    name('picked'),
    name('picked:missing'),
    name('segments'),
    name('offset'),
    name('share'),
    name('above'),
    name('within'),
    name('known'),
    name('segments:sum'),
    name('zero'),
  ]
  const steps = new Float64Array(segments.length * outputs)
  for (const [s, { at }] of segments.entries()) {
    for (let k = 0; k < outputs; k++)
      steps[s * outputs + k] = values[(at + 1) * outputs + k]! - values[at * outputs + k]!
  }
  const of = (pick: (s: (typeof segments)[number]) => number) => Float64Array.from(segments, pick)
  nodes.push(
    constantInts(
      start,
      segments.map(({ place }) => place),
    ),
    node('Gather', [matrix, start], picked, [attribute.int('axis', 1)]),
    node('IsNaN', [picked], isGone),
    constantDoubles(
      own.from,
      [1, segments.length],
      of(({ at }) => knots[at]!),
    ),
    constantDoubles(
      own.length,
      [1, segments.length],
      of(({ at }) => knots[at + 1]! - knots[at]!),
    ),
    constantDoubles(
      own.low,
      [1, segments.length],
      of(({ low }) => low),
    ),
    constantDoubles(
      own.high,
      [1, segments.length],
      of(({ high }) => high),
    ),
    constantDoubles(zero, [1, 1], Float64Array.of(0)),
    node('Sub', [picked, own.from], offset),
    node('Div', [offset, own.length], share),
    node('Max', [share, own.low], above),
    node('Min', [above, own.high], within),
    // After the bounds, as what they make of a NaN is not said.
    node('Where', [isGone, zero, within], known),
    ...multiplied(known, steps, outputs, sum, fresh),
  )
  return { base, nodes, sums: [gone, sum] }
}

function multiplied(rows: string, by: Float64Array, outputs: number, product: string, fresh: (name: string) => string) {
  const matrix = fresh(`${product}:by`)
  return [constantDoubles(matrix, [by.length / outputs, outputs], by), node('MatMul', [rows, matrix], product)]
}
