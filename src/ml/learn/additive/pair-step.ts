/**
 * One step of the grid of a pair: the mean of all ways to cut it into four quarters by one cut on each side, each weighted by
 * what it takes off the loss. Of the quarters only the contrast counts (upper left and lower right against the others), so
 * that what one side alone lacks is no merit of the pair, and the step leaves the sums of both sides alone. After Lou, Caruana
 * et al. 2013 (FAST), who take the best cut.
 */
import { type BinSums, L2 } from './step.ts'

/** The wider bins of both sides; bin (i, j) of the grid has the number i * second + j. The missing are the last ones. */
export type GridSize = { first: number; second: number }

type QuarterRules = { minSamplesLeaf: number }

export type GridRoom = {
  g: Float64Array
  h: Float64Array
  n: Float64Array
  by: [Float64Array, Float64Array, Float64Array, Float64Array]
}

export function gridRoom(bins: number): GridRoom {
  const room = () => new Float64Array(bins)
  return { g: room(), h: room(), n: room(), by: [room(), room(), room(), room()] }
}

/** What the best cut would take off the loss. */
export function bestGain(sums: BinSums, size: GridSize, rules: QuarterRules, room: GridRoom): number {
  let best = 0
  eachCut(sums, size, rules, room, (_at, gain) => {
    if (gain > best) best = gain
  })
  return best
}

/** Writes the step of each bin of the grid, times `rate`. */
export function findGridStep(
  sums: BinSums,
  size: GridSize,
  rules: QuarterRules,
  rate: number,
  room: GridRoom,
  step: Float64Array,
): void {
  const { first, second } = size
  const [low, right, left, high] = room.by
  for (const quarter of room.by) quarter.fill(0, 0, first * second)
  let total = 0
  eachCut(sums, size, rules, room, (at, gain, by, h00, h01, h10, h11) => {
    total += gain
    const weighted = gain * by
    low[at] = weighted / h00
    right[at] = -weighted / h01
    left[at] = -weighted / h10
    high[at] = weighted / h11
  })
  if (!(total > 0)) {
    step.fill(0, 0, first * second)
    return
  }
  // A bin is in the lower part of all cuts at or behind it, and in the upper part of those before it.
  accumulate(low, first, second, true, true)
  accumulate(right, first, second, true, false)
  accumulate(left, first, second, false, true)
  accumulate(high, first, second, false, false)
  for (let i = 0; i < first * second; i++) step[i] = (-rate * (low[i]! + right[i]! + left[i]! + high[i]!)) / total
}

/** `by`: what the contrast moves the quarters by, each divided by its hessian. */
type OnCut = (at: number, gain: number, by: number, h00: number, h01: number, h10: number, h11: number) => void

function eachCut(sums: BinSums, { first, second }: GridSize, rules: QuarterRules, room: GridRoom, onCut: OnCut): void {
  const { g, h, n } = room
  for (const [from, to] of [
    [sums.gradient, g],
    [sums.hessian, h],
    [sums.rows, n],
  ] as const) {
    for (let i = 0; i < first * second; i++) to[i] = from[i]!
    accumulate(to, first, second, false, false, true)
  }
  const least = rules.minSamplesLeaf
  const last = second - 1
  const end = (first - 1) * second
  const all = end + last
  for (let i = 0; i + 1 < first; i++) {
    const row = i * second + last
    for (let j = 0; j < last; j++) {
      const at = i * second + j
      const column = end + j
      const n00 = n[at]!
      const n01 = n[row]! - n00
      const n10 = n[column]! - n00
      if (n00 < least || n01 < least || n10 < least || n[all]! - n00 - n01 - n10 < least) continue
      const g00 = g[at]!
      const g01 = g[row]! - g00
      const g10 = g[column]! - g00
      const h00 = h[at]! + L2
      const h01 = h[row]! - h[at]! + L2
      const h10 = h[column]! - h[at]! + L2
      const h11 = h[all]! - h[row]! - h[column]! + h[at]! + L2
      const contrast = g00 / h00 - g01 / h01 - g10 / h10 + (g[all]! - g00 - g01 - g10) / h11
      const by = contrast / (1 / h00 + 1 / h01 + 1 / h10 + 1 / h11)
      onCut(at, contrast * by, by, h00, h01, h10, h11)
    }
  }
}

/** Sums along both sides, in place: from the end, or from the beginning; without a bin itself unless `whole`. */
function accumulate(
  grid: Float64Array,
  first: number,
  second: number,
  fromEndOfFirst: boolean,
  fromEndOfSecond: boolean,
  whole = false,
): void {
  for (let i = 0; i < first; i++) along(grid, i * second, 1, second, fromEndOfSecond, whole)
  for (let j = 0; j < second; j++) along(grid, j, second, first, fromEndOfFirst, whole)
}

function along(grid: Float64Array, at: number, stride: number, count: number, fromEnd: boolean, whole: boolean): void {
  let sum = 0
  for (let i = 0; i < count; i++) {
    const place = at + (fromEnd ? count - 1 - i : i) * stride
    const own = grid[place]!
    grid[place] = fromEnd || whole ? sum + own : sum
    sum += own
  }
}
