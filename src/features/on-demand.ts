import { messageOf, PlatformError } from '../base/errors.ts'
import type { OnDemandRow } from '../config/project.ts'
import type { FeatureValue } from '../wire/features.ts'
import type { OnDemandPart } from './definitions.ts'
import { readValue } from './value-types.ts'

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
    const value = readValue(type, outputs[name])
    if (value !== undefined) return value
    throw fault(part, `its function gave ${String(outputs[name])} for '${name}', which is no ${type}`, row)
  })
}

function fault(part: OnDemandPart, says: string, row: OnDemandRow): PlatformError {
  const inputs = Object.fromEntries(Object.entries(row).map(([k, v]) => [k, typeof v === 'bigint' ? String(v) : v]))
  return new PlatformError('invalid_argument', `on-demand view '${part.name}': ${says}`, { details: { inputs } })
}
