import { featureViewOf, sourceOf } from '../../config/find.ts'
import type { Project } from '../../config/project.ts'

/** What a view is by its definition, and who uses it: what the pages of the feature store tell beside its state. */
export type ViewFacts = {
  entity: string | null
  owner: string | null
  source: string
  sourceKind: 'snapshot' | 'changes'
  keys: { name: string; type: string; column: string }[]
  features: { name: string; type: string; column: string | null; sql: string | null }[]
  services: { name: string; features: string[] }[]
  onDemandViews: string[]
  models: { name: string; service: string }[]
}

export function viewFacts(project: Project, name: string): ViewFacts {
  const { entity, owner, source, keys, features } = featureViewOf(project, name)
  const onDemand = project.onDemandViews.filter((view) => view.inputs.some((input) => input.view === name))
  // What is computed from the view uses it as well.
  const used = new Set([name, ...onDemand.map((view) => view.name)])
  const services = project.featureServices.flatMap((service) => {
    const taken = service.features.filter((feature) => used.has(feature.view)).map((feature) => feature.name)
    return taken.length > 0 ? [{ name: service.name, features: taken }] : []
  })
  const names = new Set(services.map((service) => service.name))
  return {
    ...{ entity, owner, source, keys, features },
    sourceKind: sourceOf(project, source).kind,
    services,
    onDemandViews: onDemand.map((view) => view.name),
    models: project.models
      .filter((model) => names.has(model.featureService))
      .map((model) => ({ name: model.name, service: model.featureService })),
  }
}
