import type { Link } from '../../model/link.ts'
import { type BagPart, derivatives, type FindStep, pick } from './boost-shapes.ts'
import { bestGain, findGridStep, type GridSize, gridRoom } from './pair-step.ts'
import type { BinSums } from './step.ts'
import type { ShapeTable } from './table.ts'

export type Pair = { a: number; b: number }

/**
 * The pairs whose grid would take most off the loss of `part` as it stands, strongest first, at most `most`; one that takes
 * less than `LEAST_GAIN` for a free cut is left out.
 */
export function detectPairs(
  table: ShapeTable,
  part: BagPart,
  rows: Uint32Array,
  rules: { link: Link; outputs: number; minSamplesLeaf: number },
  most: number,
): Pair[] {
  if (most === 0) return []
  const gradient = new Float64Array(part.rows * rules.outputs)
  const hessian = new Float64Array(part.rows * rules.outputs)
  derivatives(part, rules, gradient, hessian)
  const found: (Pair & { gain: number })[] = []
  for (let a = 0; a < table.columns; a++) {
    for (let b = a + 1; b < table.columns; b++) {
      const size = sizeOf(table, { a, b })
      const bins = size.first * size.second
      const places = pick(gridPlaces(table, { a, b }), rows)
      const sums: BinSums = {
        gradient: new Float64Array(bins),
        hessian: new Float64Array(bins),
        rows: new Float64Array(bins),
      }
      let gain = 0
      for (let k = 0; k < rules.outputs; k++) {
        for (const array of Object.values(sums)) array.fill(0)
        for (let r = 0; r < part.rows; r++) {
          const at = places[r]!
          sums.gradient[at]! += gradient[k * part.rows + r]!
          sums.hessian[at]! += hessian[k * part.rows + r]!
          sums.rows[at]!++
        }
        gain += bestGain(sums, size, rules, gridRoom(bins))
      }
      if (gain > LEAST_GAIN * rules.outputs) found.push({ a, b, gain })
    }
  }
  return found
    .sort((x, y) => y.gain - x.gain || x.a - y.a || x.b - y.b)
    .slice(0, most)
    .map(({ a, b }) => ({ a, b }))
}

/** Of a pair that has no effect, the best of some hundred cuts gains about that much by chance. */
const LEAST_GAIN = 4

export function sizeOf({ wideBins }: ShapeTable, { a, b }: Pair): GridSize {
  return { first: wideBins[a]!, second: wideBins[b]! }
}

/** By row the bin of the grid. */
export function gridPlaces({ rows, bins, wide, wideBins }: ShapeTable, { a, b }: Pair): Uint16Array {
  const [first, second, width] = [wide[a]!, wide[b]!, wideBins[b]!]
  const places = new Uint16Array(rows)
  for (let r = 0; r < rows; r++) places[r] = first[bins[a * rows + r]!]! * width + second[bins[b * rows + r]!]!
  return places
}

export function gridSteps(
  sizes: readonly GridSize[],
  rules: { minSamplesLeaf: number; learningRate: number },
): FindStep {
  const room = gridRoom(sizes.reduce((max, { first, second }) => Math.max(max, first * second), 1))
  return (t, sums, step) => findGridStep(sums, sizes[t]!, rules, rules.learningRate, room, step)
}
