/**
 * Dates and moments as a model takes them: their age in days at T, the moment that a row describes. In training T is the moment
 * of the label, online that of the request, and of a batch its as-of. What is to come has a negative age; null stays null.
 */
import { PlatformError } from '../../base/errors.ts'
import type { EncoderSpec, InputType, InputValue } from './encoder.ts'

export const DAY_MS = 86_400_000

/** Whether an input is told to the model by its age. */
export function hasAge(type: InputType): boolean {
  return type === 'Date' || type === 'UnixTimestamp'
}

/** Of a date (its midnight in UTC) or an instant, to the millisecond. */
export function ageInDays(text: string, tMs: number): number {
  const ms = Date.parse(text)
  if (Number.isNaN(ms))
    throw new PlatformError('invalid_argument', `'${text.slice(0, 40)}' is neither a date nor a moment`)
  return (tMs - ms) / DAY_MS
}

/** Values in the order of the inputs, dates and moments as their ages; a number is an age already. The same list where none is. */
export function withAges(
  inputs: EncoderSpec['inputs'],
  values: readonly InputValue[],
  tMs: number,
): readonly InputValue[] {
  if (!inputs.some(({ type }) => hasAge(type))) return values
  return values.map((value, i) => {
    const input = inputs[i]
    return input && hasAge(input.type) && typeof value === 'string' ? ageInDays(value, tMs) : value
  })
}
