import { messageOf, PlatformError } from '../../base/errors.ts'
import type { OnDemandRow } from '../../config/project.ts'
import { readJsonValue } from '../../values/json.ts'
import { type ValueType, withArticle } from '../../values/values.ts'
import type { FeatureValue } from '../../wire/features.ts'
import type { OnDemandPart } from './definitions.ts'

/**
 * Runs the function of an on-demand view on one row and reads its outputs as their declared types: the one way to do
 * so, at training and at serving, so that both give the same values. Refuses (invalid_argument) what the function throws
 * or gives back wrongly, by the name of the view.
 */
export function computeOnDemand(part: OnDemandPart, row: OnDemandRow): FeatureValue[] {
  let outputs: OnDemandRow
  try {
    outputs = part.compute(row)
  } catch (error) {
    throw fault(part, `its function failed: ${messageOf(error)}`, row)
  }
  if (outputs === null || typeof outputs !== 'object') throw fault(part, 'its function gave no object', row)
  return part.features.map(({ name, type }) => {
    const value = readJsonValue(type, orNull(type, outputs[name]))
    if (value !== undefined) return value
    throw fault(
      part,
      `its function gave ${String(outputs[name])} for '${name}', which is not ${withArticle(type)}`,
      row,
    )
  })
}

/** NaN, an infinity, or what is one as a float32: a division gone wrong, not a value. */
function orNull(type: ValueType, output: unknown): unknown {
  if (typeof output !== 'number' || (type !== 'Float32' && type !== 'Float64')) return output
  return Number.isFinite(type === 'Float32' ? Math.fround(output) : output) ? output : null
}

function fault(part: OnDemandPart, says: string, row: OnDemandRow): PlatformError {
  const inputs = Object.fromEntries(Object.entries(row).map(([k, v]) => [k, typeof v === 'bigint' ? String(v) : v]))
  return new PlatformError('invalid_argument', `on-demand view '${part.name}': ${says}`, { details: { inputs } })
}
