import type { Format } from '../../config/project.ts'
import { isNoValue, readAs } from '../../values/text.ts'
import { asUsual, fieldText } from '../../values/written.ts'
import type { Table } from '../load-table.ts'
import type { Looker } from './looker.ts'

export type Column = Table['columns'][number]
export type Unread = ReturnType<typeof unreadIn>

/** Those of the candidates under which the fewest values cannot be read. */
export async function fewest<T>(candidates: readonly T[], count: (candidate: T) => Promise<number>): Promise<T[]> {
  let least = Number.POSITIVE_INFINITY
  let found: T[] = []
  for (const candidate of candidates) {
    const n = await count(candidate)
    if (n < least) found = [candidate]
    else if (n === least) found.push(candidate)
    least = Math.min(least, n)
  }
  return found
}

/** How many values of these columns are none of their types; of typed cells only those that are not read by themselves. */
export function unreadIn({ session }: Looker, table: Table) {
  const typed = table.format === 'parquet' || table.parts.some((part) => part.sheet)
  return async (columns: readonly Column[], written: Format): Promise<number> => {
    if (columns.length === 0) return 0
    const counts = columns.map(({ type, index }) => {
      const text = fieldText(`r${index}`, written)
      const none = isNoValue(type, text, `(${readAs(type, asUsual(type, text, written))})`)
      return `count_if(${typed ? `(${isNoValue(type, `r${index}`, `t${index}`)}) AND ` : ''}(${none}))`
    })
    const [row] = await session.rows<{ n: number }>(`SELECT ${counts.join(' + ')} AS n FROM ${table.name}`)
    return Number(row?.n ?? 0)
  }
}
