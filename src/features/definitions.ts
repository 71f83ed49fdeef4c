import { PlatformError } from '../base/errors.ts'
import { digestOf } from '../base/hash.ts'
import { entityOf, featureServiceOf, featureViewOf, sourceOf } from '../config/find.ts'
import type { Feature, FeatureView, Project, ValueType } from '../config/project.ts'

/** A feature view with everything resolved that a join or a table needs. */
export type ViewDefinition = {
  name: string
  source: string
  keys: Column[]
  features: Feature[]
  ttlMs: number | null
}

/** A feature service: its views, and its features in order, each with the place of its view in `views`. */
export type ServiceDefinition = {
  name: string
  /** The join keys of all its views, each once. */
  keys: Column[]
  views: ViewDefinition[]
  features: { name: string; type: ValueType; view: number }[]
}

export type Column = { name: string; type: ValueType }

export function viewDefinition(project: Project, name: string): ViewDefinition {
  const view = featureViewOf(project, name)
  requireSnapshots(project, view)
  const { source, features, ttlMs } = view
  return { name, source, keys: entityOf(project, view.entity).joinKeys, features, ttlMs }
}

/** Refuses a name that the answer would hold twice: two views with the same feature, or a feature named like a key. */
export function serviceDefinition(project: Project, name: string): ServiceDefinition {
  const service = featureServiceOf(project, name)
  const viewNames = [...new Set(service.features.map((f) => f.view))]
  const views = viewNames.map((view) => viewDefinition(project, view))
  const keys = views.flatMap((v) => v.keys).filter((key, i, all) => all.findIndex((k) => k.name === key.name) === i)
  const features = service.features.map((ref) => {
    const view = viewNames.indexOf(ref.view)
    const feature = views[view]?.features.find((f) => f.name === ref.feature)
    if (!feature) throw collision(`feature service '${name}': view '${ref.view}' has no feature '${ref.feature}'`)
    return { name: feature.name, type: feature.type, view }
  })
  refuseTwice([...keys.map((k) => k.name), 'event_timestamp', ...features.map((f) => f.name)], name)
  return { name, keys, views, features }
}

/**
 * Names what the online table of a view holds: another digest is another table. The ttl is not part of it, since it
 * decides at the read and not at the write; nor is the order of the features.
 */
export function tableDigest(view: ViewDefinition): string {
  const features = [...view.features].sort((a, b) => (a.name < b.name ? -1 : 1))
  return digestOf({ name: view.name, source: view.source, keys: view.keys, features })
}

function requireSnapshots(project: Project, view: FeatureView): void {
  if (sourceOf(project, view.source).kind === 'snapshot') return
  throw new PlatformError(
    'unsupported',
    `feature view '${view.name}': its source '${view.source}' is of kind changes, which this version does not join; use kind snapshot`,
  )
}

/** Refuses names of which two are the same, since they become columns of one row. */
export function refuseTwice(names: string[], service: string): void {
  // DuckDB tells no case apart, not even between quotes.
  const folded = names.map((name) => name.toLowerCase())
  const twice = names.find((_, i) => folded.indexOf(folded[i] ?? '') !== i)
  if (twice === undefined) return
  throw collision(`feature service '${service}' would hold '${twice}' twice; rename one of the two`)
}

function collision(message: string): PlatformError {
  return new PlatformError('config_invalid', message, { details: { faults: [{ path: 'featureServices', message }] } })
}
