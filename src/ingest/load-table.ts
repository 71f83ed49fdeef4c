import type { Instant } from '../base/instant.ts'
import type { Column, Source } from '../config/project.ts'
import { nameInFile } from '../config/usual-format.ts'
import { csvDialect } from '../lake/csv-file.ts'
import type { DuckSession } from '../lake/duck.ts'
import { fits, readColumn } from '../values/columns.ts'
import { readAs } from '../values/text.ts'
import { asUsual, fieldText } from '../values/written.ts'
import type { DeliveredPart } from './delivered.ts'
import { cellText, cellValue } from './xlsx/cell-text.ts'

/**
 * A file as a temporary DuckDB table: `n` counts its rows in file order, and for the i-th declared column `r<i>` is the
 * text of the field (null for an empty one without quotes) and `t<i>` its value, null where the text is none.
 */
export type Table = {
  source: Source
  format: 'csv' | 'parquet'
  fileDigest: string
  name: string
  rows: number
  /** The files that it was read from, one after the other. */
  parts: LoadedPart[]
  /** Declared columns that the file has, with their i. */
  columns: (Column & { index: number })[]
  /** No event of the delivery may be later. */
  until: Instant
  /** Declared columns whose type in a Parquet file is of another kind, by DuckDB's name for it: they have no values. */
  misfits: Map<string, string>
}

export type LoadedPart = DeliveredPart & {
  /** Rows of the parts before it. */
  before: number
  rows: number
  /** Records that are no rows, by where they start. */
  rejects: Reject[]
  /** There are more such records than were noted, so that nothing can be said about the rows. */
  moreRejects: boolean
  /** The file has one column, so that a blank line is a row. */
  single: boolean
}

export type Reject = { byte: number; kind: string; text: string }

/** A file of another kind altogether may have millions. */
const REJECTS_MAX = 100_000
const REJECT_CHARS_MAX = 200

/** A table without rows, to which parts are added. */
export function newTable(given: Pick<Table, 'source' | 'format' | 'fileDigest' | 'name' | 'until'>): Table {
  return { ...given, rows: 0, parts: [], columns: [], misfits: new Map() }
}

/** Reads a part into the table. Throws DuckDB's own error where it gives up on the whole file (line ends of two kinds). */
export async function loadPart(
  duck: DuckSession,
  table: Table,
  part: DeliveredPart,
  header: readonly string[],
): Promise<void> {
  const { source } = table
  const columns = source.columns
    .map((column, index) => ({ ...column, index }))
    .filter((column) => header.includes(nameInFile(source.format, column.name)))
  if (table.parts.length === 0) table.columns = columns
  const select = table.format === 'parquet' ? await selectParquet(duck, table, part) : selectCsv(table, part, header)
  const into = table.parts.length === 0 ? `CREATE TEMP TABLE ${table.name} AS` : `INSERT INTO ${table.name}`
  await duck.run(`${into} ${select}`)
  const [{ rows } = { rows: 0 }] = await duck.rows<{ rows: number }>(`SELECT count(*) AS rows FROM ${table.name}`)
  const rejected =
    table.format === 'parquet' ? { rejects: [], moreRejects: false } : await readRejects(duck, rejectsOf(table))
  table.parts.push({ ...part, before: table.rows, rows: rows - table.rows, ...rejected, single: header.length === 1 })
  table.rows = rows
}

/** What cannot be a row is set aside with its place instead of ending the read, so that all faults come to light at once. */
function selectCsv(table: Table, part: DeliveredPart, header: readonly string[]): string {
  const { format, timeZone } = table.source
  const fields = header.map((_, i) => `'c${i}': 'VARCHAR'`).join(', ')
  const read = table.columns.flatMap(({ name, type, index }) => {
    const field = `c${header.indexOf(nameInFile(format, name))}`
    if (part.sheet)
      return [`${cellText(field, format)} AS r${index}`, `${cellValue(type, field, format, timeZone)} AS t${index}`]
    const text = fieldText(field, format)
    return [`${text} AS r${index}`, `${readAs(type, asUsual(type, text, format), timeZone)} AS t${index}`]
  })
  const dialect = csvDialect(part.sheet ? undefined : format)
  return `SELECT ${[rowNumber('row_number() OVER ()', table), ...read].join(', ')}
     FROM read_csv(${quoted(part.path)}, columns = {${fields}}, ${dialect}, store_rejects = true, rejects_limit = ${REJECTS_MAX},
       rejects_table = '${rejectsOf(table)}_errors', rejects_scan = '${rejectsOf(table)}_scans')`
}

/** A value is read as strictly as from CSV: 1.0 is a whole number, 1.5 is none. Only texts are written in some way. */
async function selectParquet(duck: DuckSession, table: Table, { path }: DeliveredPart): Promise<string> {
  const { format, timeZone } = table.source
  const types = await parquetTypes(duck, path)
  const read = table.columns.flatMap(({ name, type, index }) => {
    const column = nameInFile(format, name)
    const physical = types.get(column) ?? ''
    const words = type === 'Bool' && format.booleans !== null
    if (!fits(type, physical, words)) table.misfits.set(name, physical)
    const field = readColumn(type, physical, `"${column.replaceAll('"', '""')}"`, { zone: timeZone, written: format })
    return [`${field.text} AS r${index}`, `${field.value} AS t${index}`]
  })
  return `SELECT ${[rowNumber('file_row_number + 1', table), ...read].join(', ')}
     FROM read_parquet(${quoted(path)}, file_row_number = true)`
}

function rowNumber(expression: string, table: Table): string {
  return table.rows === 0 ? `${expression} AS n` : `${expression} + ${table.rows} AS n`
}

/** Each part has tables of its own for what is set aside. */
function rejectsOf(table: Table): string {
  return table.parts.length === 0 ? table.name : `${table.name}_${table.parts.length}`
}

/** The columns of a Parquet file with DuckDB's names for their types; throws DuckDB's error where it is none. */
export async function parquetTypes(duck: DuckSession, path: string): Promise<Map<string, string>> {
  const rows = await duck.rows<{ name: string; type: string }>(
    `SELECT column_name AS name, column_type AS type FROM (DESCRIBE SELECT * FROM read_parquet(${quoted(path)}))`,
  )
  return new Map(rows.map((row) => [row.name, row.type]))
}

/** The key's texts, as one. */
export function keyText(table: Table): string {
  const parts = table.source.key.flatMap((k) => table.columns.filter((c) => c.name === k).map((c) => `r${c.index}`))
  return parts.length === 0 ? 'NULL' : `concat_ws('|', ${parts.join(', ')})`
}

/**
 * One a record, the first of its faults. DuckDB counts bytes from 1, and takes the blank lines before a record and the
 * line feed of the Windows line end before it as a part of it.
 */
async function readRejects(duck: DuckSession, name: string): Promise<{ rejects: Reject[]; moreRejects: boolean }> {
  const rejects = await duck.rows<Reject & { faults: number }>(
    `SELECT byte, arg_min(error_type::VARCHAR, byte_position) AS kind, count(*) AS faults,
       left(arg_min(record, byte_position), ${REJECT_CHARS_MAX}) AS text
     FROM (SELECT *, ltrim(csv_line, chr(13) || chr(10)) AS record,
             line_byte_position - 1 + length(csv_line) - length(record) AS byte FROM ${name}_errors)
     GROUP BY byte ORDER BY byte`,
  )
  return { rejects, moreRejects: rejects.reduce((sum, r) => sum + r.faults, 0) >= REJECTS_MAX }
}

/** A path of our own scratch folder; a table's definition takes no bound values. */
function quoted(path: string): string {
  return `'${path.replaceAll("'", "''")}'`
}
