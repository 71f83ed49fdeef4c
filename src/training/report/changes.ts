import type { InputColumn } from '../../ml/model/encoder.ts'
import type { Frame } from '../frame.ts'

/** By row, whether a feature has another value as restated than as it was served at T. */
export function changedRows(restated: InputColumn, served: InputColumn): Uint8Array {
  return Uint8Array.from(restated.valid, (valid, r) => {
    if (valid !== served.valid[r]) return 1
    return valid === 1 && !isSame(restated.values[r]!, served.values[r]!) ? 1 : 0
  })
}

/** NaN is a value as others are. */
function isSame(a: number | string, b: number | string): boolean {
  return a === b || (Number.isNaN(a) && Number.isNaN(b))
}

/** Why two training sets are not of the same rows, in the same order; or undefined. */
export function otherRows(restated: Frame, served: Frame): string | undefined {
  if (restated.rows !== served.rows) return `they have ${restated.rows} and ${served.rows} rows`
  for (let r = 0; r < restated.rows; r++) {
    const [a, b] = [restated, served].map((f) => [f.entityKeys[f.entities[r]!], f.periods[f.moments[r]!]])
    if (a![0] !== b![0] || a![1] !== b![1]) return `row ${r + 1} is of another entity or moment`
  }
  return undefined
}
