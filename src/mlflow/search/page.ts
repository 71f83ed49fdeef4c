/** Pages of a search: an opaque token that says where the next one begins. */
import { requireWithin } from '../../wire/limits.ts'
import { isWellFormed } from '../../wire/well-formed.ts'
import { fault } from './lexer.ts'

export type Page<Row> = { rows: Row[]; nextPageToken?: string }

/** Where a page begins: so many rows on, and, where the order allows it, behind the row with these values. */
export type PageStart = { offset: number; after?: string[] }

export function pageOffset(token: string | undefined): number {
  return pageStart(token).offset
}

export function pageStart(token: string | undefined): PageStart {
  if (token === undefined || token === '') return { offset: 0 }
  requireWithin('pageToken', token.length, 'the page token')
  try {
    const { offset, after } = JSON.parse(Buffer.from(token, 'base64').toString('utf8')) as Record<string, unknown>
    const isAfter =
      after === undefined ||
      (Array.isArray(after) && after.every((value) => typeof value === 'string' && isWellFormed(value)))
    if (Number.isSafeInteger(offset) && (offset as number) >= 0 && isAfter) {
      return { offset: offset as number, after: after as string[] | undefined }
    }
  } catch {
    // Falls through to the refusal.
  }
  throw fault(`Invalid page token: '${token.slice(0, 60)}'`)
}

/** Takes one row more than asked for, so that the last page has no token. Rows with `keys` (keyset.ts) say where they stand. */
export function pageOf<Row>(rows: Row[], size: number, offset: number): Page<Row> {
  if (rows.length <= size) return { rows }
  const last = rows[size - 1] as { keys?: string[] }
  const next: PageStart = { offset: offset + size, after: last?.keys }
  return { rows: rows.slice(0, size), nextPageToken: Buffer.from(JSON.stringify(next)).toString('base64') }
}
