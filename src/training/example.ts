import { ageInDays, hasAge } from '../ml/model/age.ts'
import type { EncoderSpec } from '../ml/model/encoder.ts'
import type { Value } from '../values/values.ts'

export const EXAMPLE_ROWS = 5

/** The column of the training set that says when a row is. */
const MOMENT = 'event_timestamp'

/** Rows of the training set as the signature wants them: pandas' "split" form, a Bool with nulls as text, a date by its age in days. */
export function inputExample(
  rows: readonly Readonly<Record<string, Value>>[],
  { inputs }: EncoderSpec,
): { columns: string[]; data: Value[][] } {
  const data = rows.map((row) =>
    inputs.map(({ name, type, nullable }) => {
      const value = row[name] ?? null
      if (hasAge(type) && value !== null) return ageInDays(String(value), Date.parse(String(row[MOMENT])))
      return type === 'Bool' && nullable && value !== null ? (value ? 'True' : 'False') : value
    }),
  )
  return { columns: inputs.map((input) => input.name), data }
}
