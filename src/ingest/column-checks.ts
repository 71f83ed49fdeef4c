import { unreachable } from '../base/assert.ts'
import { displayInstant } from '../base/instant.ts'
import type { ColumnCheck, Severity, Source, ValueType } from '../config/project.ts'
import type { DuckParam } from '../lake/duck.ts'
import { isNoValue } from '../values/text.ts'
import { describeType } from '../values/values.ts'
import type { Table } from './load-table.ts'

/** A rule for rows. `text` is an expression for what a row has there, `broken` makes one that is true if it breaks it. */
export type RowCheck = {
  column: string
  text: string
  rule: string
  severity: Severity
  broken: (params: Params) => string
  says: string
}

/** Collects the bound values of one statement and gives their places. */
export type Params = { values: DuckParam[]; add(value: DuckParam, type?: ValueType): string }

export function newParams(): Params {
  const values: DuckParam[] = []
  const add = (value: DuckParam, type?: ValueType) => {
    const place = `$${values.push(value)}`
    // 0.1 in the file and 0.1 in the project are the same number only when both are a float32.
    return type === 'Float32' ? `${place}::FLOAT` : place
  }
  return { values, add }
}

type IndexedColumn = Table['columns'][number]
type Broken = Pick<RowCheck, 'broken' | 'says'>

/** All rules that a row can break by itself: the type of each column, keys that are not null, and what is declared. */
export function rowChecks(table: Table): RowCheck[] {
  return table.columns.flatMap((column) => {
    const { source } = table
    const inKey = source.key.includes(column.name) || column.name === source.eventTime
    const check = (rule: string, severity: Severity, { broken, says }: Broken): RowCheck => {
      return { column: column.name, text: `r${column.index}`, rule, severity, broken, says }
    }
    const declared = column.checks.filter(({ rule }) => !(inKey && rule === 'required'))
    // What a tombstone says besides its key and its time means nothing.
    const living = (rule: Broken): Broken => {
      const flag = table.columns.find((c) => c.name === source.deleted)
      if (!flag) return rule
      return { ...rule, broken: (params) => `(${rule.broken(params)}) AND NOT coalesce(t${flag.index}, false)` }
    }
    return [
      check('type', 'error', typeBroken(column)),
      // A row that names nothing can never be joined.
      ...(inKey ? [check('required', 'error', isEmpty(column, whyNeeded(source, column.name)))] : []),
      ...(column.name === source.eventTime ? [check('event_time', 'error', afterDelivery(table, column))] : []),
      ...declared.flatMap((c) => brokenBy(table, column, c).map((broken) => check(c.rule, c.severity, living(broken)))),
    ]
  })
}

function whyNeeded(source: Source, column: string): string {
  return column === source.eventTime ? 'it is the time of the row' : 'it is part of the key'
}

/** A slip in the year would be the newest value of its key for years. */
function afterDelivery({ until }: Table, { index }: IndexedColumn): Broken {
  const says = `with a time after the delivery's own (${displayInstant(until)})`
  return { broken: () => `CAST(t${index} AS TIMESTAMPTZ) > TIMESTAMPTZ '${until}'`, says }
}

function brokenBy(table: Table, column: IndexedColumn, check: ColumnCheck): Broken[] {
  switch (check.rule) {
    case 'required':
      return [isEmpty(column, 'the column is required')]
    case 'unique':
      return []
    case 'range':
      return rangeBroken(column, check)
    case 'allowed':
      return [
        {
          broken: (params) => `t${column.index} NOT IN ${list(check.values, column.type, params)}`,
          says: `with a value that is not one of ${check.values.join(', ')}`,
        },
      ]
    case 'pattern':
      return [
        {
          broken: (params) => `NOT regexp_matches(t${column.index}, ${params.add(check.pattern)})`,
          says: `with a value that is not like ${check.pattern}`,
        },
      ]
    case 'null_only_when':
      return nullOnlyWhenBroken(table, column, check)
    default:
      return unreachable(check)
  }
}

function typeBroken({ index, type }: IndexedColumn): Broken {
  return {
    broken: () => isNoValue(type, `r${index}`, `t${index}`),
    says: `with a value that is not ${describeType(type)}`,
  }
}

/** A quoted empty field is an empty text, and names as little as a null. */
function isEmpty({ index }: IndexedColumn, why: string): Broken {
  return { broken: () => `coalesce(r${index}, '') = ''`, says: `without a value, and ${why}` }
}

function rangeBroken(
  { index, type }: IndexedColumn,
  { min, max }: { min: number | null; max: number | null },
): Broken[] {
  if (min === null && max === null) return []
  const says = min === null ? `above ${max}` : max === null ? `below ${min}` : `outside of ${min} to ${max}`
  const broken = (params: Params) => {
    const below = min === null ? 'false' : `t${index} < ${params.add(min, type)}`
    const above = max === null ? 'false' : `t${index} > ${params.add(max, type)}`
    return `${below} OR ${above}`
  }
  return [{ broken, says: `with a value ${says}` }]
}

/** Nothing to say when the file lacks the other column: that is a finding of its own. */
function nullOnlyWhenBroken(
  table: Table,
  { index }: IndexedColumn,
  check: Extract<ColumnCheck, { rule: 'null_only_when' }>,
): Broken[] {
  const other = table.columns.find((c) => c.name === check.column)
  if (other === undefined) return []
  const may = (params: Params) => `coalesce(t${other.index} IN ${list(check.values, other.type, params)}, false)`
  const values = check.values.join(' or ')
  return [
    {
      broken: (params) => `r${index} IS NULL AND NOT ${may(params)}`,
      says: `without a value although ${check.column} is not ${values}`,
    },
    {
      broken: (params) => `r${index} IS NOT NULL AND ${may(params)}`,
      says: `with a value although ${check.column} is ${values}`,
    },
  ]
}

function list(values: readonly (string | number | boolean)[], type: ValueType, params: Params): string {
  return `(${values.map((value) => params.add(value, type)).join(', ')})`
}
