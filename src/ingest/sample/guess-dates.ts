import type { Format } from '../../config/project.ts'
import { looksLike, twoReadings } from '../../values/date-format.ts'
import { isNoValue } from '../../values/text.ts'
import { fieldText } from '../../values/written.ts'
import type { Table } from '../load-table.ts'
import { DATES } from './known-words.ts'
import type { Looker } from './looker.ts'
import { type Column, fewest, type Unread } from './unread.ts'

/** Enough to tell one pattern from most others. */
const EXAMPLES = 500

type Given = { table: Table; format: Format; unread: Unread }

/** One pattern for all columns where there is one, else that of each. */
export async function guessDates(
  looker: Looker,
  columns: readonly Column[],
  given: Given,
): Promise<{ dateFormat: Format['dateFormat']; notes: string[] }> {
  const candidates = [null, ...mostLike(await examples(looker, columns, given))]
  const each: (string | null)[][] = []
  for (const column of columns) {
    each.push(await fewest(candidates, (dateFormat) => given.unread([column], { ...given.format, dateFormat })))
  }
  const common = candidates.find((one) => each.every((list) => list.includes(one)))
  if (common === null) return { dateFormat: null, notes: [] }
  const firsts = [...new Set(each.map((list) => list[0] ?? 'yyyy-MM-dd'))]
  const taken = common !== undefined ? [common] : twoReadings(firsts) === undefined ? firsts : firsts.slice(0, 1)
  const swapped = taken.map(swap).filter((other, i) => other !== taken[i] && isAsGood(other, taken[i]!))
  return {
    dateFormat: taken.length === 1 ? taken[0]! : taken,
    notes: swapped.map((other) => `dateFormat: '${other}' would read all dates too; take the one that is meant`),
  }

  function isAsGood(other: string, taken: string): boolean {
    return each.every((list) => !list.includes(taken) || list.includes(other))
  }
}

/** Patterns that the examples of a column look like: of the many that there are those with the most. */
function mostLike(texts: readonly string[][]): string[] {
  const kept = texts.flatMap((list) => {
    const hits = DATES.map((format) => list.filter(looksLike(format)).length)
    const most = Math.max(0, ...hits)
    return most === 0 ? [] : DATES.filter((_, i) => hits[i] === most)
  })
  return DATES.filter((format) => kept.includes(format))
}

/** Some of what cannot be read as it is. */
async function examples(
  { session }: Looker,
  columns: readonly Column[],
  { table, format }: Given,
): Promise<string[][]> {
  const found: string[][] = []
  for (const { index, type } of columns) {
    const text = fieldText(`r${index}`, format)
    const rows = await session.rows<{ text: string }>(
      `SELECT DISTINCT ${text} AS text FROM ${table.name}
       WHERE ${text} IS NOT NULL AND (${isNoValue(type, `r${index}`, `t${index}`)}) LIMIT ${EXAMPLES}`,
    )
    found.push(rows.map((row) => row.text))
  }
  return found
}

/** The day and the month in each other's place; nobody writes them so behind the year. */
function swap(format: string): string {
  if (format.startsWith('yyyy') || format.includes('MMM')) return format
  return format.replaceAll(/M+|d+/g, (token) => (token[0] === 'M' ? 'd' : 'M').repeat(token.length))
}
