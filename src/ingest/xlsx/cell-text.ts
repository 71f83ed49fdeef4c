import type { Format } from '../../config/project.ts'
import { readAs } from '../../values/text.ts'
import type { ValueType } from '../../values/values.ts'
import { asUsual, fieldText } from '../../values/written.ts'

/**
 * What a cell of a workbook is, before its text in our copy: a number, a day or moment, true or false. Texts have no mark but
 * where they begin like one. A number cell is no text: `17` may be shown as `00017`, and Excel makes it of that.
 */
const MARK = '\u0001'
export type CellKind = 'number' | 'time' | 'bool'
const LETTERS: Record<CellKind | 'text', string> = { number: 'n', time: 'd', bool: 'b', text: 't' }

export function marked(kind: CellKind, text: string): string {
  return `${MARK}${LETTERS[kind]}${text}`
}

export function markedText(text: string): string {
  return text.startsWith(MARK) ? `${MARK}t${text}` : text
}

const isMarked = (field: string) => `starts_with(${field}, chr(1))`
const bare = (field: string) => `CASE WHEN ${isMarked(field)} THEN substr(${field}, 3) ELSE ${field} END`
const isOf = (field: string, kind: CellKind | 'text') => `starts_with(${field}, chr(1) || '${LETTERS[kind]}')`

/** A DuckDB expression for what a person sees in the cell. */
export function cellText(field: string, format: Format): string {
  return fieldText(`(${bare(field)})`, format)
}

/** A DuckDB expression for the value of a cell. How texts are written says the format; a cell that is a number or a day is that. */
export function cellValue(type: ValueType, field: string, format: Format, zone: string | null): string {
  const plain = `substr(${field}, 3)`
  const text = cellText(field, format)
  const asText = readAs(type, asUsual(type, text, format), zone)
  return `CASE WHEN NOT ${isMarked(field)} OR ${isOf(field, 'text')} THEN ${asText}
    WHEN ${text} IS NULL THEN NULL${typed(type, field, plain, { format, zone, asText })} END`
}

function typed(
  type: ValueType,
  field: string,
  plain: string,
  { format, zone, asText }: { format: Format; zone: string | null; asText: string },
): string {
  const when = (kind: CellKind, value: string) => ` WHEN ${isOf(field, kind)} THEN ${value}`
  switch (type) {
    case 'String':
      return ''
    case 'Bool':
      return when('bool', readAs(type, plain)) + (format.booleans === null ? '' : when('number', asText))
    case 'Date':
      return when('time', readAs(type, `regexp_replace(${plain}, ' 00:00:00$', '')`))
    case 'UnixTimestamp':
      return when('time', readAs(type, plain, zone))
    default:
      return when('number', readAs(type, plain))
  }
}
