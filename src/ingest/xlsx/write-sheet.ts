import { type FileHandle, open } from 'node:fs/promises'
import type { Source } from '../../config/project.ts'
import { nameInFile } from '../../config/usual-format.ts'
import type { DeliveredPart } from '../delivered.ts'
import { counted, EXAMPLES_MAX, type Finding, finding, shown } from '../finding.ts'
import { type CellFault, columnName, type Merged, readRows, type SheetRow } from './sheet-rows.ts'
import { CannotReadWorkbook, openWorkbook, type Sheet, type Workbook } from './workbook.ts'

/**
 * A sheet of a workbook as a CSV file of ours, in which each cell says what it is (cell-text.ts). Memory holds the texts of the
 * workbook (limit sheetTextBytes) and one row. What a cell cannot say is refused with its name: an error, a formula that was never
 * computed, a value that is merged over several rows.
 */
export async function writeSheet(
  source: Source,
  name: string,
  workbook: string,
  target: string,
): Promise<{ part: DeliveredPart; findings: Finding[] } | Finding> {
  let book: Workbook | undefined
  try {
    book = await openWorkbook(workbook)
    const sheet = chooseSheet(source, book.sheets)
    return await copySheet(source, { book, sheet, name, target })
  } catch (error) {
    if (error instanceof CannotReadWorkbook) return finding(source, { rule: 'format', says: error.message })
    throw error
  } finally {
    book?.close()
  }
}

function chooseSheet({ format, name }: Source, sheets: readonly Sheet[]): Sheet {
  if (format.sheet === null) return sheets[0]!
  const found = sheets.find((sheet) => sheet.name === format.sheet)
  if (found) return found
  const names = sheets.map((sheet) => `'${shown(sheet.name)}'`).join(', ')
  throw new CannotReadWorkbook(
    `the workbook has no sheet '${shown(format.sheet)}'; it has ${names}: name one in the format of the source '${name}'`,
  )
}

const FLUSH_CHARS = 1 << 18

async function copySheet(
  source: Source,
  { book, sheet, name, target }: { book: Workbook; sheet: Sheet; name: string; target: string },
): Promise<{ part: DeliveredPart; findings: Finding[] } | Finding> {
  const { header, skipLines, trim } = source.format
  const out = await open(target, 'wx')
  const faults = newFaults()
  let names: string[] | undefined
  let headerRow = 0
  let buffer = ''
  let rows = 0
  const numbers = newRowNumbers()
  const hidden: number[] = []
  const write = (fields: readonly (string | undefined)[]) => {
    buffer += `${fields.map((field) => (field === undefined ? '' : quoted(field))).join(',')}\n`
    if (buffer.length > FLUSH_CHARS) return flush()
  }
  async function flush() {
    const text = buffer
    buffer = ''
    await (out as FileHandle).writeFile(text)
  }
  const take = (row: SheetRow): Promise<void> | undefined => {
    if (row.row <= skipLines) return undefined
    if (names === undefined) {
      const width = Math.max(-1, ...row.plain.keys()) + 1
      const read = Array.from({ length: width }, (_, i) => row.plain.get(i) ?? '')
      names = header ? read.map((field) => (trim ? field.trim() : field)) : source.columns.map((c) => c.name)
      headerRow = header ? row.row : row.row - 1
      const first = write(names)
      if (header) return first
    }
    for (const fault of row.faults) faults.add(fault)
    for (const column of row.cells.keys()) {
      if (column >= names.length)
        faults.add({
          column,
          cell: `${columnName(column)}${row.row}`,
          fault: 'beyond',
          shown: row.plain.get(column) ?? '',
        })
    }
    if (row.hidden) hidden.push(row.row)
    numbers.add(++rows, row.row)
    return write(names.map((_, i) => row.cells.get(i)))
  }
  try {
    const merged = await readRows(book, sheet.path, take)
    if (names === undefined)
      return finding(source, {
        rule: 'empty_file',
        says: `the sheet '${shown(sheet.name)}' is empty; deliver it again`,
      })
    await flush()
    const part = { name, path: target, ended: true, linesBefore: 0, rows, sheet: { rowOf: numbers.rowOf, headerRow } }
    return {
      part,
      findings: [
        ...cellFindings(source, names, faults.all()),
        ...mergedFindings(source, { names, merged, headerRow }),
        ...hiddenFindings(source, hidden),
      ],
    }
  } finally {
    await out.close()
  }
}

/** Which row of the sheet a row of ours is: they differ where rows are empty. */
function newRowNumbers() {
  const starts: [row: number, ahead: number][] = []
  return {
    add(row: number, number: number) {
      if (starts.at(-1)?.[1] !== number - row) starts.push([row, number - row])
    },
    rowOf: (row: number) => row + (starts.findLast(([start]) => start <= row)?.[1] ?? 0),
  }
}

/** Of declared columns alone; what the project does not read may be as it will. */
function declaredAt(source: Source, names: readonly string[], column: number): string | undefined {
  return source.columns.find((c) => nameInFile(source.format, c.name) === names[column])?.name
}

function cellFindings(source: Source, names: readonly string[], faults: readonly CellFaults[]): Finding[] {
  return faults.flatMap(({ column: at, fault, count, cells }) => {
    const column = declaredAt(source, names, at)
    if (column === undefined && fault !== 'beyond') return []
    const examples = cells.map(({ cell, shown: value }) => ({
      line: null,
      key: null,
      value: `${cell}: ${shown(value)}`,
    }))
    const says = `${counted(count, 'cell')} ${SAYS[fault]}`
    if (fault === 'beyond') return [finding(source, { rule: 'extra_columns', severity: 'warn', count, examples, says })]
    return [finding(source, { column: column ?? '', rule: 'cell', count, examples, says })]
  })
}

const SAYS: Record<CellFault['fault'], string> = {
  error: 'with an error of Excel; mend the formula, or leave the cell empty',
  'no value': 'with a formula that was never computed; open the workbook in Excel and save it',
  beyond: 'in a column that has no name in the header; left out',
}

type CellFaults = { column: number; fault: CellFault['fault']; count: number; cells: CellFault[] }

/** How many there are of each column and kind, and the first of them. */
function newFaults() {
  const found = new Map<string, CellFaults>()
  return {
    add(cell: CellFault) {
      const key = `${cell.fault} ${cell.column}`
      const of = found.get(key) ?? { column: cell.column, fault: cell.fault, count: 0, cells: [] }
      found.set(key, of)
      if (of.count++ < EXAMPLES_MAX) of.cells.push(cell)
    },
    all: () => [...found.values()],
  }
}

/** A filter hides rows and takes none out: whoever looks at the sheet does not see all that is taken in. */
function hiddenFindings(source: Source, hidden: readonly number[]): Finding[] {
  if (hidden.length === 0) return []
  const examples = hidden.slice(0, EXAMPLES_MAX).map((line) => ({ line, key: null, value: null }))
  const says = `${counted(hidden.length, 'row')} that the sheet hides, as a filter does; read like the others: delete what is not meant`
  return [finding(source, { rule: 'hidden_rows', severity: 'warn', count: hidden.length, examples, says })]
}

/** Only the first of merged cells has the value: the rows below would be nulls. */
function mergedFindings(
  source: Source,
  { names, merged, headerRow }: { names: readonly string[]; merged: readonly Merged[]; headerRow: number },
): Finding[] {
  const wrong = merged.filter(({ rows, columns }) => {
    const touched = names.some(
      (_, i) => i >= columns[0] && i <= columns[1] && declaredAt(source, names, i) !== undefined,
    )
    return rows[1] >= headerRow && touched
  })
  if (wrong.length === 0) return []
  const examples = wrong.slice(0, EXAMPLES_MAX).map(({ range }) => ({ line: null, key: null, value: range }))
  const says = `${counted(wrong.length, 'range')} of merged cells, of which only the first has the value; take the merging back and write the value in each`
  return [finding(source, { rule: 'merged_cells', count: wrong.length, examples, says })]
}

function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`
}
