/** What one side of a trial came to, in numbers that can be added up over servers and seconds. */
export type Counts = {
  rows: number
  /** Where it could not say anything: a caller was given the champion's answer. */
  failed: number
  /** Of a shadow: rows that it was not asked for, because there was too much to do. */
  dropped: number
  /** Of a shadow: rows for which it says something else than what was answered, and the sum of |difference of the scores|. */
  differs: number
  difference: number
  /** Rows by the width of time that the answer took, and that the model took. */
  ms: Histogram
  modelMs: Histogram
  /** Rows by tenths of the score, of a probability; and its sums, of any number. */
  scores: Histogram
  sum: number
  squares: number
  /** The p99 that this server had before the trial; null where nobody asked. */
  beforeMs: number | null
}

export type Histogram = Record<string, number>

/** Widths of time: each a tenth more than the one before, from 0.01 ms. */
const GROWTH = 1.1
const LEAST_MS = 0.01

export function noCounts(): Counts {
  const none = { rows: 0, failed: 0, dropped: 0, differs: 0, difference: 0, sum: 0, squares: 0, beforeMs: null }
  return { ...none, ms: {}, modelMs: {}, scores: {} }
}

export function isEmpty({ rows, failed, dropped }: Counts): boolean {
  return rows + failed + dropped === 0
}

export function addTo(into: Counts, more: Counts): void {
  for (const name of ['rows', 'failed', 'dropped', 'differs', 'difference', 'sum', 'squares'] as const) {
    into[name] += more[name]
  }
  for (const name of ['ms', 'modelMs', 'scores'] as const) {
    for (const [place, count] of Object.entries(more[name])) into[name][place] = (into[name][place] ?? 0) + count
  }
  if (more.beforeMs !== null) into.beforeMs = Math.max(into.beforeMs ?? 0, more.beforeMs)
}

export function count(histogram: Histogram, place: number): void {
  histogram[place] = (histogram[place] ?? 0) + 1
}

export function widthOf(ms: number): number {
  return Math.ceil(Math.log(Math.max(ms, LEAST_MS) / LEAST_MS) / Math.log(GROWTH))
}

/** The upper end of the width in which the quantile lies: a tenth more than the true one at most. Null of nothing. */
export function quantileMs(histogram: Histogram, share: number): number | null {
  const places = placesOf(histogram)
  const all = places.reduce((sum, [, n]) => sum + n, 0)
  let seen = 0
  for (const [place, n] of places) {
    seen += n
    if (seen >= share * all) return LEAST_MS * GROWTH ** place
  }
  return null
}

/** How many took longer than this, by whole widths. */
export function above(histogram: Histogram, ms: number): number {
  return placesOf(histogram).reduce((sum, [place, n]) => sum + (LEAST_MS * GROWTH ** place > ms * 1.000001 ? n : 0), 0)
}

function placesOf(histogram: Histogram): [number, number][] {
  return Object.entries(histogram)
    .map(([place, n]): [number, number] => [Number(place), n])
    .sort(([a], [b]) => a - b)
}
