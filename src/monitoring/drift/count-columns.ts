/**
 * Columns of a table as their different values with counts. Small tables are read once; of large ones each column is counted by
 * DuckDB, but for those that hardly repeat a value, which are read and sorted: memory is that of one column.
 */
import type { Duck, DuckSession } from '../../lake/duck.ts'
import { ident } from '../../lake/quote.ts'
import type { ValueType } from '../../values/values.ts'
import type { Counted } from './tests/paired.ts'
import type { ColumnKind } from './tests/tests.ts'

export type TableColumn = { name: string; type: ValueType }

/** `from`: what DuckDB reads, as it stands behind FROM; `fixed`: the same text is always the same rows. */
export type Table = { from: string; rows: number; columns: readonly TableColumn[]; fixed?: boolean }

export type CountedColumn = TableColumn & {
  rows: number
  /** Rows with a value; a number that is not finite is none. */
  valued: number
  numbers: Counted<Float64Array> | null
  categories: Counted<string[]> | null
}

/** Up to so many rows a table is read whole. */
const SMALL_ROWS = 60_000
/** Whether a column repeats its values is seen in so many rows of it. */
const LOOK_ROWS = 20_000
const REPEATS_BELOW = 0.4

const INTEGERS: readonly ValueType[] = ['Int32', 'Int64', 'Date']

export function kindOf(type: ValueType): ColumnKind {
  return type === 'String' || type === 'Bool' ? 'category' : 'number'
}

export function isWhole({ type, rows, valued }: CountedColumn): boolean {
  return INTEGERS.includes(type) && rows === valued
}

/** Of numbers and of days and seconds since 1970 as a double, of everything else as text. */
export function counting({ name, type }: TableColumn): string {
  const column = ident(name)
  if (kindOf(type) === 'category') return `CAST(${column} AS VARCHAR)`
  if (type === 'Date') return `CAST(date_diff('day', DATE '1970-01-01', ${column}) AS DOUBLE)`
  if (type === 'UnixTimestamp') return `epoch(${column})`
  return `CAST(${column} AS DOUBLE)`
}

export async function* countColumns(duck: Duck, table: Table): AsyncGenerator<CountedColumn> {
  if (table.columns.length === 0) return
  if (table.rows <= SMALL_ROWS) {
    const read = await readValues(duck, table, table.columns)
    for (const [i, column] of table.columns.entries()) yield countedOf(column, table.rows, read[i]!)
    return
  }
  const repeating = await whichRepeat(duck, table)
  for (const [i, column] of table.columns.entries()) {
    if (repeating[i]) yield await grouped(duck, table, column)
    else yield countedOf(column, table.rows, (await readValues(duck, table, [column]))[0]!)
  }
}

async function whichRepeat(duck: DuckSession, { from, columns }: Table): Promise<boolean[]> {
  const names = columns.map(({ name }) => ident(name))
  const counts = names.map((name, i) => `approx_count_distinct(${name}) AS d${i}, count(${name}) AS n${i}`)
  const [row] = await duck.rows<Record<string, number>>(
    `SELECT ${counts.join(', ')} FROM (SELECT ${names.join(', ')} FROM ${from} LIMIT ${LOOK_ROWS})`,
  )
  // A text is counted where it stands, whether it repeats or not.
  return columns.map(({ type }, i) => kindOf(type) === 'category' || row![`d${i}`]! < REPEATS_BELOW * row![`n${i}`]!)
}

async function grouped(duck: DuckSession, { from, rows }: Table, column: TableColumn): Promise<CountedColumn> {
  const number = kindOf(column.type) === 'number'
  const there = number ? 'v IS NOT NULL AND isfinite(v)' : 'v IS NOT NULL'
  const values: (number | string)[] = []
  const counts: number[] = []
  const text = `SELECT v, CAST(count(*) AS DOUBLE) AS n FROM (SELECT ${counting(column)} AS v FROM ${from}) WHERE ${there} GROUP BY v ORDER BY v`
  for await (const chunk of duck.chunks(text)) {
    const [value, count] = [chunk.getColumnVector(0), chunk.getColumnVector(1)]
    for (let r = 0; r < chunk.rowCount; r++) {
      values.push(value.getItem(r) as number | string)
      counts.push(count.getItem(r) as number)
    }
  }
  return withCounts(column, rows, number ? Float64Array.from(values as number[]) : (values as string[]), counts)
}

type Read = { values: Float64Array | string[]; held: number }

/** The values that are there, of each column, in the order of the file. */
async function readValues(duck: DuckSession, { from, rows }: Table, columns: readonly TableColumn[]): Promise<Read[]> {
  const read: Read[] = columns.map(({ type }) => {
    return { values: kindOf(type) === 'number' ? new Float64Array(rows) : new Array<string>(rows), held: 0 }
  })
  for await (const chunk of duck.chunks(`SELECT ${columns.map(counting).join(', ')} FROM ${from}`)) {
    for (const [i, into] of read.entries()) {
      const vector = chunk.getColumnVector(i)
      const numbers = into.values instanceof Float64Array
      for (let r = 0; r < chunk.rowCount; r++) {
        const value = vector.getItem(r) as never
        if (value !== null && (!numbers || Number.isFinite(value))) into.values[into.held++] = value
      }
    }
  }
  return read
}

function countedOf(column: TableColumn, rows: number, { values, held }: Read): CountedColumn {
  if (values instanceof Float64Array) {
    const sorted = values.subarray(0, held).sort()
    const counts = new Float64Array(held)
    let last = -1
    for (let r = 0; r < held; r++) {
      // In place: what is written stands before what is read. -0 is 0.
      if (last < 0 || sorted[r] !== sorted[last]) sorted[++last] = sorted[r]!
      counts[last]!++
    }
    return withCounts(column, rows, sorted.slice(0, last + 1), counts.subarray(0, last + 1))
  }
  const found = new Map<string, number>()
  for (let r = 0; r < held; r++) found.set(values[r]!, (found.get(values[r]!) ?? 0) + 1)
  const names = [...found.keys()].sort()
  return withCounts(
    column,
    rows,
    names,
    names.map((name) => found.get(name)!),
  )
}

/** The same of values that are at hand, all of them there. */
export function countValues(column: TableColumn, rows: number, values: Float64Array | string[]): CountedColumn {
  return countedOf(column, rows, { values, held: values.length })
}

function withCounts(
  column: TableColumn,
  rows: number,
  values: Float64Array | string[],
  given: ArrayLike<number>,
): CountedColumn {
  const counts = Float64Array.from(given)
  const valued = counts.reduce((total, count) => total + count, 0)
  const numbers = values instanceof Float64Array ? { values, counts } : null
  return { ...column, rows, valued, numbers, categories: numbers ? null : { values: values as string[], counts } }
}
