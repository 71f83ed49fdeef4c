import { PlatformError } from '../../base/errors.ts'
import { digestOf } from '../../base/hash.ts'
import { featureServiceOf, featureViewOf, sourceOf } from '../../config/find.ts'
import type { Feature, OnDemandView, Project, ServiceFeature, ValueType, ViewKey } from '../../config/project.ts'

export type Column = { name: string; type: ValueType }

/** The columns of a source of kind changes that say when. */
export type TimeColumns = { eventTime: string; availableAt: string | null; deleted: string | null }

/** A feature view with everything resolved that a join or a table needs. */
export type ViewDefinition = {
  name: string
  source: string
  /** None for a view without an entity. */
  keys: ViewKey[]
  features: Feature[]
  ttlMs: number | null
  /** Null for a source of whole states. */
  changes: TimeColumns | null
}

/** A view as one service uses it: `rowKeys[i]` is the column of the row that holds the view's i-th key. */
export type ServiceView = ViewDefinition & { as: string; rowKeys: string[] }

/** A feature that is read from a view, whether it is asked for or only computed from. */
export type StoredFeature = { name: string; type: ValueType; view: number; feature: string }

/** An on-demand view of a service: where each argument of its function comes from. */
export type OnDemandPart = Omit<OnDemandView, 'inputs'> & { inputs: { argument: string; stored: number }[] }

/** Where a feature of the answer comes from: a stored one, or the output `feature` of an on-demand view. */
export type ServedFeature = {
  name: string
  type: ValueType
  /** The view that must be materialized for it; for one on demand that of its first input, -1 without any. */
  view: number
} & ({ stored: number } | { stored: null; onDemand: number; feature: string })

/** A feature service: its views, and its features in order. */
export type ServiceDefinition = {
  name: string
  /** The columns of a row that name the entities of all its views, each once. */
  keys: Column[]
  /** What a caller must send besides the keys. */
  request: Column[]
  views: ServiceView[]
  stored: StoredFeature[]
  onDemand: OnDemandPart[]
  features: ServedFeature[]
}

export function viewDefinition(project: Project, name: string): ViewDefinition {
  const { source, keys, features, ttlMs } = featureViewOf(project, name)
  const { kind, eventTime, availableAt, deleted } = sourceOf(project, source)
  const changes = kind === 'changes' && eventTime !== null ? { eventTime, availableAt, deleted } : null
  return { name, source, keys, features, ttlMs, changes }
}

export function serviceDefinition(project: Project, name: string): ServiceDefinition {
  return defineService(project, name, featureServiceOf(project, name).features)
}

/** Refuses a name that the answer would hold twice: two views with the same feature, or a feature named like a key. */
export function defineService(project: Project, name: string, wanted: readonly ServiceFeature[]): ServiceDefinition {
  const views: ServiceView[] = []
  const stored: StoredFeature[] = []
  const onDemand: OnDemandPart[] = []

  function viewPlace({ view, role }: Pick<ServiceFeature, 'view' | 'role'>): number {
    const as = role?.as ?? view
    const known = views.findIndex((v) => v.as === as)
    if (known >= 0) return known
    const definition = viewDefinition(project, view)
    const rowKeys = definition.keys.map((key) => role?.keys[key.name] ?? key.name)
    return views.push({ ...definition, as, rowKeys }) - 1
  }

  function storedPlace(ref: Pick<ServiceFeature, 'view' | 'feature' | 'role'>): number {
    const view = viewPlace(ref)
    const known = stored.findIndex((s) => s.view === view && s.feature === ref.feature)
    if (known >= 0) return known
    const feature = views[view]?.features.find((f) => f.name === ref.feature)
    if (!feature) throw fault(`feature service '${name}': view '${ref.view}' has no feature '${ref.feature}'`)
    return stored.push({ name: `s${stored.length}`, type: feature.type, view, feature: ref.feature }) - 1
  }

  function onDemandPlace(view: OnDemandView): number {
    const known = onDemand.findIndex((part) => part.name === view.name)
    if (known >= 0) return known
    const inputs = view.inputs.map((ref) => ({ argument: ref.feature, stored: storedPlace({ ...ref, role: null }) }))
    return onDemand.push({ ...view, inputs }) - 1
  }

  const features = wanted.map((ref): ServedFeature => {
    const computed = project.onDemandViews.find((v) => v.name === ref.view)
    if (!computed) {
      const place = storedPlace(ref)
      const { type, view } = stored[place] as StoredFeature
      return { name: ref.name, type, view, stored: place }
    }
    const output = computed.features.find((f) => f.name === ref.feature)
    if (!output) throw fault(`feature service '${name}': view '${ref.view}' has no feature '${ref.feature}'`)
    const place = onDemandPlace(computed)
    const [first] = onDemand[place]?.inputs ?? []
    const view = first ? (stored[first.stored]?.view ?? -1) : -1
    return { name: ref.name, type: output.type, view, stored: null, onDemand: place, feature: ref.feature }
  })
  const keys = rowKeys(views)
  const request = firstOfEachName(onDemand.flatMap((part) => part.request))
  refuseTwice([...keys, ...request].map((k) => k.name).concat('event_timestamp', ...features.map((f) => f.name)), name)
  return { name, keys, request, views, stored, onDemand, features }
}

/**
 * Names what the online table of a view holds: another digest is another table. The ttl is not part of it, since it
 * decides at the read and not at the write; nor is the order of the features.
 */
export function tableDigest(view: ViewDefinition): string {
  const { name, source, keys, changes } = view
  const features = [...view.features].sort((a, b) => (a.name < b.name ? -1 : 1))
  return digestOf({ name, source, keys, changes, features })
}

/** Refuses names of which two are the same, since they become columns of one row. */
export function refuseTwice(names: string[], service: string): void {
  // DuckDB tells no case apart, not even between quotes.
  const folded = names.map((name) => name.toLowerCase())
  const twice = names.find((_, i) => folded.indexOf(folded[i] ?? '') !== i)
  if (twice === undefined) return
  throw fault(
    `feature service '${service}' would hold '${twice}' twice; write fullNames: true, or rename one of the two`,
  )
}

function rowKeys(views: readonly ServiceView[]): Column[] {
  return firstOfEachName(views.flatMap((v) => v.keys.map(({ type }, i) => ({ name: v.rowKeys[i] ?? '', type }))))
}

function firstOfEachName(columns: readonly Column[]): Column[] {
  return columns.filter((column, i) => columns.findIndex((c) => c.name === column.name) === i)
}

function fault(message: string): PlatformError {
  return new PlatformError('config_invalid', message, { details: { faults: [{ path: 'featureServices', message }] } })
}
