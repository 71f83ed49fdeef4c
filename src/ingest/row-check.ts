import type { Severity, ValueType } from '../config/project.ts'
import type { DuckParam } from '../lake/duck.ts'
import type { Table } from './load-table.ts'

/** A rule for rows. `text` is an expression for what a row has there, `broken` makes one that is true if it breaks it. */
export type RowCheck = {
  column: string
  text: string
  rule: string
  severity: Severity
  broken: (params: Params) => string
  says: string
  /** The same rows by what is wrong with each, looked at where there are any: a thousand columns have many rules already. */
  kinds?: Broken[]
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

export type IndexedColumn = Table['columns'][number]
export type Broken = Pick<RowCheck, 'broken' | 'says' | 'kinds'>
