import type { Clock } from '../base/clock.ts'
import type { Project } from '../config/project.ts'
import type { Database } from '../db/sql.ts'
import type { Features } from '../features/features.ts'
import type { Flows } from '../flows/flows.ts'
import type { Duck } from '../lake/duck.ts'
import type { Lake } from '../lake/lake.ts'
import type { ObjectStore } from '../lake/objects.ts'
import { createQuality, type Quality } from '../monitoring/quality/quality.ts'
import type { Reports } from '../monitoring/reports/reports.ts'
import type { Predictions } from '../predictions/predictions.ts'
import type { Registry, RegistryApi } from '../registry/registry.ts'
import type { Score } from '../score/score.ts'
import type { TrackingApi } from '../tracking/tracking.ts'
import type { Training } from '../training/training.ts'
import { driftReports } from './drift-reports.ts'
import { defineMeasureQuality, type MeasureQuality } from './measure-quality.ts'
import { defineMonitorMonth, type MonitorMonth } from './monitor-month.ts'
import { defineTrainAndCompare, type TrainAndCompare } from './train-and-compare.ts'
import { versionSource } from './version-source.ts'

/** What watches a model while it answers, and what replaces it. */
export type Watching = {
  /** How good the answers were, once labels came, and are expected to be before. */
  readonly quality: Quality
  readonly trainAndCompare: TrainAndCompare
  /** Reports of drift. */
  readonly reports: Reports
  readonly measureQuality: MeasureQuality
  readonly monitorMonth: MonitorMonth
}

type Deps = {
  sql: Database
  project: Project
  clock: Clock
  lake: Lake
  duck: Duck
  features: Features
  predictions: Predictions
  training: Training
  score: Score['score']
  registry: Registry
  mlflow: { registry: RegistryApi; tracking: TrackingApi }
  objects: ObjectStore
}

export function createWatching(flows: Flows, deps: Deps): Watching {
  const { project, training, score, lake, duck, mlflow } = deps
  const versions = versionSource({ registry: mlflow.registry, training, score, lake, duck })
  const registry = project.tracking === null ? deps.registry : null
  const quality = createQuality({ ...deps, versions })
  const reports = driftReports(deps)
  return {
    quality,
    reports,
    measureQuality: defineMeasureQuality(flows, { ...deps, quality }),
    monitorMonth: defineMonitorMonth(flows, { ...deps, quality, reports }),
    trainAndCompare: defineTrainAndCompare(flows, { ...deps, registry }),
  }
}
