import type { Fault } from './fault.ts'
import type { Project, ServiceFeature } from './project.ts'

/**
 * Keys, features and label are columns of one row, in which DuckDB tells no case apart: a feature or a label that is named as
 * a join key is refused here, and not when a training set is built.
 */
export function rowNameFaults(project: Project): Fault[] {
  const services = project.featureServices.flatMap((service) => {
    const keys = rowKeys(project, service.features)
    const seen = new Map<string, string>()
    return service.features.flatMap(({ name }): Fault[] => {
      const path = `featureServices.${service.name}`
      const folded = name.toLowerCase()
      const [key, before] = [keys.get(folded), seen.get(folded)]
      seen.set(folded, name)
      if (key !== undefined) {
        return [{ path, message: `feature '${name}' is named as the join key '${key}' of its rows; ${RENAME}` }]
      }
      if (before === undefined || before === name) return []
      return [{ path, message: `features '${before}' and '${name}' differ in case alone; rename one of the two` }]
    })
  })
  const labels = project.models.flatMap((model): Fault[] => {
    const service = project.featureServices.find(({ name }) => name === model.featureService)
    const key = rowKeys(project, service?.features ?? []).get(model.label.toLowerCase())
    if (key === undefined) return []
    const path = `models.${model.name}.label`
    return [{ path, message: `label '${model.label}' is named as the join key '${key}' of its rows; rename the label` }]
  })
  return [...services, ...labels]
}

const RENAME = 'give it another name, { type, column } says which column it is'

/** The columns of a row that name its entities, by their name in small letters. */
function rowKeys(project: Project, features: readonly ServiceFeature[]): Map<string, string> {
  const keysOf = ({ view, role }: Pick<ServiceFeature, 'view' | 'role'>): string[] => {
    const stored = project.featureViews.find(({ name }) => name === view)
    if (stored) return stored.keys.map((key) => role?.keys[key.name] ?? key.name)
    const inputs = project.onDemandViews.find(({ name }) => name === view)?.inputs ?? []
    return inputs.flatMap((input) => keysOf({ view: input.view, role: null }))
  }
  return new Map(features.flatMap(keysOf).map((key) => [key.toLowerCase(), key]))
}
