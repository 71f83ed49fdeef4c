import type { Histogram } from '../../wire/drift.ts'
import { binned, equalEdges } from './tests/binned.ts'
import type { Paired } from './tests/paired.ts'
import { NAMED_VALUES } from './unseen.ts'

const BINS = 24
const NAMES = 12
const OTHERS = '…'

/** Of numbers equal bins over both samples, of categories the most frequent of both and the rest together. */
export function histogramOf(pair: Paired, names: readonly string[] | null): Histogram | null {
  const { values, referenceRows: n, currentRows: m } = pair
  if (n + m === 0) return null
  const share = (count: number, rows: number) => (rows === 0 ? 0 : count / rows)
  if (values !== null) {
    const [first, last] = [values[0]!, values[values.length - 1]!]
    const few = values.length <= BINS && values.every(Number.isInteger) && last - first < BINS
    const bins = few ? last - first + 1 : BINS
    const edges = few
      ? equalEdges(first - 0.5, last + 0.5, bins)
      : first === last
        ? Float64Array.of(first - 0.5, last + 0.5)
        : equalEdges(first, last, bins)
    const counts = binned(pair, edges)
    return {
      ...{ kind: 'numbers', edges: [...edges], names: [] },
      reference: Array.from(counts.reference, (count) => share(count, n)),
      current: Array.from(counts.current, (count) => share(count, m)),
    }
  }
  const order = Array.from(pair.reference, (_, i) => i)
  order.sort(
    (a, b) =>
      share(pair.reference[b]!, n) +
      share(pair.current[b]!, m) -
      share(pair.reference[a]!, n) -
      share(pair.current[a]!, m),
  )
  if (names!.length > NAMED_VALUES) return null
  const kept = order.length > NAMES ? order.slice(0, NAMES - 1) : order
  const rest = order.slice(kept.length)
  const bars = (counts: Float64Array, rows: number) => [
    ...kept.map((i) => share(counts[i]!, rows)),
    ...(rest.length > 0
      ? [
          share(
            rest.reduce((total, i) => total + counts[i]!, 0),
            rows,
          ),
        ]
      : []),
  ]
  return {
    ...{ kind: 'categories', edges: [] },
    names: [...kept.map((i) => names![i]!), ...(rest.length > 0 ? [OTHERS] : [])],
    reference: bars(pair.reference, n),
    current: bars(pair.current, m),
  }
}
