import type { Cell, RunsAnswer } from '../../../src/wire/runs.ts'

/** One run in sight: its page, and where it stands there. The page stays the same object until it is read anew. */
export type SeenRun = { page: RunsAnswer; at: number }

export function runIdOf({ page, at }: SeenRun): string {
  return page.run_ids[at]!
}

export function cellOf({ page, at }: SeenRun, column: string): Cell {
  return page.columns.find((one) => one.column === column)?.values[at] ?? null
}

/** The page with the rows of `fresh` in the place of its own. */
export function patched(page: RunsAnswer, fresh: RunsAnswer): RunsAnswer {
  const places = fresh.run_ids.map((id) => page.run_ids.indexOf(id))
  const columns = page.columns.map((column) => {
    const news = fresh.columns.find((one) => one.column === column.column)
    if (!news) return column
    const values = [...column.values]
    for (const [at, place] of places.entries()) if (place >= 0) values[place] = news.values[at]!
    return { ...column, values }
  })
  return { ...page, columns }
}
