import { PlatformError } from '../base/errors.ts'
import { limitOf } from './limits.ts'

/** The query of a list that is read in pages, newest first; `more` are its filters. */
export const pageQuery = (more: Record<string, unknown>) => ({
  type: 'object',
  properties: { ...more, limit: { type: 'string' }, page_token: { type: 'string' } },
  additionalProperties: false,
})

/** How many, and below which number: numbers come as text in an address. */
export function pageOfQuery(query: { limit?: string; page_token?: string }): { limit: number; before: number | null } {
  const most = limitOf('listItems')
  const limit = query.limit === undefined ? Math.min(100, most) : whole(query.limit)
  if (limit === undefined || limit < 1 || limit > most) {
    throw new PlatformError('invalid_argument', `limit: a whole number from 1 to ${most} is expected`)
  }
  const before = query.page_token === undefined ? null : whole(query.page_token)
  if (before === undefined) {
    throw new PlatformError('invalid_argument', 'page_token: send the next_page_token of the page before, as it came')
  }
  return { limit, before }
}

function whole(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined
}

/** One more than asked for is read, so that a last page says that it is the last. */
export function nextPageToken<Row>(rows: Row[], limit: number, numberOf: (row: Row) => number): string | null {
  if (rows.length <= limit) return null
  rows.length = limit
  return String(numberOf(rows[limit - 1]!))
}
