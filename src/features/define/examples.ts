import type { Project, Source } from '../../config/project.ts'
import type { Field } from '../../wire/values.ts'
import type { ServiceDefinition } from './definitions.ts'

/** Keys and features of a service for its pages, each with an example where the project itself names a value. */
export function documentedFields(project: Project, service: ServiceDefinition): { keys: Field[]; features: Field[] } {
  const sourceOfView = (view: number) => project.sources.find((s) => s.name === service.views[view]?.source)
  const keys = service.keys.map(({ name, type }): Field => {
    const view = service.views.findIndex((v) => v.rowKeys.includes(name))
    const column = service.views[view]?.keys[service.views[view].rowKeys.indexOf(name)]?.column
    return { name, type, ...exampleOf(sourceOfView(view), column) }
  })
  const features = service.features.map(({ name, type, stored }): Field => {
    const from = stored === null ? undefined : service.stored[stored]
    const view = from && service.views[from.view]
    const column = view?.features.find((f) => f.name === from?.feature)?.column
    return { name, type, ...(from && column ? exampleOf(sourceOfView(from.view), column) : {}) }
  })
  return { keys, features }
}

/** The first value that the column's checks allow. */
function exampleOf(source: Source | undefined, column: string | undefined): { example?: unknown } {
  const checks = source?.columns.find((c) => c.name === column)?.checks ?? []
  for (const check of checks) {
    if (check.rule === 'allowed') return { example: check.values[0] }
    if (check.rule === 'range' && (check.min ?? check.max) !== null) return { example: check.min ?? check.max }
  }
  return {}
}
