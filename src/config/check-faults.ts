import { type Fault, missing } from './fault.ts'
import type { Column, ColumnCheck, Source, ValueType } from './project.ts'

const NUMBERS: readonly ValueType[] = ['Int32', 'Int64', 'Float32', 'Float64']

/** A rule must fit the type of its column: a range is for numbers, a pattern for text, values are of the column's type. */
export function checkFaults(path: string, source: Source, column: Column, check: ColumnCheck): Fault[] {
  const { type } = column
  if (check.rule === 'range' && !NUMBERS.includes(type)) {
    return [{ path: `${path}.rule`, message: `a range is for numbers, and '${column.name}' is ${type}` }]
  }
  if (check.rule === 'pattern') {
    if (type !== 'String') {
      return [{ path: `${path}.rule`, message: `a pattern is for String, and '${column.name}' is ${type}` }]
    }
    return isPattern(check.pattern)
      ? []
      : [{ path: `${path}.pattern`, message: `'${check.pattern}' is not a regular expression` }]
  }
  if (check.rule === 'allowed') return valueFaults(`${path}.values`, column, check.values)
  if (check.rule !== 'null_only_when') return []
  const other = source.columns.find((c) => c.name === check.column)
  if (other) return valueFaults(`${path}.values`, other, check.values)
  const known = source.columns.map((c) => c.name)
  return missing(`${path}.column`, 'column', check.column, known)
}

function valueFaults(path: string, column: Column, values: readonly (string | number | boolean)[]): Fault[] {
  const wanted = NUMBERS.includes(column.type) ? 'number' : column.type === 'Bool' ? 'boolean' : 'string'
  return values
    .filter((value) => typeof value !== wanted)
    .map((value) => ({
      path,
      message: `${JSON.stringify(value)} is not a value of '${column.name}', which is ${column.type}`,
    }))
}

function isPattern(text: string): boolean {
  try {
    new RegExp(text)
    return true
  } catch {
    return false
  }
}
