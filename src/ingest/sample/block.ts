import type { Format } from '../../config/project.ts'
import { propertyName, textLiteral } from '../csv-header.ts'

const ORDER = [
  ...['encoding', 'skipLines', 'header', 'delimiter', 'quote', 'trim', 'names', 'decimal', 'thousands', 'units'],
  ...['dateFormat', 'booleans', 'nulls', 'sheet'],
]

/** As it is copied into the project. */
export function blockOf(format: Partial<Format>): string {
  return `format: ${literal(Object.fromEntries(inOrder(format)))},`
}

function inOrder(format: Partial<Format>): [string, unknown][] {
  return Object.entries(format).sort(([a], [b]) => ORDER.indexOf(a) - ORDER.indexOf(b))
}

function literal(value: unknown): string {
  if (typeof value === 'string') return textLiteral(value)
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`
  if (value === null || typeof value !== 'object') return String(value)
  const members = Object.entries(value).map(([name, of]) => `${propertyName(name)}: ${literal(of)}`)
  return `{ ${members.join(', ')} }`
}

/** What a person would say of it. */
export function describeFormat(format: Partial<Format>): string[] {
  return inOrder(format).map(([field, value]) => {
    switch (field as keyof Format) {
      case 'skipLines':
        return `${value} ${value === 1 ? 'line' : 'lines'} before the header`
      case 'header':
        return 'no header'
      case 'delimiter':
        return value === '\t' ? 'tabs between fields' : `${textLiteral(String(value))} between fields`
      case 'quote':
        return value === null ? 'no quotes' : `quotes of the kind ${value}`
      case 'trim':
        return 'blanks around names or values'
      case 'names':
        return `other names for ${Object.keys(value as object).length} columns`
      case 'decimal':
        return 'decimal comma'
      case 'thousands':
        return `${value === ' ' ? 'a blank' : `'${value}'`} between thousands`
      case 'units':
        return `${(value as string[]).join(', ')} beside numbers`
      case 'dateFormat':
        return `dates like ${[value].flat().join(' and ')}`
      case 'booleans':
        return 'other words for true and false'
      case 'nulls':
        return `words for missing values (${(value as string[]).join(', ')})`
      case 'sheet':
        return `a table in the sheet '${value}'`
      default:
        return String(value)
    }
  })
}
