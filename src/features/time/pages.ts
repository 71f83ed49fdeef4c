import { rowsWithinCells } from '../../wire/page.ts'

/** So many rows, after so many: exact, since rows at fixed moments stay what they are. */
export type Page = { limit: number; offset: number }

/** A page of a wide table has fewer rows. */
export function boundedPage({ limit, offset }: Page, columns: number): Page {
  return { limit: rowsWithinCells(limit, columns), offset }
}
