import type { Shapes } from './fit-shapes.ts'
import { sizeOf } from './pairs.ts'

/**
 * Moves from each grid to the shapes of its two sides what belongs to one side alone, so that a grid has the mean 0 over the
 * rows of each of its rows and columns (Lengerich et al. 2020, "Purifying interaction effects"); and from each shape to the
 * base, so that it has the mean 0. The sums of all rows stay. A bin that no row is in then says 0.
 */
export function purify(shapes: Shapes, weights: Float64Array, outputs: number): void {
  const { table, scores, pairs, grids, base } = shapes
  for (const [p, pair] of pairs.entries()) purifyGrid(shapes, pair, grids[p]!, weights)
  for (const [c, score] of scores.entries()) {
    const bins = table.bins.subarray(c * table.rows, (c + 1) * table.rows)
    const mass = new Float64Array(table.valueBins[c]! + 1)
    for (let r = 0; r < bins.length; r++) mass[bins[r]!]! += weights[r]!
    const total = mass.reduce((sum, x) => sum + x, 0)
    for (let k = 0; k < outputs; k++) {
      let mean = 0
      for (let b = 0; b < mass.length; b++) mean += (mass[b]! * score[b * outputs + k]!) / total
      base[k]! += mean
      // Values between those of training may come; of the missing, and of a category, nothing is known.
      for (let b = 0; b < mass.length; b++) {
        const isUnknown = mass[b] === 0 && (b === table.valueBins[c] || table.isCategory[c] === 1)
        score[b * outputs + k] = isUnknown ? 0 : score[b * outputs + k]! - mean
      }
    }
  }
}

const SWEEPS = 20

/** Of one output. */
function purifyGrid(shapes: Shapes, pair: Shapes['pairs'][number], grid: Float64Array, weights: Float64Array): void {
  const { table, scores } = shapes
  const { first, second } = sizeOf(table, pair)
  const mass = new Float64Array(first * second)
  const [wideA, wideB] = [table.wide[pair.a]!, table.wide[pair.b]!]
  for (let r = 0; r < table.rows; r++) {
    const [i, j] = [wideA[table.bins[pair.a * table.rows + r]!]!, wideB[table.bins[pair.b * table.rows + r]!]!]
    mass[i * second + j]! += weights[r]!
  }
  const [byA, byB] = [new Float64Array(first), new Float64Array(second)]
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    for (let i = 0; i < first; i++) byA[i]! += takeMean(grid, mass, i * second, 1, second)
    for (let j = 0; j < second; j++) byB[j]! += takeMean(grid, mass, j, second, first)
  }
  for (let b = 0; b < wideA.length; b++) scores[pair.a]![b]! += byA[wideA[b]!]!
  for (let b = 0; b < wideB.length; b++) scores[pair.b]![b]! += byB[wideB[b]!]!
}

/** Takes the mean off a row or a column of a grid, and returns it; where no row is, all of it is taken. */
function takeMean(grid: Float64Array, mass: Float64Array, at: number, stride: number, count: number): number {
  let [sum, total] = [0, 0]
  for (let i = 0; i < count; i++) {
    sum += grid[at + i * stride]! * mass[at + i * stride]!
    total += mass[at + i * stride]!
  }
  if (total === 0) {
    for (let i = 0; i < count; i++) grid[at + i * stride] = 0
    return 0
  }
  for (let i = 0; i < count; i++) grid[at + i * stride]! -= sum / total
  return sum / total
}
