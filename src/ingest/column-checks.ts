import { unreachable } from '../base/assert.ts'
import { displayInstant } from '../base/instant.ts'
import type { ColumnCheck, Severity, Source, ValueType } from '../config/project.ts'
import { isNoValue } from '../values/text.ts'
import { isNaive } from '../values/time-zone.ts'
import { describeType, TYPES } from '../values/values.ts'
import { asUsual } from '../values/written.ts'
import type { Table } from './load-table.ts'
import { misreadsOf } from './misread.ts'
import type { Broken, IndexedColumn, Params, RowCheck } from './row-check.ts'
import { keyMarks, missingWords, totalRow } from './text-checks.ts'

/** All rules that a row can break by itself: the type of each column, keys that are not null, and what is declared. */
export function rowChecks(table: Table): RowCheck[] {
  return table.columns.flatMap((column) => {
    const { source } = table
    const inKey = source.key.includes(column.name) || column.name === source.eventTime
    const check = (rule: string, severity: Severity, broken: Broken): RowCheck => {
      return { column: column.name, text: `r${column.index}`, rule, severity, ...broken }
    }
    const declared = column.checks.filter(({ rule }) => !(inKey && rule === 'required'))
    // What a tombstone says besides its key and its time means nothing.
    const living = (rule: Broken): Broken => {
      const flag = table.columns.find((c) => c.name === source.deleted)
      if (!flag) return rule
      return { ...rule, broken: (params) => `(${rule.broken(params)}) AND NOT coalesce(t${flag.index}, false)` }
    }
    const always = (rule: string, broken: Broken[]) => {
      const severity = source.checks.find((c) => c.rule === rule)?.severity
      return severity === undefined ? [] : broken.map((one) => check(rule, severity, living(one)))
    }
    return [
      check('type', 'error', typeBroken(table, column)),
      ...localTimes(table, column).map((broken) => check('time_zone', 'error', broken)),
      ...always('key_spaces', source.key.includes(column.name) ? keyMarks(column) : []),
      ...always('missing_words', missingWords(column)),
      ...always('total_row', source.key.includes(column.name) ? totalRow(column) : []),
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

/** What is none of the type: what people write often with what to do, and the rest. */
function typeBroken(table: Table, column: IndexedColumn): Broken {
  const { index, type } = column
  const none = isNoValue(type, `r${index}`, `t${index}`)
  const [local] = localTimes(table, column)
  const broken = (params: Params) =>
    local ? `(${none}) AND NOT coalesce(${local.broken(params)}, false)` : `(${none})`
  const wholly = misfit(table, column)
  if (wholly !== undefined) return { broken, says: wholly }
  const looks = (pattern: string) => `regexp_full_match(r${index}, '${pattern}')`
  const misreads = misreadsOf(type)
  const first = (i: number) =>
    misreads
      .slice(0, i)
      .map((other) => ` AND NOT ${looks(other.looks)}`)
      .join('')
  const kinds = misreads.map((misread, i) => ({
    broken: (params: Params) => `${broken(params)} AND ${looks(misread.looks)}${first(i)}`,
    says: misread.says,
  }))
  const says = `with a value that is not ${describeType(type)}${hint(table, type)}`
  const rest = { broken: (params: Params) => `${broken(params)}${first(misreads.length)}`, says }
  return { broken, says, kinds: [...kinds, rest] }
}

/** A Parquet column of another kind than the declared type has no value in any row: not the rows are at fault. */
function misfit({ misfits, parts }: Table, { name, type }: IndexedColumn): string | undefined {
  if (type === 'String' && parts.some((part) => part.sheet)) {
    return 'with a cell that is a number or a day, and no text: Excel makes 17 of 00017; make the column text there, or declare it as a number'
  }
  const physical = misfits.get(name)
  if (physical === undefined) return undefined
  const kinds = TYPES[type].parquet
  const shownType = physical.length > 40 ? `${physical.slice(0, 39)}…` : physical
  const is = `of type ${shownType}, and a ${type} is read from ${kinds} alone`
  const number = /INT|DOUBLE|FLOAT|DECIMAL/.test(physical) && !/[[(]/.test(physical.replace(/^DECIMAL\(.*\)$/, ''))
  if (type === 'String' && number) {
    return `${is}: 17, 17.0 and 00017 would be three values; write the column as text, or declare it as a number`
  }
  if (type === 'Bool' && number) return `${is}; write it as a boolean, or declare the column Int64`
  if (/[[(]/.test(physical))
    return `${is}: a column holds one value a row; take the parts out into columns of their own`
  return `${is}; write the column in another type, or declare what it is`
}

function hint({ format }: Table, type: ValueType): string {
  if (type === 'Date') return DATE_HINT
  if (format === 'csv') return HINTS[type] ?? ''
  return type.startsWith('Float') ? '; a missing value is a null' : ''
}

const DATE_HINT = '; a day with a time of it is a UnixTimestamp, other ways to write a day are a dateFormat'

/** What the values mostly were in files that were refused, and what to write instead. */
const HINTS: Partial<Record<ValueType, string>> = {
  Int32: '; write digits alone, and nothing for a missing value',
  Int64: '; write digits alone, and nothing for a missing value',
  Float32: '; write a decimal point and no thousands separator, and nothing for a missing value',
  Float64: '; write a decimal point and no thousands separator, and nothing for a missing value',
  Bool: '; declare the column Int64 for 0 and 1, or write the words, or name other words in the booleans of the format',
  UnixTimestamp: '; other ways to write a moment are a dateFormat',
}

/** Local times of the source's zone that are none, or two. */
function localTimes({ source }: Table, { index, type }: IndexedColumn): Broken[] {
  if (source.timeZone === null || type !== 'UnixTimestamp') return []
  const says = `with a time that ${source.timeZone} has twice or not at all, as clocks change there; write it with its offset, like +01:00`
  // Only a time that is one by itself: in UTC there is each once.
  const text = `(${asUsual(type, `r${index}`, source.format)})`
  const real = `TRY_CAST(${text} AS TIMESTAMP) IS NOT NULL AND NOT starts_with(${text}, '0000')`
  return [{ broken: () => `${isNaive(text)} AND ${real} AND t${index} IS NULL`, says }]
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
