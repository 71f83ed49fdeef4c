import { PlatformError } from '../base/errors.ts'
import type { ValueType } from '../values/values.ts'
import type { FeatureValue } from '../wire/features.ts'
import { valuesOfRows } from '../wire/invocations.ts'

type Input = { name: string; type: ValueType }

/** The values of a row with those that were given in their places, read as `/invocations` reads them. */
export function overridden(
  model: string,
  inputs: readonly Input[],
  values: readonly FeatureValue[],
  given: Record<string, unknown>,
): { values: FeatureValue[]; changed: string[] } {
  const names = new Set(inputs.map(({ name }) => name))
  const unknown = Object.keys(given).find((name) => !names.has(name))
  if (unknown !== undefined) {
    const all = [...names].join(', ')
    const says = `features: '${unknown.slice(0, 100)}' is no feature of ${model}; it takes ${all}`
    throw new PlatformError('invalid_argument', says)
  }
  const changed = inputs.filter(({ name }) => Object.hasOwn(given, name))
  const [row = []] = valuesOfRows([given], changed)
  const placed = new Map(changed.map(({ name }, at) => [name, row[at] ?? null]))
  return {
    values: inputs.map(({ name }, at) => (placed.has(name) ? (placed.get(name) ?? null) : (values[at] ?? null))),
    changed: changed.map(({ name }) => name),
  }
}
