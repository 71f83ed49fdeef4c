import { z } from 'zod'
import { PlatformError } from '../base/errors.ts'
import { limitOf } from './limits.ts'

/** The query of a list that is read in pages, newest first; `more` are its filters. */
export function pageQuery<Filters extends z.ZodRawShape>(more: Filters) {
  const most = limitOf('listItems').toLocaleString('en-US')
  return z.strictObject({
    ...more,
    limit: z
      .string()
      .optional()
      .meta({ description: `How many, 100 where left out; at most ${most} (limit listItems).` }),
    page_token: z.string().optional().meta({ description: 'The next_page_token of the page before.' }),
  })
}

export function pageOf<Name extends string, Item extends z.ZodType>(name: Name, item: Item) {
  const token = z.string().nullable().meta({ description: 'Null on the last page.' })
  return z.object({ [name]: z.array(item).meta({ description: 'Those of this page.' }), next_page_token: token } as {
    [N in Name]: z.ZodArray<Item>
  } & { next_page_token: typeof token })
}

/** A number of an address by its name; undefined where it is left out. */
export function wholeOfQuery(
  text: string | undefined,
  name: string,
  { least = 1, most }: { least?: number; most: number },
): number | undefined {
  if (text === undefined) return undefined
  const number = whole(text)
  if (number !== undefined && number >= least && number <= most) return number
  throw new PlatformError('invalid_argument', `${name}: a whole number from ${least} to ${most} is expected`)
}

/** How many, and below which number: numbers come as text in an address. */
export function pageOfQuery(query: { limit?: string; page_token?: string }): { limit: number; before: number | null } {
  const most = limitOf('listItems')
  const limit = wholeOfQuery(query.limit, 'limit', { most }) ?? Math.min(100, most)
  const before = query.page_token === undefined ? null : whole(query.page_token)
  if (before === undefined) throw wrongToken()
  return { limit, before }
}

/** The same for a list whose pages are told apart by a text: the part of the token is as it was given to `textToken`. */
export function textPageOfQuery<Part>(
  query: { limit?: string; page_token?: string },
  read: (part: unknown) => Part | undefined,
): { limit: number; before: Part | undefined } {
  const { page_token: token, ...rest } = query
  const { limit } = pageOfQuery(rest)
  if (token === undefined) return { limit, before: undefined }
  const before = read(jsonOf(Buffer.from(token, 'base64url').toString('utf8')))
  if (before === undefined) throw wrongToken()
  return { limit, before }
}

export function textToken(part: unknown): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url')
}

/** A page of a wide table has fewer rows. */
export function rowsWithinCells(limit: number, columns: number): number {
  return Math.max(1, Math.min(limit, Math.floor(limitOf('pageCells') / Math.max(1, columns))))
}

/** Where the next page of `count` begins, as its token; null on the last. */
export function nextOffset({ limit, offset }: { limit: number; offset: number }, count: number): string | null {
  return offset + limit < count ? String(offset + limit) : null
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function wrongToken(): PlatformError {
  return new PlatformError('invalid_argument', 'page_token: send the next_page_token of the page before, as it came')
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
