import { marked, markedText } from './cell-text.ts'
import { timeOfSerial } from './time-format.ts'
import { unescaped, visit, type Workbook } from './workbook.ts'

/** A row of a sheet: what is in its cells, by column from 0; `plain` is a cell as a person reads it, for the header. */
export type SheetRow = {
  row: number
  hidden: boolean
  cells: Map<number, string>
  plain: Map<number, string>
  faults: CellFault[]
}

export type CellFault = { column: number; cell: string; fault: 'error' | 'no value' | 'beyond'; shown: string }

export type Merged = { range: string; rows: [number, number]; columns: [number, number] }

type Cell = { column: number; name: string; type: string; style: number; formula: boolean; value: string | null }

/** Hands over the rows that have something in them, in their order; gives the cells that are merged. */
export async function readRows(
  book: Workbook,
  path: string,
  take: (row: SheetRow) => Promise<void> | undefined,
): Promise<Merged[]> {
  const merged: Merged[] = []
  let row: SheetRow | undefined
  let number = 0
  let column = -1
  let cell: Cell | undefined
  let within = ''
  let aside = 0
  const done: SheetRow[] = []
  const handlers = {
    open(name: string, attributes: Record<string, string>) {
      if (name === 'row') {
        number = attributes.r === undefined ? number + 1 : Number(attributes.r)
        const hidden = attributes.hidden === '1' || attributes.hidden === 'true'
        row = { row: number, hidden, cells: new Map(), plain: new Map(), faults: [] }
        column = -1
      } else if (name === 'c') {
        column = attributes.r === undefined ? column + 1 : columnOf(attributes.r)
        const name = attributes.r ?? `${columnName(column)}${number}`
        cell = {
          column,
          name,
          type: attributes.t ?? 'n',
          style: Number(attributes.s ?? 0),
          formula: false,
          value: null,
        }
      } else if (name === 'f' && cell) {
        cell.formula = true
      } else if (name === 'rPh') aside++
      else if (name === 'v' || (name === 't' && aside === 0)) {
        within = name
        if (cell) cell.value ??= ''
      } else if (name === 'mergeCell') merged.push(mergedOf(attributes.ref ?? ''))
    },
    text(piece: string) {
      if (within !== '' && cell) cell.value = (cell.value ?? '') + piece
    },
    close(name: string) {
      if (name === 'v' || name === 't') within = ''
      else if (name === 'rPh') aside--
      else if (name === 'c' && cell && row) {
        put(book, row, cell)
        cell = undefined
      } else if (name === 'row' && row) {
        if (row.cells.size > 0 || row.faults.length > 0) done.push(row)
        row = undefined
      }
    },
  }
  async function* drained(bytes: AsyncIterable<Buffer>) {
    for await (const chunk of bytes) {
      yield chunk
      // The parser has seen all of the chunk when it asks for the next.
      for (const row of done.splice(0)) await take(row)
    }
  }
  await visit(drained(await book.open(path)), handlers)
  for (const row of done.splice(0)) await take(row)
  return merged
}

function put(book: Workbook, row: SheetRow, { column, name, type, style, formula, value }: Cell): void {
  const keep = (text: string, plain = text) => {
    row.cells.set(column, text)
    row.plain.set(column, plain)
  }
  if (type === 'e') {
    row.faults.push({ column, cell: name, fault: 'error', shown: value ?? '#ERROR' })
  } else if (value === null || (value === '' && type !== 'str' && type !== 'inlineStr')) {
    // A formula whose result is an empty text says that it is a text.
    if (formula) row.faults.push({ column, cell: name, fault: 'no value', shown: 'a formula' })
  } else if (type === 's' || type === 'str' || type === 'inlineStr') {
    const text = type === 's' ? (book.texts[Number(value)] ?? '') : unescaped(value)
    // Excel has no null but the empty cell, and an empty text looks the same.
    if (text !== '') keep(markedText(text), text)
  } else if (type === 'b') {
    keep(marked('bool', value === '1' || value === 'true' ? 'true' : 'false'), value === '1' ? 'TRUE' : 'FALSE')
  } else if (type === 'd') {
    keep(marked('time', value.replace('T', ' ').replace(/Z$/, '')), value)
  } else {
    const time = book.timeStyles[style] ? timeOfSerial(value, book.from1904) : undefined
    if (time === undefined) keep(marked('number', plainNumber(value)), plainNumber(value))
    else keep(marked('time', time), time)
  }
}

/** `1E+3` is a thousand; digits beyond those of a double stay as they are written. */
function plainNumber(text: string): string {
  const value = Number(text)
  return /e/i.test(text) && Number.isSafeInteger(value) ? String(value) : text
}

export function columnOf(cell: string): number {
  let column = 0
  for (const letter of /^[A-Z]+/.exec(cell)?.[0] ?? '') column = column * 26 + letter.charCodeAt(0) - 64
  return column - 1
}

export function columnName(column: number): string {
  return column < 26
    ? String.fromCharCode(65 + column)
    : `${columnName(Math.floor(column / 26) - 1)}${columnName(column % 26)}`
}

function mergedOf(range: string): Merged {
  const [from = '', to = from] = range.split(':')
  const row = (cell: string) => Number(/\d+$/.exec(cell)?.[0] ?? 0)
  return { range, rows: [row(from), row(to)], columns: [columnOf(from), columnOf(to)] }
}
