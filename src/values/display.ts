import type { Value, ValueType } from './values.ts'

/**
 * A value as people are shown it: a Float32 by the fewest digits that name it among float32 (18.6 and not
 * 18.600000381469727, which is its exact double and what programs get).
 */
export function displayValue(type: ValueType, value: Value): string {
  return type === 'Float32' && typeof value === 'number' ? shortestFloat32(value) : String(value)
}

/** Nine digits tell every float32 from every other. */
const DIGITS_MAX = 9

function shortestFloat32(value: number): string {
  for (let digits = 1; digits <= DIGITS_MAX; digits++) {
    const short = Number(value.toPrecision(digits))
    if (Math.fround(short) === value) return String(short)
  }
  return String(value)
}
