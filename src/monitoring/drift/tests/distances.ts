import { binned, type Shares, sharesOf, sturgesEdges } from './binned.ts'
import { type Paired, sum } from './paired.ts'

/** The least spread that a distance is divided by. */
const LEAST_SPREAD = 0.001

/** The first Wasserstein distance, in standard deviations of the reference. */
export function wasserstein(pair: Paired): number {
  return earthMover(pair) / Math.max(spreadOf(pair), LEAST_SPREAD)
}

/** The area between the two distribution functions. */
function earthMover({ values, reference, current, referenceRows, currentRows }: Paired): number {
  let [seenReference, seenCurrent, area] = [0, 0, 0]
  for (let i = 0; i + 1 < values!.length; i++) {
    seenReference += reference[i]!
    seenCurrent += current[i]!
    area += Math.abs(seenReference / referenceRows - seenCurrent / currentRows) * (values![i + 1]! - values![i]!)
  }
  return area
}

/** Standard deviation of the reference itself, not an estimate of a population's. */
function spreadOf({ values, reference, referenceRows }: Paired): number {
  // From the least value on: sums of great numbers would lose the digits in which they differ.
  const least = values![0]!
  let total = 0
  for (let i = 0; i < reference.length; i++) total += reference[i]! * (values![i]! - least)
  const mean = total / referenceRows
  let squares = 0
  for (let i = 0; i < reference.length; i++) squares += reference[i]! * (values![i]! - least - mean) ** 2
  return Math.sqrt(squares / referenceRows)
}

/** The distance, which is the root of the divergence in nats. */
export function jensenShannon(pair: Paired): number {
  const { reference, current } = normed(sharesOf(pair, false))
  let total = 0
  for (let i = 0; i < reference.length; i++) {
    const [p, q] = [reference[i]!, current[i]!]
    const middle = (p + q) / 2
    total += entropyTerm(p, middle) + entropyTerm(q, middle)
  }
  // Equal shares come to a little below 0.
  return Math.sqrt(Math.max(0, total) / 2)
}

export function psi(pair: Paired): number {
  const { reference, current } = sharesOf(pair, true)
  let total = 0
  for (let i = 0; i < reference.length; i++) {
    total += (reference[i]! - current[i]!) * Math.log(reference[i]! / current[i]!)
  }
  return total
}

/** Of the reference from the current, in nats. */
export function kullbackLeibler(pair: Paired): number {
  const { reference, current } = normed(sharesOf(pair, true))
  let total = 0
  for (let i = 0; i < reference.length; i++) total += entropyTerm(reference[i]!, current[i]!)
  return total
}

/** Of numbers over bins that are counted by the different values, as Evidently does. */
export function hellinger(pair: Paired): number {
  const { values } = pair
  const counts = values === null ? pair : binned(pair, sturgesEdges(values, values.length, pair.whole))
  let overlap = 0
  for (let i = 0; i < counts.reference.length; i++) {
    overlap += Math.sqrt((counts.reference[i]! / pair.referenceRows) * (counts.current[i]! / pair.currentRows))
  }
  return Math.sqrt(1 - Math.min(1, overlap))
}

/** Half the sum of the differences of the shares. */
export function totalVariation({ reference, current, referenceRows, currentRows }: Paired): number {
  let total = 0
  for (let i = 0; i < reference.length; i++) {
    total += Math.abs(reference[i]! / referenceRows - current[i]! / currentRows)
  }
  return total / 2
}

function normed({ reference, current }: Shares): Shares {
  const [r, c] = [sum(reference), sum(current)]
  return { reference: reference.map((share) => share / r), current: current.map((share) => share / c) }
}

function entropyTerm(p: number, q: number): number {
  return p === 0 ? 0 : p * Math.log(p / q)
}
