import { monitoringOf } from '../../src/config/monitoring.ts'
import { monitoring } from '../../src/config/monitoring-shapes.ts'
import type { Project, Source, ValueType } from '../../src/config/project.ts'
import { NO_CODE } from '../../src/config/project-code.ts'
import { servingOf } from '../../src/config/serving.ts'
import { serving } from '../../src/config/serving-shapes.ts'

type View = { name: string; source: Source; features: string[]; ttlMs: number | null }

/** A small project: one entity, one service of all features, one model; the last source has the label as its last column. */
export function projectOf(options: { sources: Source[]; keys: Record<string, ValueType>; views: View[] }): Project {
  const labels = options.sources.at(-1)
  const label = labels?.columns.at(-1)?.name ?? ''
  const featureViews = options.views.map((view) => ({
    name: view.name,
    entity: 'thing',
    source: view.source.name,
    keys: Object.entries(options.keys).map(([name, type]) => ({ name, type, column: name })),
    ttlMs: view.ttlMs,
    owner: null,
    features: view.features.map((name) => ({ name, type: typeIn(view.source, name), column: name, sql: null })),
  }))
  const all = featureViews.flatMap((view) =>
    view.features.map((f) => ({ name: f.name, view: view.name, feature: f.name, role: null })),
  )
  return {
    name: 'small',
    dir: '/',
    code: NO_CODE,
    tracking: null,
    defaultModel: null,
    schedules: [],
    alerts: [],
    alertChannels: [],
    sources: options.sources,
    entities: [{ name: 'thing', joinKeys: Object.entries(options.keys).map(([name, type]) => ({ name, type })) }],
    featureViews,
    onDemandViews: [],
    featureServices: [{ name: 'service', features: all }],
    labels: [{ name: label, source: labels?.name ?? '', column: label, entity: 'thing', horizonMs: 0 }],
    models: [{ ...MODEL, featureService: 'service', label }],
  }
}

export const MODEL = {
  name: 'model',
  experiment: 'experiment',
  runName: 'run',
  predicts: null,
  positive: null,
  weight: null,
  learner: {
    kind: 'random_forest',
    trees: 1,
    maxDepth: null,
    minSamplesLeaf: 1,
    minSamplesSplit: 2,
    maxFeatures: 'all',
    classWeight: 'none',
    bootstrap: false,
    seed: 1,
  },
  split: { by: null, testShare: 0.5, seed: 1, stratify: true, holdOut: 0 },
  threshold: 0.5,
  calibration: 'none',
  segments: null,
  hindsight: false,
  about: '',
  promotion: { approvals: 0, canaryAlone: 0, expiresMs: 0, gate: [] },
  serving: servingOf(serving.parse({})),
  monitoring: monitoringOf(monitoring.parse({})),
} as const

function typeIn(source: Source, column: string): ValueType {
  return source.columns.find((c) => c.name === column)?.type ?? 'String'
}
