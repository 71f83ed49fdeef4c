import { PlatformError } from '../../base/errors.ts'
import { entityOf, labelOf, modelOf, sourceOf } from '../../config/find.ts'
import type { Label, Project, Source } from '../../config/project.ts'
import { suggestion } from '../../config/suggest.ts'
import type { TimeKind } from '../../wire/time.ts'
import type { Catalogue } from '../define/catalogue.ts'
import { type Column, serviceDefinition, type ViewDefinition } from '../define/definitions.ts'

/** What the time machine looks at. A model stands for its training set. */
export type Subject =
  | { kind: 'sources'; name: string; source: Source }
  | { kind: 'feature-views'; name: string; view: ViewDefinition }
  | { kind: 'entities'; name: string; joinKeys: Column[]; views: ViewDefinition[] }
  | { kind: 'models'; name: string }

type Deps = { project: Project; catalogue: Catalogue }

const WORDS: Record<TimeKind, string> = {
  sources: 'source',
  'feature-views': 'feature view',
  entities: 'entity',
  models: 'model',
}

export function subjectOf({ project, catalogue }: Deps, kind: TimeKind, name: string): Subject {
  requireName(project, kind, name)
  switch (kind) {
    case 'sources':
      return { kind, name, source: sourceOf(project, name) }
    case 'feature-views':
      return { kind, name, view: catalogue.view(name) }
    case 'entities': {
      const views = viewsOfEntity(project, name).map((view) => catalogue.view(view))
      return { kind, name, joinKeys: entityOf(project, name).joinKeys, views }
    }
    case 'models':
      return { kind, name }
  }
}

/** Views of the entity, and those that hold for everybody. */
function viewsOfEntity(project: Project, entity: string): string[] {
  const own = project.featureViews.filter((view) => view.entity === entity)
  const ofAll = project.featureViews.filter((view) => view.entity === null)
  return [...own, ...ofAll].map((view) => view.name)
}

/** What a person may mean by a name alone: refuses one that names nothing, and one that names several things. */
export function kindOfName(project: Project, name: string): TimeKind {
  const kinds = kindsOf(project, name)
  const [only, second] = kinds
  if (only && !second) return only
  const words = (only ? kinds : []).map((kind) => WORDS[kind])
  if (only) {
    const says = `'${name}' names a ${words.join(' and a ')}; say which one, with --of ${kinds.join(' or --of ')}`
    throw new PlatformError('invalid_argument', says)
  }
  const all = (Object.keys(WORDS) as TimeKind[]).flatMap((kind) => namesOf(project, kind))
  const says = `there is no source, feature view, entity or model '${name}' in the project${suggestion(name, all)}`
  throw new PlatformError('not_found', says)
}

export function isAmbiguous(project: Project, name: string): boolean {
  return kindsOf(project, name).length > 1
}

function kindsOf(project: Project, name: string): TimeKind[] {
  return (Object.keys(WORDS) as TimeKind[]).filter((kind) => namesOf(project, kind).includes(name))
}

function namesOf(project: Project, kind: TimeKind): string[] {
  const lists = {
    sources: project.sources,
    'feature-views': project.featureViews,
    entities: project.entities,
    models: project.models,
  }
  return lists[kind].map((one) => one.name)
}

function requireName(project: Project, kind: TimeKind, name: string): void {
  const names = namesOf(project, kind)
  if (names.includes(name)) return
  const says = `there is no ${WORDS[kind]} '${name}' in the project${suggestion(name, names)}`
  throw new PlatformError('not_found', says)
}

/**
 * A source as if it were a view of all its columns: so its rows at a moment are found by the same statement. Of changes the
 * columns that say when are no values; they stand beside each row.
 */
export function sourceAsView(source: Source, columns: readonly Column[]): ViewDefinition {
  const { name, kind, eventTime, availableAt, deleted } = source
  const changes = kind === 'changes' && eventTime !== null ? { eventTime, availableAt, deleted } : null
  const times = changes === null ? [] : [eventTime, availableAt, deleted]
  const keys = columns.filter((c) => source.key.includes(c.name) && !times.includes(c.name))
  const values = columns.filter((c) => !source.key.includes(c.name) && !times.includes(c.name))
  return {
    name,
    source: name,
    keys: keys.map((key) => ({ ...key, column: key.name })),
    features: values.map((value) => ({ ...value, column: value.name, sql: null })),
    ttlMs: null,
    changes,
  }
}

/** The sources that what is seen depends on, each with the longest ages at which its values are used. */
export function sourcesOf({ project }: Deps, subject: Subject): { source: Source; ttls: number[] }[] {
  const views =
    subject.kind === 'feature-views'
      ? [subject.view]
      : subject.kind === 'entities'
        ? subject.views
        : subject.kind === 'models'
          ? serviceDefinition(project, modelOf(project, subject.name).featureService).views
          : []
  const names = new Set(views.map((view) => view.source))
  if (subject.kind === 'sources') names.add(subject.name)
  if (subject.kind === 'models') names.add(labelOfModel(project, subject.name).source)
  return project.sources
    .filter((source) => names.has(source.name))
    .map((source) => {
      const ttls = views.flatMap((view) => (view.source === source.name && view.ttlMs !== null ? [view.ttlMs] : []))
      return { source, ttls: [...new Set(ttls)] }
    })
}

export function labelOfModel(project: Project, name: string): Label {
  return labelOf(project, modelOf(project, name).label)
}
