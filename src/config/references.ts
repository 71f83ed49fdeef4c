/** Checks between the parts of a project: what is named must exist and fit. */
import { checkFaults } from './check-faults.ts'
import { type Fault, missing } from './fault.ts'
import type { Project, Source } from './project.ts'
import type { ProjectShape } from './shapes.ts'

const RESERVED_FEATURES = ['event_timestamp', 'created']
/** The longest name of a column in PostgreSQL. */
const FEATURE_NAME_BYTES_MAX = 63

export function checkReferences(project: Project, shape: ProjectShape): Fault[] {
  return [
    ...project.sources.flatMap((source) => sourceFaults(project, source)),
    ...viewFaults(project),
    ...featureNameFaults(project),
    ...serviceFaults(shape),
    ...repeatedFeatureFaults(project),
    ...labelFaults(project),
    ...modelFaults(project),
  ]
}

function sourceFaults(project: Project, source: Source): Fault[] {
  const at = `sources.${source.name}`
  const columns = source.columns.map((c) => c.name)
  const faults = source.key.flatMap((key) => missing(`${at}.key`, 'column', key, columns))
  if (source.kind === 'changes') {
    faults.push({ path: `${at}.kind`, message: "'changes' does not work yet in this version; write 'snapshot'" })
  }
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

function viewFaults(project: Project): Fault[] {
  return project.featureViews.flatMap((view) => {
    const at = `featureViews.${view.name}`
    const source = project.sources.find((s) => s.name === view.source)
    const entity = project.entities.find((e) => e.name === view.entity)
    const faults = [
      ...missing(`${at}.source`, 'source', view.source, names(project.sources)),
      ...missing(`${at}.entity`, 'entity', view.entity, names(project.entities)),
    ]
    if (!source) return faults
    const columns = source.columns.map((c) => c.name)
    for (const f of view.features)
      faults.push(...missing(`${at}.features.${f.name}`, `column of ${source.name}`, f.column, columns))
    for (const key of entity?.joinKeys ?? [])
      faults.push(...missing(`${at}.entity`, `column of ${source.name}`, key.name, columns))
    return faults
  })
}

/** A feature is a column of an online table and of a training set, beside columns of our own. */
function featureNameFaults(project: Project): Fault[] {
  return project.featureViews.flatMap((view) =>
    view.features.flatMap(({ name }) => {
      const path = `featureViews.${view.name}.features.${name}`
      if (RESERVED_FEATURES.includes(name)) return [{ path, message: 'this name is taken by Weir; choose another' }]
      const bytes = Buffer.byteLength(name)
      if (bytes >= 1 && bytes <= FEATURE_NAME_BYTES_MAX) return []
      return [{ path, message: `a feature's name has 1 to ${FEATURE_NAME_BYTES_MAX} bytes; this one has ${bytes}` }]
    }),
  )
}

/** A training set has one column a feature. */
function repeatedFeatureFaults(project: Project): Fault[] {
  return project.featureServices.flatMap((service) => {
    const seen = service.features.map((f) => f.feature)
    const repeated = new Set(seen.filter((feature, i) => seen.indexOf(feature) !== i))
    return [...repeated].map((feature) => ({
      path: `featureServices.${service.name}`,
      message: `feature '${feature}' is listed more than once`,
    }))
  })
}

function serviceFaults(shape: ProjectShape): Fault[] {
  const views = Object.keys(shape.featureViews)
  return Object.entries(shape.featureServices).flatMap(([name, refs]) =>
    refs.flatMap((ref, i) => {
      const [view = '', feature] = ref.split(':')
      const path = `featureServices.${name}.${i}`
      const found = shape.featureViews[view]
      if (!found) return missing(path, 'feature view', view, views)
      return feature === undefined ? [] : missing(path, `feature of ${view}`, feature, Object.keys(found.features))
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
  ])
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
