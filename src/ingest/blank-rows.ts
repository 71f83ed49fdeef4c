import type { DuckSession } from '../lake/duck.ts'
import { counted, EXAMPLES_MAX, type Finding, finding } from './finding.ts'
import type { Table } from './load-table.ts'
import { linesOfRows } from './structure.ts'

/**
 * Takes out the rows that say nothing in any declared column: a spreadsheet leaves `;;;;` below its table where somebody has
 * deleted rows. They are no rows, as an empty line is none, and are told.
 */
export async function leaveBlankRows(duck: DuckSession, table: Table): Promise<{ table: Table; findings: Finding[] }> {
  const { source, columns, name, format } = table
  if (format !== 'csv' || columns.length < 2) return { table, findings: [] }
  const blank = columns.map(({ index }) => `r${index} IS NULL`).join(' AND ')
  const [found] = await duck.rows<{ n: number }>(`SELECT count(*) AS n FROM ${name} WHERE ${blank}`)
  if (!found?.n) return { table, findings: [] }
  const first = await duck.rows<{ n: number }>(`SELECT n FROM ${name} WHERE ${blank} ORDER BY n LIMIT ${EXAMPLES_MAX}`)
  const lines = await linesOfRows(
    table,
    first.map((row) => row.n),
  )
  const examples = first.map(({ n }) => ({ line: null, key: null, value: null, ...lines.get(n) }))
  await duck.run(`DELETE FROM ${name} WHERE ${blank}`)
  const says = `${counted(found.n, 'row')} without a value in any column of the project; left out`
  return {
    table: { ...table, rows: table.rows - found.n },
    findings: [finding(source, { rule: 'blank_rows', severity: 'warn', count: found.n, examples, says })],
  }
}
