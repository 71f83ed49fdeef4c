import { limitOf } from '../../wire/limits.ts'

/** So many rows, after so many: exact, since rows at fixed moments stay what they are. */
export type Page = { limit: number; offset: number }

/** A page of a wide table has fewer rows. */
export function boundedPage({ limit, offset }: Page, columns: number): Page {
  return { limit: Math.max(1, Math.min(limit, Math.floor(limitOf('pageCells') / Math.max(1, columns)))), offset }
}

/** Where the next page begins, as its token; null on the last. */
export function nextOffset({ limit, offset }: Page, count: number): string | null {
  return offset + limit < count ? String(offset + limit) : null
}
