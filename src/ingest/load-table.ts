import type { Instant } from '../base/instant.ts'
import type { Column, Source } from '../config/project.ts'
import { CSV_DIALECT } from '../lake/csv-file.ts'
import type { DuckSession } from '../lake/duck.ts'
import { fits, readColumn } from '../values/columns.ts'
import { readAs } from '../values/text.ts'
import type { DeliveredFile } from './delivery-file.ts'

/**
 * A file as a temporary DuckDB table: `n` counts its rows in file order, and for the i-th declared column `r<i>` is the
 * text of the field (null for an empty one without quotes) and `t<i>` its value, null where the text is none.
 */
export type Table = {
  source: Source
  file: DeliveredFile
  name: string
  rows: number
  /** Declared columns that the file has, with their i. */
  columns: (Column & { index: number })[]
  /** Records that are no rows, by where they start. */
  rejects: Reject[]
  /** There are more such records than were noted, so that nothing can be said about the rows. */
  moreRejects: boolean
  /** No event of the delivery may be later. */
  until: Instant
  /** Declared columns whose type in a Parquet file is of another kind, by DuckDB's name for it: they have no values. */
  misfits: ReadonlyMap<string, string>
  /** The file has one column, so that a blank line is a row. */
  single: boolean
}

export type Reject = { byte: number; kind: string; text: string }

/** A file of another kind altogether may have millions. */
const REJECTS_MAX = 100_000
const REJECT_CHARS_MAX = 200

/** What cannot be a row is set aside with its place instead of ending the read, so that all faults come to light at once. */
const DIALECT = `${CSV_DIALECT}, store_rejects = true, rejects_limit = ${REJECTS_MAX}`

type Given = { source: Source; file: DeliveredFile; header: readonly string[]; name: string; until: Instant }

/** Throws DuckDB's own error where it gives up on the whole file (line ends of two kinds). */
export async function loadTable(duck: DuckSession, given: Given): Promise<Table> {
  const { source, file, header, name, until } = given
  if (file.format === 'parquet') return loadParquet(duck, given)
  const columns = source.columns
    .map((column, index) => ({ ...column, index }))
    .filter((column) => header.includes(column.name))
  const fields = header.map((_, i) => `'c${i}': 'VARCHAR'`).join(', ')
  const read = columns.flatMap(({ name: column, type, index }) => {
    const field = `c${header.indexOf(column)}`
    return [`${field} AS r${index}`, `${readAs(type, field, source.timeZone)} AS t${index}`]
  })
  await duck.run(
    `CREATE TEMP TABLE ${name} AS SELECT ${['row_number() OVER () AS n', ...read].join(', ')}
     FROM read_csv(${quoted(file.path)}, columns = {${fields}}, ${DIALECT},
       rejects_table = '${name}_errors', rejects_scan = '${name}_scans')`,
  )
  const [{ rows } = { rows: 0 }] = await duck.rows<{ rows: number }>(`SELECT count(*) AS rows FROM ${name}`)
  return {
    source,
    file,
    name,
    rows,
    columns,
    ...(await readRejects(duck, name)),
    until,
    misfits: new Map(),
    single: header.length === 1,
  }
}

/** A value is read as strictly as from CSV: 1.0 is a whole number, 1.5 is none. */
async function loadParquet(duck: DuckSession, { source, file, header, name, until }: Given): Promise<Table> {
  const types = await parquetTypes(duck, file.path)
  const columns = source.columns
    .map((column, index) => ({ ...column, index }))
    .filter((column) => header.includes(column.name))
  const read = columns.flatMap(({ name: column, type, index }) => {
    const field = readColumn(type, types.get(column) ?? '', `"${column.replaceAll('"', '""')}"`, source.timeZone)
    return [`${field.text} AS r${index}`, `${field.value} AS t${index}`]
  })
  const misfits = new Map(
    columns.flatMap(({ name: column, type }) => {
      const physical = types.get(column) ?? ''
      return fits(type, physical) ? [] : [[column, physical] as const]
    }),
  )
  await duck.run(
    `CREATE TEMP TABLE ${name} AS SELECT ${['file_row_number + 1 AS n', ...read].join(', ')}
     FROM read_parquet(${quoted(file.path)}, file_row_number = true)`,
  )
  const [{ rows } = { rows: 0 }] = await duck.rows<{ rows: number }>(`SELECT count(*) AS rows FROM ${name}`)
  return { source, file, name, rows, columns, rejects: [], moreRejects: false, until, misfits, single: false }
}

/** The columns of a Parquet file with DuckDB's names for their types; throws DuckDB's error where it is none. */
export async function parquetTypes(duck: DuckSession, path: string): Promise<Map<string, string>> {
  const rows = await duck.rows<{ column_name: string; column_type: string }>(
    `DESCRIBE SELECT * FROM read_parquet(${quoted(path)})`,
  )
  return new Map(rows.map((row) => [row.column_name, row.column_type]))
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
