/** From what a person wrote to the complete project: every fault is collected with its path, and reported at once. */
import { PlatformError } from '../base/errors.ts'
import { digestOf } from '../base/hash.ts'
import { AUTO_DEFAULTS } from '../ml/learn/auto/params.ts'
import { alertsOf, channelsOf } from './alerts.ts'
import { parseDurationMs } from './duration.ts'
import { type Fault, inAll } from './fault.ts'
import { monitoringOf } from './monitoring.ts'
import type {
  Column,
  Feature,
  FeatureService,
  FeatureView,
  Format,
  Model,
  Project,
  ServiceFeature,
  ValueType,
} from './project.ts'
import { NO_CODE, type ProjectCode } from './project-code.ts'
import { putRight } from './put-right.ts'
import { checkReferences } from './references.ts'
import { schedulesOf } from './schedules.ts'
import { servingOf } from './serving.ts'
import { type ProjectShape, projectShape } from './shapes.ts'

/** The complete project of a definition; throws `config_invalid` with `details.faults` [{path, message}]. */
export function normalizeProject(input: unknown, dir: string, code: ProjectCode = NO_CODE): Project {
  const { faults, projects } = readProject(input, dir, code)
  const [project] = projects
  if (faults.length > 0 || project === undefined) throw refusal(dir, faults)
  return project
}

/**
 * All faults of a definition. `projects` are what may be meant: the one project, or, where a part cannot be read, several that
 * differ in what stands in its place. What is wrong in all of them is a fault whatever is put there.
 */
export function readProject(
  input: unknown,
  dir: string,
  code: ProjectCode = NO_CODE,
): { faults: Fault[]; projects: Project[] } {
  const read = projectShape.safeParse(input, { reportInput: true })
  if (read.success) {
    const project = complete(read.data, dir, code)
    return { faults: checkReferences(project, read.data), projects: [project] }
  }
  const { shapes, faults } = putRight(input, read.error.issues)
  const projects = shapes.map((shape) => complete(shape, dir, code))
  const between = inAll(projects.map((project, i) => checkReferences(project, shapes[i]!)))
  return { faults: [...faults, ...between], projects }
}

/** Checks that every source has; naming one in the project changes its severity. */
const ALWAYS = [
  { rule: 'extra_columns', severity: 'warn' },
  { rule: 'key_spaces', severity: 'warn' },
  { rule: 'missing_words', severity: 'warn' },
  { rule: 'total_row', severity: 'error' },
] as const

function complete(shape: ProjectShape, dir: string, code: ProjectCode): Project {
  return {
    name: shape.name,
    dir,
    code,
    tracking: shape.tracking,
    defaultModel: shape.defaultModel,
    sources: Object.entries(shape.sources).map(([name, s]) => ({
      name,
      kind: s.kind,
      file: s.file ?? `${name}.csv`,
      anyFile: s.file === undefined,
      format: completeFormat(s.format),
      key: typeof s.key === 'string' ? [s.key] : s.key,
      columns: Object.entries(s.columns).map(([column, c]) => completeColumn(column, c)),
      checks: [...s.checks, ...ALWAYS.filter(({ rule }) => s.checks.every((c) => c.rule !== rule))],
      timeZone: s.format.timeZone ?? s.timeZone,
      publishDelayMs: durationMs(s.publishDelay),
      postgres: s.postgres,
      eventTime: s.eventTime,
      availableAt: s.availableAt,
      deleted: s.deleted,
    })),
    entities: Object.entries(shape.entities).map(([name, e]) => ({
      name,
      joinKeys: Object.entries(e.joinKeys).map(([key, type]) => ({ name: key, type })),
    })),
    featureViews: Object.entries(shape.featureViews).map(([name, v]) => completeView(name, v, shape)),
    onDemandViews: Object.entries(shape.onDemandViews).map(([name, v]) => ({
      name,
      inputs: v.inputs.flatMap((ref) => expandReference(ref, shape)).map(({ view, feature }) => ({ view, feature })),
      request: typed(v.request),
      features: typed(v.features),
      code: digestOf([v.compute.toString(), code.digest]),
      compute: v.compute,
    })),
    featureServices: Object.entries(shape.featureServices).map(([name, s]) => completeService(name, s, shape)),
    labels: Object.entries(shape.labels).map(([name, l]) => ({
      name,
      source: l.source,
      column: l.column,
      entity: l.entity,
      horizonMs: durationMs(l.horizon),
    })),
    models: Object.entries(shape.models).map(([name, m]) => ({
      name,
      experiment: m.experiment,
      runName: m.runName,
      featureService: m.features,
      label: m.label,
      predicts: m.predicts,
      positive: m.positive,
      weight: m.weight,
      learner: learnerOf(m, code),
      split: m.split,
      threshold: m.threshold,
      calibration: m.calibration,
      segments: m.segments,
      hindsight: m.hindsight,
      about: m.about,
      promotion: {
        approvals: m.promotion.approvals === 0 ? 0 : 1,
        canaryAlone: m.promotion.canaryAlone,
        expiresMs: durationMs(m.promotion.expires),
        gate: m.promotion.gate,
      },
      serving: servingOf(m.serving),
      monitoring: monitoringOf(m.monitoring),
    })),
    schedules: schedulesOf(shape.schedules, Object.keys(shape.sources)),
    alerts: alertsOf(shape.alerts, shape.alertChannels),
    alertChannels: channelsOf(shape.alertChannels),
  }
}

/** A trainer is a learner too: one that is asked outside. Where neither is named, that is a fault, and this is never used. */
function learnerOf({ learner, trainer }: ProjectShape['models'][string], code: ProjectCode): Model['learner'] {
  if (trainer === undefined && learner === 'auto') return { kind: 'auto', ...AUTO_DEFAULTS }
  if (trainer === undefined)
    return learner && learner !== 'auto' ? learner : { kind: 'ridge_regression', penalty: 1, seed: 0 }
  const { timeout, maxModelMb, ...told } = trainer
  const maxModelBytes = maxModelMb * 1_000_000
  return { kind: 'trainer', ...told, timeoutMs: durationMs(timeout), maxModelBytes, code: code.digest }
}

function completeColumn(name: string, column: ProjectShape['sources'][string]['columns'][string]): Column {
  if (typeof column === 'string') return { name, type: column, checks: [] }
  const checks = column.checks.map((c) => (c.rule === 'range' ? { ...c, min: c.min ?? null, max: c.max ?? null } : c))
  return { name, type: column.type, checks }
}

/** The zone is the source's: it holds for rows that come by another way than a file, too. */
function completeFormat({ timeZone: _, ...format }: ProjectShape['sources'][string]['format']): Format {
  return format
}

function completeView(name: string, v: ProjectShape['featureViews'][string], shape: ProjectShape): FeatureView {
  const joinKeys = v.entity === null ? {} : (shape.entities[v.entity]?.joinKeys ?? {})
  return {
    name,
    entity: v.entity,
    source: v.source,
    keys: Object.entries(joinKeys).map(([key, type]) => ({ name: key, type, column: v.keys[key] ?? key })),
    ttlMs: v.ttl === null ? null : durationMs(v.ttl),
    owner: v.owner,
    features: Object.entries(v.features).map(([feature, f]): Feature => {
      if (typeof f === 'string') return { name: feature, type: f, column: feature, sql: null }
      if ('sql' in f) return { name: feature, type: f.type, column: null, sql: f.sql }
      return { name: feature, type: f.type, column: f.column ?? feature, sql: null }
    }),
  }
}

type ServiceShape = ProjectShape['featureServices'][string]

function completeService(name: string, service: ServiceShape, shape: ProjectShape): FeatureService {
  const { features, fullNames } = Array.isArray(service) ? { features: service, fullNames: false } : service
  return {
    name,
    features: features.flatMap((entry) => {
      if (typeof entry === 'string') {
        return expandReference(entry, shape).map((ref): ServiceFeature => {
          return { ...ref, role: null, name: fullNames ? `${ref.view}__${ref.feature}` : ref.feature }
        })
      }
      const role = { as: entry.as, keys: entry.keys }
      const chosen = entry.features ?? featuresOf(entry.view, shape)
      return chosen.map((feature) => ({ name: `${entry.as}__${feature}`, view: entry.view, feature, role }))
    }),
  }
}

/** `view` stands for all features of the view in their order, `view:feature` for one. */
function expandReference(ref: string, shape: ProjectShape): { view: string; feature: string }[] {
  const [view = '', feature] = ref.split(':')
  if (feature !== undefined) return [{ view, feature }]
  return featuresOf(view, shape).map((name) => ({ view, feature: name }))
}

function featuresOf(view: string, shape: ProjectShape): string[] {
  return Object.keys((shape.featureViews[view] ?? shape.onDemandViews[view])?.features ?? {})
}

function typed(columns: Record<string, ValueType>): { name: string; type: ValueType }[] {
  return Object.entries(columns).map(([name, type]) => ({ name, type }))
}

function durationMs(text: string): number {
  return parseDurationMs(text) ?? 0
}

/** All faults of a project as one refusal. */
export function refusal(dir: string, faults: readonly Fault[]): PlatformError {
  const lines = faults.map((f) => `  ${f.path}: ${f.message}`)
  const count = faults.length === 1 ? '1 fault' : `${faults.length} faults`
  return new PlatformError('config_invalid', `weir.config.ts in ${dir} has ${count}:\n${lines.join('\n')}`, {
    details: { faults },
  })
}
