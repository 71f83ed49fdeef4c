/** Which row stands where, when some rows have others opened below them. */

/** Rows opened below the row `after` of the first level: the children of a run, or the runs of a group. */
export type Opened = { key: string; after: number; count: number }

export type Place = { level: 0; at: number } | { level: 1; key: string; after: number; at: number }

/** `opened` may come in any order; of two below the same row the last one counts. */
export function layoutOf(rows: number, opened: readonly Opened[]): { count: number; placeOf(index: number): Place } {
  const byRow = new Map(opened.filter(({ after, count }) => after < rows && count > 0).map((one) => [one.after, one]))
  const sorted = [...byRow.values()].sort((a, b) => a.after - b.after)
  const count = sorted.reduce((sum, one) => sum + one.count, rows)
  return {
    count,
    placeOf(index) {
      let shift = 0
      for (const { key, after, count } of sorted) {
        if (index <= after + shift) break
        if (index <= after + shift + count) return { level: 1, key, after, at: index - after - shift - 1 }
        shift += count
      }
      return { level: 0, at: index - shift }
    },
  }
}

export const PAGE_ROWS = 100

/** The pages of rows that are in sight: of the first level (key null) and of what is opened. */
export function pagesInSight(
  layout: ReturnType<typeof layoutOf>,
  first: number,
  last: number,
): { key: string | null; page: number }[] {
  const pages = new Map<string, { key: string | null; page: number }>()
  for (let index = Math.max(0, first); index <= Math.min(last, layout.count - 1); index++) {
    const place = layout.placeOf(index)
    const one = { key: place.level === 0 ? null : place.key, page: Math.floor(place.at / PAGE_ROWS) }
    pages.set(`${one.key}:${one.page}`, one)
  }
  return [...pages.values()]
}
