/** Checks between the parts of a project: what is named must exist and fit. */
import { alertFaults } from './alert-faults.ts'
import { checkFaults } from './check-faults.ts'
import { type Fault, missing } from './fault.ts'
import { formatFaults } from './format-faults.ts'
import { modelTypeFaults } from './model-types.ts'
import type { Project, Source } from './project.ts'
import { rowNameFaults } from './row-names.ts'
import { scheduleFaults } from './schedules.ts'
import type { ProjectShape } from './shapes.ts'
import { trainerFaults } from './trainer-faults.ts'

const RESERVED_NAMES = ['event_timestamp', 'created', '_gone', '_one', '_n', '_ts', '_known_at', '_place']
/** The longest name of a column in PostgreSQL. */
const FEATURE_NAME_BYTES_MAX = 63

export function checkReferences(project: Project, shape: ProjectShape): Fault[] {
  return [
    ...project.sources.flatMap((source) => sourceFaults(project, source, shape)),
    ...viewFaults(project),
    ...entityFaults(project),
    ...keyNameFaults(shape),
    ...onDemandFaults(project),
    ...featureNameFaults(project),
    ...serviceFaults(project, shape),
    ...repeatedFeatureFaults(project),
    ...rowNameFaults(project),
    ...labelFaults(project),
    ...modelFaults(project),
    ...modelTypeFaults(project),
    ...trainerFaults(project, shape),
    ...defaultModelFaults(project),
    ...alertFaults(project, shape.alerts),
    ...scheduleFaults(project, shape.schedules),
  ]
}

function sourceFaults(project: Project, source: Source, shape: ProjectShape): Fault[] {
  const at = `sources.${source.name}`
  const columns = source.columns.map((c) => c.name)
  const faults = source.key.flatMap((key) => missing(`${at}.key`, 'column', key, columns))
  faults.push(...timeFaults(at, source, columns))
  faults.push(...formatFaults(source, shape.sources[source.name]))
  for (const column of source.columns) {
    for (const [i, check] of column.checks.entries()) {
      const path = `${at}.columns.${column.name}.checks.${i}`
      faults.push(...checkFaults(path, source, column, check))
    }
  }
  const others = project.sources.map((s) => s.name)
  for (const [i, check] of source.checks.entries()) {
    if (check.rule === 'same_keys_as')
      faults.push(...missing(`${at}.checks.${i}.source`, 'source', check.source, others))
  }
  return faults
}

const TIME_TYPES = ['UnixTimestamp', 'Date']

/** The columns of time belong to kind changes, where each row has its own; a snapshot has one moment as a whole. */
function timeFaults(at: string, source: Source, columns: string[]): Fault[] {
  const parts = { eventTime: TIME_TYPES, availableAt: TIME_TYPES, deleted: ['Bool'] } as const
  return Object.entries(parts).flatMap(([part, types]): Fault[] => {
    const path = `${at}.${part}`
    const named = source[part as keyof typeof parts]
    if (source.kind === 'snapshot') {
      return named === null
        ? []
        : [{ path, message: 'only a source of kind changes has it; a snapshot has one moment' }]
    }
    if (named === null) {
      return part === 'eventTime' ? [{ path, message: 'name the column with the time of each row' }] : []
    }
    const type = source.columns.find((c) => c.name === named)?.type
    if (type === undefined) return missing(path, 'column', named, columns)
    if ((types as readonly string[]).includes(type)) return []
    return [{ path, message: `column '${named}' is ${type}; it must be ${types.join(' or ')}` }]
  })
}

function viewFaults(project: Project): Fault[] {
  return project.featureViews.flatMap((view) => {
    const at = `featureViews.${view.name}`
    const source = project.sources.find((s) => s.name === view.source)
    const faults = [
      ...missing(`${at}.source`, 'source', view.source, names(project.sources)),
      ...(view.entity === null ? [] : missing(`${at}.entity`, 'entity', view.entity, names(project.entities))),
    ]
    if (!source) return faults
    const columns = source.columns.map((c) => c.name)
    for (const f of view.features) {
      if (f.column !== null) {
        faults.push(...missing(`${at}.features.${f.name}`, `column of ${source.name}`, f.column, columns))
      }
    }
    for (const key of view.keys) {
      faults.push(...missing(`${at}.keys.${key.name}`, `column of ${source.name}`, key.column, columns))
    }
    return faults
  })
}

/** A join key stands beside the same columns. */
function entityFaults(project: Project): Fault[] {
  return project.entities.flatMap((entity) =>
    entity.joinKeys
      .filter((key) => RESERVED_NAMES.includes(key.name))
      .map((key) => ({
        path: `entities.${entity.name}.joinKeys.${key.name}`,
        message: 'this name is taken by Weir; choose another, and name its column in the keys of the view',
      })),
  )
}

/** What an on-demand view computes from must be there, and must not be computed on demand itself. */
function onDemandFaults(project: Project): Fault[] {
  return project.onDemandViews.flatMap((view) => {
    const at = `onDemandViews.${view.name}`
    const faults = view.inputs.flatMap(({ view: name, feature }) => {
      const input = project.featureViews.find((v) => v.name === name)
      if (!input) return missing(`${at}.inputs`, 'feature view', name, names(project.featureViews))
      return missing(`${at}.inputs`, `feature of ${name}`, feature, names(input.features))
    })
    if (project.featureViews.some((v) => v.name === view.name)) {
      faults.push({ path: at, message: 'a feature view has this name already' })
    }
    const args = [...view.inputs.map((i) => i.feature), ...view.request.map((c) => c.name)]
    for (const twice of new Set(args.filter((arg, i) => args.indexOf(arg) !== i))) {
      faults.push({ path: at, message: `two inputs are named '${twice}'` })
    }
    return faults
  })
}

/** The keys given for views that rename a view or a key must be those of its entity. */
function keyNameFaults(shape: ProjectShape): Fault[] {
  return Object.entries(shape.featureViews).flatMap(([name, view]) => {
    const joinKeys = Object.keys(view.entity === null ? {} : (shape.entities[view.entity]?.joinKeys ?? {}))
    return Object.keys(view.keys).flatMap((key) => missing(`featureViews.${name}.keys`, 'join key', key, joinKeys))
  })
}

/** A feature is a column of an online table and of a training set, beside columns of our own. */
function featureNameFaults(project: Project): Fault[] {
  const lists = { featureViews: project.featureViews, onDemandViews: project.onDemandViews }
  return Object.entries(lists).flatMap(([list, views]) =>
    views.flatMap((view) =>
      view.features.flatMap(({ name }) => {
        const path = `${list}.${view.name}.features.${name}`
        if (RESERVED_NAMES.includes(name)) return [{ path, message: 'this name is taken by Weir; choose another' }]
        const bytes = Buffer.byteLength(name)
        if (bytes >= 1 && bytes <= FEATURE_NAME_BYTES_MAX) return []
        return [{ path, message: `a feature's name has 1 to ${FEATURE_NAME_BYTES_MAX} bytes; this one has ${bytes}` }]
      }),
    ),
  )
}

/** A training set has one column a feature. */
function repeatedFeatureFaults(project: Project): Fault[] {
  return project.featureServices.flatMap((service) => {
    const seen = service.features.map((f) => f.name)
    const repeated = new Set(seen.filter((feature, i) => seen.indexOf(feature) !== i))
    return [...repeated].map((feature) => ({
      path: `featureServices.${service.name}`,
      message: `feature '${feature}' is listed more than once; write fullNames: true, or leave one out`,
    }))
  })
}

function serviceFaults(project: Project, shape: ProjectShape): Fault[] {
  const views = [...project.featureViews, ...project.onDemandViews]
  return Object.entries(shape.featureServices).flatMap(([name, service]) =>
    (Array.isArray(service) ? service : service.features).flatMap((entry, i) => {
      const path = `featureServices.${name}.${i}`
      const [viewName = '', feature] = typeof entry === 'string' ? entry.split(':') : [entry.view]
      const view = views.find((v) => v.name === viewName)
      if (!view) return missing(path, 'feature view', viewName, names(views))
      const known = names(view.features)
      if (typeof entry === 'string') {
        return feature === undefined ? [] : missing(path, `feature of ${viewName}`, feature, known)
      }
      const joinKeys = 'keys' in view ? names(view.keys) : []
      return [
        ...(entry.features ?? []).flatMap((f) => missing(`${path}.features`, `feature of ${viewName}`, f, known)),
        ...Object.keys(entry.keys).flatMap((key) => missing(`${path}.keys`, `join key of ${viewName}`, key, joinKeys)),
      ]
    }),
  )
}

function labelFaults(project: Project): Fault[] {
  return project.labels.flatMap((label) => {
    const at = `labels.${label.name}`
    const source = project.sources.find((s) => s.name === label.source)
    return [
      ...missing(`${at}.source`, 'source', label.source, names(project.sources)),
      ...missing(`${at}.entity`, 'entity', label.entity, names(project.entities)),
      ...(source
        ? missing(
            `${at}.column`,
            `column of ${source.name}`,
            label.column,
            source.columns.map((c) => c.name),
          )
        : []),
    ]
  })
}

function defaultModelFaults({ defaultModel, models }: Project): Fault[] {
  return defaultModel === null ? [] : missing('defaultModel', 'model', defaultModel, names(models))
}

function modelFaults(project: Project): Fault[] {
  return project.models.flatMap((model) => [
    ...missing(
      `models.${model.name}.features`,
      'feature service',
      model.featureService,
      names(project.featureServices),
    ),
    ...missing(`models.${model.name}.label`, 'label', model.label, names(project.labels)),
    ...labelAsFeature(project, model.name, model.featureService, model.label),
    ...requestFaults(project, model.name, model.featureService),
  ])
}

/** A model's rows come from labels and its predictions from a key: neither brings request data along. */
function requestFaults(project: Project, model: string, service: string): Fault[] {
  const refs = project.featureServices.find((s) => s.name === service)?.features ?? []
  const views = project.onDemandViews.filter((v) => v.request.length > 0 && refs.some((ref) => ref.view === v.name))
  return views.map((view) => ({
    path: `models.${model}.features`,
    message: `on-demand view '${view.name}' needs request data (${names(view.request).join(', ')}), which a model does not have`,
  }))
}

/** The label's own column among the features would be the answer in the question. */
function labelAsFeature(project: Project, model: string, service: string, labelName: string): Fault[] {
  const label = project.labels.find((l) => l.name === labelName)
  const refs = project.featureServices.find((s) => s.name === service)?.features ?? []
  return refs
    .filter(({ view, feature }) => {
      const v = project.featureViews.find((x) => x.name === view)
      return v?.source === label?.source && v?.features.find((f) => f.name === feature)?.column === label?.column
    })
    .map(({ view, feature }) => ({
      path: `models.${model}.features`,
      message: `${view}:${feature} is the label itself; a label is never a feature`,
    }))
}

function names(list: { name: string }[]): string[] {
  return list.map((x) => x.name)
}
