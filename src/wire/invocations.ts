/** MLflow's scoring protocol: rows of the caller's own features, in one of four layouts. */
import { PlatformError } from '../base/errors.ts'
import { notOfType, readJsonValue } from '../values/json.ts'
import type { ValueType } from '../values/values.ts'
import type { FeatureValue } from './features.ts'

const LAYOUTS = ['dataframe_split', 'dataframe_records', 'instances', 'inputs'] as const

/** Rows with a member for each column. */
export function rowsOfInvocation(body: unknown): Record<string, unknown>[] {
  const given = isObject(body) ? LAYOUTS.filter((layout) => layout in body) : []
  const [layout, second] = given
  if (!isObject(body) || layout === undefined || second !== undefined) {
    throw invalid(`the body must have exactly one of ${LAYOUTS.join(', ')}`)
  }
  const value = body[layout]
  if (layout === 'dataframe_split') return splitRows(value)
  if (layout === 'inputs' && isObject(value)) return columnRows(value)
  if (Array.isArray(value) && value.every(isObject)) return value
  throw invalid(`${layout} must be a list of rows, each an object with a member for each column`)
}

function splitRows(value: unknown): Record<string, unknown>[] {
  const { columns, data } = isObject(value) ? value : {}
  if (!Array.isArray(columns) || !Array.isArray(data)) throw invalid('dataframe_split needs the lists columns and data')
  return data.map((row, r) => {
    if (!Array.isArray(row) || row.length !== columns.length) {
      throw invalid(`row ${r} of dataframe_split has not as many values as there are columns (${columns.length})`)
    }
    return Object.fromEntries(columns.map((name, c) => [String(name), row[c]]))
  })
}

function columnRows(columns: Record<string, unknown>): Record<string, unknown>[] {
  const lists = Object.entries(columns).map(([name, list]): [string, unknown[]] => {
    if (!Array.isArray(list)) throw invalid(`inputs.${name} must be a list`)
    return [name, list]
  })
  const rows = lists[0]?.[1].length ?? 0
  const uneven = lists.find(([, list]) => list.length !== rows)
  if (uneven) throw invalid(`inputs.${uneven[0]} has ${uneven[1].length} values, others have ${rows}`)
  return Array.from({ length: rows }, (_, r) => Object.fromEntries(lists.map(([name, list]) => [name, list[r]])))
}

/**
 * The values of the named inputs, in their order; columns of other names are ignored. A Bool that had nulls in training is
 * text in the model's signature (training/mlmodel.ts): True and False are read as such anyway.
 */
export function valuesOfRows(
  rows: readonly Record<string, unknown>[],
  inputs: readonly { name: string; type: ValueType }[],
): FeatureValue[][] {
  return rows.map((row, r) =>
    inputs.map(({ name, type }) => {
      if (!Object.hasOwn(row, name)) throw invalid(`row ${r} lacks '${name}'; the model takes ${names(inputs)}`)
      const value = readJsonValue(type, row[name])
      if (value !== undefined) return value
      throw invalid(`row ${r}: '${name}' must be ${type} or null: ${notOfType(type, row[name], name)}`)
    }),
  )
}

function names(inputs: readonly { name: string }[]): string {
  return inputs.map((input) => input.name).join(', ')
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function invalid(message: string): PlatformError {
  return new PlatformError('invalid_argument', message)
}
