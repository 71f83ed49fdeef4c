import { modelOf } from '../config/find.ts'
import type { Database } from '../db/sql.ts'
import { createDrift, type DriftDeps } from '../monitoring/drift/drift.ts'
import { createReports, type Reports } from '../monitoring/reports/reports.ts'
import type { RegistryApi } from '../registry/registry.ts'
import { openLiveVersion } from '../score/load-version.ts'
import type { TrackingApi } from '../tracking/tracking.ts'

type Deps = Omit<DriftDeps, 'liveModel'> & {
  sql: Database
  mlflow: { registry: Pick<RegistryApi, 'inStage'>; tracking: Pick<TrackingApi, 'artifacts'> }
}

/** Reports of drift, weighed by the version that answers. */
export function driftReports({ sql, mlflow, ...deps }: Deps): Reports {
  const { project, features } = deps
  const liveModel = (name: string) => openLiveVersion(mlflow, features, modelOf(project, name))
  return createReports({ sql, drift: createDrift({ ...deps, liveModel }) })
}
