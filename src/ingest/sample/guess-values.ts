import type { Format, Source } from '../../config/project.ts'
import { isNoValue } from '../../values/text.ts'
import { BLANK, fieldText } from '../../values/written.ts'
import type { Table } from '../load-table.ts'
import { guessDates } from './guess-dates.ts'
import type { Guess } from './guess-text.ts'
import { NO_DAYS, NO_VALUES, PAIRS, SIGNS, UNITS } from './known-words.ts'
import type { Looker } from './looker.ts'
import { type Column, fewest, unreadIn } from './unread.ts'

const NUMBERS = ['Int32', 'Int64', 'Float32', 'Float64']
const TIMES = ['Date', 'UnixTimestamp']
const DISTINCT_MAX = 100

/** How the values are written, by how many of all of them can be read so. */
export async function guessValues(looker: Looker, source: Source): Promise<Guess> {
  const table = await looker.load(source)
  const format: Format = { ...source.format }
  const notes: string[] = []
  if (!table || table.rows === 0) return { format, notes }
  const of = (types: readonly string[]) => table.columns.filter((c) => types.includes(c.type))
  const unread = unreadIn(looker, table)
  const nulls = await missingWords(looker, table, format)
  if (nulls.length > 0) {
    format.nulls = nulls
    if (of(['String']).length > 0) notes.push(`${nulls.join(', ')} would be missing values in text columns too`)
  }
  if (
    (await unread(of([...NUMBERS, ...TIMES, 'Bool']), { ...format, trim: true })) <
    (await unread(of([...NUMBERS, ...TIMES, 'Bool']), format))
  ) {
    format.trim = true
  }
  const units = await unitsOf(looker, of(NUMBERS), table, format)
  if (units.length > 0) {
    format.units = units
    if (units.includes('%')) notes.push('12 % is read as 12')
  }
  const signs = await fewest(SIGNS, (sign) => unread(of(NUMBERS), { ...format, ...sign }))
  if (signs.length > 0 && signs[0] !== SIGNS[0]) {
    const sign = (format.delimiter === ';' && signs.find(({ decimal }) => decimal === ',')) || signs[0]!
    Object.assign(format, sign)
    const other = signs.find(({ decimal }) => decimal !== sign.decimal)
    if (other) notes.push(`decimal: '${other.decimal}' would read all numbers too; take the one that is meant`)
  }
  const dates = await guessDates(looker, of(TIMES), { table, format, unread })
  format.dateFormat = dates.dateFormat
  notes.push(...dates.notes)
  if ((await unread(of(['Bool']), format)) > 0) format.booleans = await words(looker, of(['Bool']), table, format)
  return { format, notes }
}

async function missingWords({ session }: Looker, table: Table, format: Format): Promise<string[]> {
  const found = new Set<string>()
  for (const { type, index } of table.columns.filter((c) => c.type !== 'String')) {
    const text = fieldText(`r${index}`, { ...format, trim: true })
    const words = TIMES.includes(type) ? [...NO_VALUES, ...NO_DAYS] : NO_VALUES
    const list = words.map((word) => `'${word}'`).join(', ')
    const rows = await session.rows<{ word: string }>(
      `SELECT DISTINCT ${text} AS word FROM ${table.name}
       WHERE lower(${text}) IN (${list}) AND (${isNoValue(type, `r${index}`, `t${index}`)}) LIMIT ${DISTINCT_MAX}`,
    )
    for (const { word } of rows) found.add(word)
  }
  return [...found].sort()
}

/** What stands beside the digits of numbers that cannot be read, if it is something that stands there in files of people. */
async function unitsOf(
  { session }: Looker,
  columns: readonly Column[],
  table: Table,
  format: Format,
): Promise<string[]> {
  const known = UNITS.map((unit) => `'${unit}'`).join(', ')
  const found = new Set<string>()
  for (const { type, index } of columns) {
    const text = fieldText(`r${index}`, format)
    const beside = `regexp_extract(${text}, '^-?([^-0-9.,\\s]*)[^0-9]*[0-9](?:.*[0-9])?[-.,]*${BLANK}*([^-0-9\\s]*)$', ['a', 'b'])`
    const rows = await session.rows<{ unit: string }>(
      `SELECT DISTINCT unit FROM (SELECT unnest([u.a, u.b]) AS unit FROM (SELECT ${beside} AS u FROM ${table.name}
       WHERE ${isNoValue(type, `r${index}`, `t${index}`)}))
       WHERE lower(unit) IN (${known}) LIMIT ${DISTINCT_MAX}`,
    )
    for (const { unit } of rows) found.add(unit)
  }
  return [...found].sort()
}

async function words(
  { session }: Looker,
  columns: readonly Column[],
  table: Table,
  format: Format,
): Promise<Format['booleans']> {
  const seen = new Set<string>()
  for (const { index } of columns) {
    const text = fieldText(`r${index}`, format)
    const rows = await session.rows<{ word: string }>(
      `SELECT DISTINCT lower(${text}) AS word FROM ${table.name} WHERE ${text} IS NOT NULL LIMIT ${DISTINCT_MAX}`,
    )
    for (const { word } of rows) seen.add(word)
  }
  // The other word of a pair will come with the next file.
  const whole = PAIRS.filter(([yes, no]) => seen.has(yes) && seen.has(no))
  const known = new Set(whole.flat())
  const half = [...seen]
    .filter((word) => !known.has(word))
    .flatMap((word) => {
      const pair = PAIRS.find((one) => one.includes(word))
      return pair === undefined ? [] : [pair]
    })
  const pairs = PAIRS.filter((pair) => whole.includes(pair) || half.includes(pair))
  const of = (side: 0 | 1) => [...new Set(pairs.map((pair) => pair[side]))]
  const [yes, no] = [of(0), of(1)]
  return pairs.length === 0 || yes.some((word) => no.includes(word)) ? null : { true: yes, false: no }
}
