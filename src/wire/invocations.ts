/** MLflow's scoring protocol: rows of the caller's own features, in one of four layouts. */
import { z } from 'zod'
import { PlatformError } from '../base/errors.ts'
import { notOfType, readJsonValue } from '../values/json.ts'
import type { ValueType } from '../values/values.ts'
import type { FeatureValue } from './features.ts'

const LAYOUTS = ['dataframe_split', 'dataframe_records', 'instances', 'inputs'] as const

const row = z.record(z.string(), z.unknown())
const rows = z.array(row).meta({ description: 'A list of rows, each an object with a member for each column.' })

/** That exactly one layout is given, and that its lists are of one length, no shape can say: rowsOfInvocation does. */
export const invocationRequest = z
  .looseObject({
    dataframe_split: z
      .looseObject({
        columns: z.array(z.unknown()).meta({ description: 'The names of the columns.' }),
        data: z.array(z.array(z.unknown())).meta({ description: 'The rows, each with a value for each column.' }),
      })
      .meta({ description: 'Names of the columns, and rows.' })
      .optional(),
    dataframe_records: rows.optional(),
    instances: rows.optional(),
    inputs: z
      .union([z.record(z.string(), z.unknown()), z.array(row)])
      .meta({ description: 'A list for each column, one value for each column, or a list of rows.' })
      .optional(),
    params: z
      .record(z.string(), z.unknown())
      .nullable()
      .meta({ description: 'Taken and not used: no model here has any.' })
      .optional(),
  })
  .meta({ description: 'Exactly one of the four layouts. Columns that the model does not take are ignored.' })
export type InvocationRequest = z.output<typeof invocationRequest>

/** Rows with a member for each column. */
export function rowsOfInvocation(body: InvocationRequest): Record<string, unknown>[] {
  const [layout, second] = LAYOUTS.filter((name) => body[name] !== undefined)
  if (layout === undefined || second !== undefined) {
    throw invalid(`the body must have exactly one of ${LAYOUTS.join(', ')}`)
  }
  const { dataframe_split: split, inputs } = body
  if (split !== undefined) return splitRows(split)
  if (inputs !== undefined) return Array.isArray(inputs) ? inputs : columnRows(inputs)
  return body.dataframe_records ?? body.instances ?? []
}

function splitRows({ columns, data }: NonNullable<InvocationRequest['dataframe_split']>): Record<string, unknown>[] {
  return data.map((values, r) => {
    if (values.length !== columns.length) {
      throw invalid(`row ${r} of dataframe_split has not as many values as there are columns (${columns.length})`)
    }
    return Object.fromEntries(columns.map((name, c) => [String(name), values[c]]))
  })
}

function columnRows(columns: Record<string, unknown>): Record<string, unknown>[] {
  const lists = Object.entries(columns).filter((column): column is [string, unknown[]] => Array.isArray(column[1]))
  // One value for each column is one row.
  if (lists.length === 0) return Object.keys(columns).length === 0 ? [] : [columns]
  const single = Object.keys(columns).find((name) => !Array.isArray(columns[name]))
  if (single !== undefined) throw invalid(`inputs.${single} is no list, and others are`)
  const count = lists[0]?.[1].length ?? 0
  const uneven = lists.find(([, list]) => list.length !== count)
  if (uneven) throw invalid(`inputs.${uneven[0]} has ${uneven[1].length} values, others have ${count}`)
  return Array.from({ length: count }, (_, r) => Object.fromEntries(lists.map(([name, list]) => [name, list[r]])))
}

/** Some 2,700 years. */
const AGE_DAYS_MAX = 1_000_000

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
      const given = row[name]
      // A date may come as what a DataFrame of the signature has, its age in days; a greater number is none, but seconds.
      const isAge = typeof given === 'number' && Math.abs(given) <= AGE_DAYS_MAX
      if ((type === 'Date' || type === 'UnixTimestamp') && isAge) return given
      const value = readJsonValue(type, row[name])
      if (value !== undefined) return value
      throw invalid(`row ${r}: '${name}' must be ${type} or null: ${notOfType(type, row[name], name)}`)
    }),
  )
}

function names(inputs: readonly { name: string }[]): string {
  return inputs.map((input) => input.name).join(', ')
}

function invalid(message: string): PlatformError {
  return new PlatformError('invalid_argument', message)
}
