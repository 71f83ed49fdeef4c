/**
 * Two samples of one column as the union of their values, each with how often it stands in either. Numbers ascend; all tests
 * work on this, so that what is held is the distinct values and not the rows.
 */
export type Paired = {
  /** Of numbers the values, ascending; null for categories, whose order says nothing. */
  values: Float64Array | null
  reference: Float64Array
  current: Float64Array
  /** Sums of the two. */
  referenceRows: number
  currentRows: number
  /** Whole numbers without a null on either side: what numpy takes for integers when it makes a histogram. */
  whole: boolean
}

/** Of one sample: distinct values and their counts. */
export type Counted<V> = { values: V; counts: Float64Array }

export function pairNumbers(a: Counted<Float64Array>, b: Counted<Float64Array>, whole: boolean): Paired {
  const [na, nb] = [a.values.length, b.values.length]
  const values = new Float64Array(na + nb)
  const reference = new Float64Array(na + nb)
  const current = new Float64Array(na + nb)
  let [i, j, k] = [0, 0, 0]
  while (i < na || j < nb) {
    const x = i < na ? a.values[i]! : Infinity
    const y = j < nb ? b.values[j]! : Infinity
    values[k] = x <= y ? x : y
    if (x <= y) reference[k] = a.counts[i++]!
    if (y <= x) current[k] = b.counts[j++]!
    k++
  }
  return paired(values.subarray(0, k), reference.subarray(0, k), current.subarray(0, k), whole)
}

export function pairCategories(a: Counted<readonly string[]>, b: Counted<readonly string[]>): Paired {
  const places = new Map(a.values.map((value, i) => [value, i]))
  for (const value of b.values) if (!places.has(value)) places.set(value, places.size)
  const reference = new Float64Array(places.size)
  const current = new Float64Array(places.size)
  reference.set(a.counts)
  for (const [j, value] of b.values.entries()) current[places.get(value)!] = b.counts[j]!
  return paired(null, reference, current, false)
}

export function paired(
  values: Float64Array | null,
  reference: Float64Array,
  current: Float64Array,
  whole: boolean,
): Paired {
  return { values, reference, current, referenceRows: sum(reference), currentRows: sum(current), whole }
}

export function sum(values: Float64Array): number {
  let total = 0
  for (let i = 0; i < values.length; i++) total += values[i]!
  return total
}

/** How many different values a sample has. */
export function distinct(counts: Float64Array): number {
  let found = 0
  for (let i = 0; i < counts.length; i++) if (counts[i]! > 0) found++
  return found
}
