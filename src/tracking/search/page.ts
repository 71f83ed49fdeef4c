/** Pages of a search: an opaque token that says where the next one begins. */
import { fault } from './lexer.ts'

export type Page<Row> = { rows: Row[]; nextPageToken?: string }

export function pageOffset(token: string | undefined): number {
  if (token === undefined || token === '') return 0
  try {
    const { offset } = JSON.parse(Buffer.from(token, 'base64').toString('utf8')) as { offset?: unknown }
    if (Number.isSafeInteger(offset) && (offset as number) >= 0) return offset as number
  } catch {
    // Falls through to the refusal.
  }
  throw fault(`Invalid page token: '${token.slice(0, 60)}'`)
}

/** Takes one row more than asked for, so that the last page has no token. */
export function pageOf<Row>(rows: Row[], size: number, offset: number): Page<Row> {
  if (rows.length <= size) return { rows }
  const token = Buffer.from(JSON.stringify({ offset: offset + size })).toString('base64')
  return { rows: rows.slice(0, size), nextPageToken: token }
}
