import type { Format, Source } from '../../config/project.ts'
import { isNoValue, readAs } from '../../values/text.ts'
import { asUsual, fieldText, type Written } from '../../values/written.ts'
import { MISSING_WORDS } from '../column-checks.ts'
import type { Table } from '../load-table.ts'
import type { Guess } from './guess-text.ts'
import type { Looker } from './looker.ts'

const NUMBERS = ['Int32', 'Int64', 'Float32', 'Float64']
const TIMES = ['Date', 'UnixTimestamp']
const DISTINCT_MAX = 100

/** The plainest first: of those that read as many values the first is taken. */
const SIGNS: Pick<Written, 'decimal' | 'thousands'>[] = [
  { decimal: '.', thousands: null },
  { decimal: ',', thousands: null },
  { decimal: ',', thousands: '.' },
  { decimal: '.', thousands: ',' },
  { decimal: '.', thousands: ' ' },
  { decimal: ',', thousands: ' ' },
  { decimal: '.', thousands: "'" },
  { decimal: ',', thousands: "'" },
]

const DAYS = [
  ...[
    'dd.MM.yyyy',
    'd.M.yyyy',
    'dd/MM/yyyy',
    'MM/dd/yyyy',
    'd/M/yyyy',
    'M/d/yyyy',
    'dd-MM-yyyy',
    'MM-dd-yyyy',
    'd-M-yyyy',
    'M-d-yyyy',
  ],
  ...['yyyy/MM/dd', 'yyyy.MM.dd', 'yyyyMMdd', 'yyyy-MM-dd', 'yyyy-M-d', 'dd-MMM-yyyy', 'dd MMM yyyy', 'MMM d, yyyy'],
]
const DATES = [
  ...DAYS,
  ...['hh:mm a', 'h:mm a', 'h:mm:ss a'].flatMap((time) => DAYS.slice(0, 10).map((day) => `${day} ${time}`)),
]

const PAIRS = [
  ...[
    ['true', 'false'],
    ['yes', 'no'],
    ['1', '0'],
    ['t', 'f'],
    ['y', 'n'],
    ['on', 'off'],
    ['ja', 'nein'],
    ['j', 'n'],
  ],
  ...[
    ['oui', 'non'],
    ['o', 'n'],
    ['si', 'no'],
    ['sí', 'no'],
    ['sim', 'não'],
    ['wahr', 'falsch'],
    ['vrai', 'faux'],
  ],
] as [string, string][]

type Column = Table['columns'][number]

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
  const signs = await fewest(SIGNS, (sign) => unread(of(NUMBERS), { ...format, ...sign }))
  if (signs.length > 0 && signs[0] !== SIGNS[0]) {
    const sign = (format.delimiter === ';' && signs.find(({ decimal }) => decimal === ',')) || signs[0]!
    Object.assign(format, sign)
    const other = signs.find(({ decimal }) => decimal !== sign.decimal)
    if (other) notes.push(`decimal: '${other.decimal}' would read all numbers too; take the one that is meant`)
  }
  const dates = await fewest([null, ...DATES], (dateFormat) => unread(of(TIMES), { ...format, dateFormat }))
  if (dates.length > 0 && dates[0] !== null) {
    format.dateFormat = dates[0]!
    const swapped = swap(dates[0]!)
    if (dates.includes(swapped) && swapped !== dates[0])
      notes.push(`dateFormat: '${swapped}' would read all dates too; take the one that is meant`)
  }
  if ((await unread(of(['Bool']), format)) > 0) format.booleans = await words(looker, of(['Bool']), table, format)
  return { format, notes }
}

/** Those of the candidates under which the fewest values cannot be read. */
async function fewest<T>(candidates: readonly T[], count: (candidate: T) => Promise<number>): Promise<T[]> {
  let least = Number.POSITIVE_INFINITY
  let found: T[] = []
  for (const candidate of candidates) {
    const n = await count(candidate)
    if (n < least) found = [candidate]
    else if (n === least) found.push(candidate)
    least = Math.min(least, n)
    if (n === 0 && candidate === candidates[0]) return found
  }
  return found
}

/** How many values of these columns are none of their types; of typed cells only those that are not read by themselves. */
function unreadIn({ session }: Looker, table: Table) {
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

async function missingWords({ session }: Looker, table: Table, format: Format): Promise<string[]> {
  const list = MISSING_WORDS.map((word) => `'${word}'`).join(', ')
  const found = new Set<string>()
  for (const { type, index } of table.columns.filter((c) => c.type !== 'String')) {
    const text = fieldText(`r${index}`, { ...format, trim: true })
    const rows = await session.rows<{ word: string }>(
      `SELECT DISTINCT ${text} AS word FROM ${table.name}
       WHERE lower(${text}) IN (${list}) AND (${isNoValue(type, `r${index}`, `t${index}`)}) LIMIT ${DISTINCT_MAX}`,
    )
    for (const { word } of rows) found.add(word)
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

/** The day and the month in each other's place. */
function swap(format: string): string {
  return format.replaceAll(/M+|d+/g, (token) => (token[0] === 'M' ? 'd' : 'M').repeat(token.length))
}
