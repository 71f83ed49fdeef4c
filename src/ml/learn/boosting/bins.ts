/**
 * Columns as small whole numbers: 1 to 254 bins of values in ascending order, and behind them one bin of what is missing.
 * Histograms of bins instead of sorted values are what makes boosting fast (Ke et al. 2017, LightGBM).
 */

/** Bins of a column at most, that of the missing among them: a bin is a byte, and one byte is left free. */
export const BINS_MAX = 255
/** A bin has so many rows on average: with finer ones, trees of a few thousand rows learn their noise and take longer. */
const ROWS_A_BIN = 50
/** So many bins are made of the fewest rows. */
const BINS_OF_FEW = 64
/** Rows that the cuts are learned from, evenly spaced; more change little. */
const SAMPLE_ROWS = 200_000

/**
 * Where the bins of a column part, ascending: bin b has the values above cut b - 1 and up to cut b. A column of few distinct
 * values has a bin for each; else the bins have about the same number of rows, and a frequent value has one for itself.
 */
export function learnCuts(values: Float64Array, binsMax: number): Float64Array {
  const { distinct, counts, total } = countDistinct(values)
  const most = Math.min(binsMax - 1, Math.max(BINS_OF_FEW, Math.floor(total / ROWS_A_BIN)))
  const cuts: number[] = []
  let binsLeft = most
  let rowsLeft = total
  let inBin = 0
  for (let k = 0; k + 1 < distinct.length && binsLeft > 1; k++) {
    inBin += counts[k]!
    const wanted = (rowsLeft / binsLeft) * (1 - 1e-9)
    const isFull = inBin >= wanted || (counts[k + 1]! >= wanted && inBin * 2 >= wanted)
    if (distinct.length > most && !isFull) continue
    cuts.push(between(distinct[k]!, distinct[k + 1]!))
    rowsLeft -= inBin
    binsLeft--
    inBin = 0
  }
  return Float64Array.from(cuts)
}

/** Writes the bin of each value to every `stride`-th byte of `out`, from `at` on: how many cuts are below the value. */
export function binColumn(values: Float64Array, cuts: Float64Array, out: Uint8Array, at: number, stride: number): void {
  const missing = cuts.length + 1
  for (let r = 0; r < values.length; r++, at += stride) {
    const v = values[r]!
    let low = 0
    let size = cuts.length
    while (size > 0) {
      const half = size >> 1
      const middle = low + half
      // Without a branch on the value, which nobody can predict.
      const isAbove = cuts[middle]! < v
      low = isAbove ? middle + 1 : low
      size = isAbove ? size - half - 1 : half
    }
    out[at] = Number.isNaN(v) ? missing : low
  }
}

function countDistinct(values: Float64Array): { distinct: number[]; counts: number[]; total: number } {
  const step = Math.max(1, Math.ceil(values.length / SAMPLE_ROWS))
  const sample = new Float64Array(Math.ceil(values.length / step))
  let total = 0
  // Adding 0 makes -0 and 0 one value.
  for (let r = 0; r < values.length; r += step) if (!Number.isNaN(values[r]!)) sample[total++] = values[r]! + 0
  const sorted = sample.subarray(0, total).sort()
  const distinct: number[] = []
  const counts: number[] = []
  for (let i = 0; i < total; i++) {
    if (distinct.length > 0 && sorted[i] === distinct.at(-1)) counts[counts.length - 1]!++
    else {
      distinct.push(sorted[i]!)
      counts.push(1)
    }
  }
  return { distinct, counts, total }
}

/** A number that a is not above and b is: the middle, unless rounding or an infinity is in its way. */
function between(a: number, b: number): number {
  const middle = a / 2 + b / 2
  return middle >= a && middle < b ? middle : a
}
