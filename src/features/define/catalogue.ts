/**
 * define: what a project's features are, before any value is read.
 *
 * Promise: a view, a service and a feature have one definition, from which the training set, the online table and the answer
 * are all made; names that would be the same in a row are refused; an expression of the project is checked before it runs.
 */
import { PlatformError } from '../../base/errors.ts'
import type { Project, ServiceFeature } from '../../config/project.ts'
import type { Duck } from '../../lake/duck.ts'
import { requireExpressions } from './check-expressions.ts'
import {
  defineService,
  type ServiceDefinition,
  serviceDefinition,
  type ViewDefinition,
  viewDefinition,
} from './definitions.ts'

export type Catalogue = ReturnType<typeof createCatalogue>

/** The views and services of a project by name, and services that callers name feature by feature. */
export function createCatalogue({ project, duck }: { project: Project; duck: Duck }) {
  const views: readonly ViewDefinition[] = project.featureViews.map((view) => viewDefinition(project, view.name))
  const viewsByName = new Map(views.map((view) => [view.name, view]))
  const services = new Map(project.featureServices.map(({ name }) => [name, serviceDefinition(project, name)]))

  let checked: Promise<void> | undefined
  /** Once, before an expression of the project is run for the first time. */
  const requireChecked = () => {
    checked ??= requireExpressions(duck, project)
    return checked
  }

  const adHoc = new Map<string, ServiceDefinition>()

  function serviceOf(refs: readonly string[], { fullNames = false } = {}): ServiceDefinition {
    const name = JSON.stringify([fullNames, refs])
    const made = adHoc.get(name) ?? defineService(project, 'the request', referredFeatures(project, refs, fullNames))
    // The oldest goes: a caller may ask for any number of combinations.
    if (!adHoc.has(name) && adHoc.size >= AD_HOC_MAX) adHoc.delete(adHoc.keys().next().value ?? '')
    adHoc.set(name, made)
    return made
  }

  return {
    views,
    services: [...services.values()],
    /** Refuses (not_found) another name, with those that there are. */
    view: (name: string) => known(viewsByName, name, 'feature view'),
    service: (name: string) => known(services, name, 'feature service'),
    serviceOf,
    requireChecked,
  }
}

/** Combinations of features whose definition and prepared statement are kept. */
const AD_HOC_MAX = 200

/** Features that a caller names: `view:feature`. */
function referredFeatures(project: Project, refs: readonly string[], fullNames: boolean): ServiceFeature[] {
  return refs.map((ref) => {
    const [view = '', feature = '', ...rest] = ref.split(':')
    const found = [...project.featureViews, ...project.onDemandViews].find((v) => v.name === view)
    if (rest.length > 0 || feature === '') {
      throw new PlatformError('invalid_argument', `'${ref}' does not name a feature; write view:feature`)
    }
    if (!found) throw new PlatformError('not_found', `there is no feature view '${view}'`, { details: { view } })
    if (!found.features.some((f) => f.name === feature)) {
      const names = found.features.map((f) => f.name).join(', ')
      throw new PlatformError('invalid_argument', `feature view '${view}' has no feature '${feature}'; it has ${names}`)
    }
    return { view, feature, role: null, name: fullNames ? `${view}__${feature}` : feature }
  })
}

function known<T>(map: ReadonlyMap<string, T>, name: string, what: string): T {
  const found = map.get(name)
  if (found !== undefined) return found
  const names = [...map.keys()].join(', ')
  throw new PlatformError('not_found', `there is no ${what} '${name}'; the project has ${names || 'none'}`)
}
