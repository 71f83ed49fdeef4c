import { unreachable } from '../base/assert.ts'
import type { Column, ColumnCheck, Severity } from '../config/project.ts'
import type { DuckParam } from '../lake/duck.ts'
import { describeType } from './casts.ts'
import { type Table, valueExpression } from './load-table.ts'

/** A rule as SQL: `broken` is true for each row that breaks it. */
export type RowCheck = { column: string; text: string; rule: string; severity: Severity; broken: string; says: string }

/** Collects bound values of one statement and gives their places. */
export type Params = { values: DuckParam[]; add(value: DuckParam): string }

export function newParams(): Params {
  const values: DuckParam[] = []
  return { values, add: (value) => `$${values.push(value)}` }
}

/** All rules that a row can break by itself: the type of each column, keys that are not null, and what is declared. */
export function rowChecks(table: Table, params: Params): RowCheck[] {
  return table.columns.flatMap((column) => {
    const { name, index } = column
    const text = `r${index}`
    const check = (rule: string, severity: Severity, broken: string, says: string): RowCheck => {
      return { column: name, text, rule, severity, broken, says }
    }
    const checks = [
      check(
        'type',
        'error',
        `${text} IS NOT NULL AND t${index} IS NULL`,
        `with a value that is not ${describeType(column.type)}`,
      ),
    ]
    const inKey = table.source.key.includes(name)
    // A row that names nothing can never be joined.
    if (inKey) checks.push(check('required', 'error', isEmpty(text), 'without a value, and it is part of the key'))
    for (const declared of column.checks) {
      if (inKey && declared.rule === 'required') continue
      for (const { broken, says } of brokenBy(table, column, declared, params)) {
        checks.push(check(declared.rule, declared.severity, broken, says))
      }
    }
    return checks
  })
}

type Broken = { broken: string; says: string }

function brokenBy(table: Table, column: Column & { index: number }, check: ColumnCheck, params: Params): Broken[] {
  const value = `t${column.index}`
  switch (check.rule) {
    case 'required':
      return [{ broken: isEmpty(`r${column.index}`), says: 'without a value, and the column is required' }]
    case 'unique':
      return []
    case 'range':
      return rangeBroken(value, check, params)
    case 'allowed':
      return [
        {
          broken: `${value} NOT IN ${list(check.values, params)}`,
          says: `with a value that is not one of ${check.values.join(', ')}`,
        },
      ]
    case 'pattern':
      return [
        {
          broken: `NOT regexp_matches(${value}, ${params.add(check.pattern)})`,
          says: `with a value that is not like ${check.pattern}`,
        },
      ]
    case 'null_only_when':
      return nullOnlyWhenBroken(table, column, check, params)
    default:
      return unreachable(check)
  }
}

function rangeBroken(
  value: string,
  { min, max }: { min: number | null; max: number | null },
  params: Params,
): Broken[] {
  const below = min === null ? [] : [`${value} < ${params.add(min)}`]
  const above = max === null ? [] : [`${value} > ${params.add(max)}`]
  if (below.length + above.length === 0) return []
  const says = min === null ? `above ${max}` : max === null ? `below ${min}` : `outside of ${min} to ${max}`
  return [{ broken: [...below, ...above].join(' OR '), says: `with a value ${says}` }]
}

/** Nothing to say when the file lacks the other column: that is a finding of its own. */
function nullOnlyWhenBroken(
  table: Table,
  column: Column & { index: number },
  check: Extract<ColumnCheck, { rule: 'null_only_when' }>,
  params: Params,
): Broken[] {
  const other = valueExpression(table, check.column)
  if (other === undefined) return []
  const may = `coalesce(${other} IN ${list(check.values, params)}, false)`
  const values = check.values.join(' or ')
  return [
    {
      broken: `r${column.index} IS NULL AND NOT ${may}`,
      says: `without a value although ${check.column} is not ${values}`,
    },
    { broken: `r${column.index} IS NOT NULL AND ${may}`, says: `with a value although ${check.column} is ${values}` },
  ]
}

/** A quoted empty field is an empty text, and names as little as a null. */
function isEmpty(text: string): string {
  return `coalesce(${text}, '') = ''`
}

function list(values: readonly (string | number | boolean)[], params: Params): string {
  return `(${values.map((value) => params.add(value)).join(', ')})`
}
