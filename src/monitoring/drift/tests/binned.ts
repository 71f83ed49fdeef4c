import { distinct, type Paired } from './paired.ts'

export type Shares = { reference: Float64Array; current: Float64Array }

/** From how many different values of the reference on numbers are put into bins. */
const BINNED_FROM = 20

/**
 * The shares of both samples by bin, as Evidently takes them for Jensen–Shannon, PSI and Kullback–Leibler: each value for
 * itself, or numbers of more than 20 different values by Sturges' bins over both. With `filled` a share of 0 becomes a small
 * one, since its logarithm is asked for.
 */
export function sharesOf(pair: Paired, filled: boolean): Shares {
  const many = pair.values !== null && distinct(pair.reference) > BINNED_FROM
  const counts = many
    ? binned(pair, sturgesEdges(pair.values!, pair.referenceRows + pair.currentRows, pair.whole))
    : pair
  const shares = {
    reference: counts.reference.map((count) => count / pair.referenceRows),
    current: counts.current.map((count) => count / pair.currentRows),
  }
  if (filled) for (const side of [shares.reference, shares.current]) fill(side)
  return shares
}

/** Counts by bin; a bin takes its lower end, the last one both. */
export function binned({ values, reference, current }: Paired, edges: Float64Array): Shares {
  const bins = edges.length - 1
  const counts = { reference: new Float64Array(bins), current: new Float64Array(bins) }
  let bin = 0
  for (let i = 0; i < values!.length; i++) {
    while (bin < bins - 1 && values![i]! >= edges[bin + 1]!) bin++
    counts.reference[bin]! += reference[i]!
    counts.current[bin]! += current[i]!
  }
  return counts
}

/** The edges of equal bins that numpy's rule "sturges" gives for so many values from the first to the last of these. */
export function sturgesEdges(values: Float64Array, count: number, whole: boolean): Float64Array {
  const [first, last] = [values[0]!, values[values.length - 1]!]
  if (first === last) return Float64Array.of(first - 0.5, last + 0.5)
  const width = (last - first) / (Math.log2(count) + 1)
  const bins = Math.ceil((last - first) / (whole && width < 1 ? 1 : width))
  return equalEdges(first, last, bins)
}

export function equalEdges(first: number, last: number, bins: number): Float64Array {
  const step = (last - first) / bins
  const edges = Float64Array.from({ length: bins + 1 }, (_, i) => i * step + first)
  edges[bins] = last
  return edges
}

const LEAST_SHARE = 1e-4

function fill(shares: Float64Array): void {
  let least = Infinity
  for (const share of shares) if (share > 0 && share < least) least = share
  const filling = least <= LEAST_SHARE ? least / 1e6 : LEAST_SHARE
  for (let i = 0; i < shares.length; i++) if (shares[i] === 0) shares[i] = filling
}
