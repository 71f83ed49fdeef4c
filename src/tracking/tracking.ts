/**
 * Tracking: experiments, runs, params, metrics with their history, tags, inputs, artifacts; as MLflow has them. The same
 * functions serve our own training and, through routes/, the clients of MLflow.
 *
 * Owns the schema `tracking` and the objects below `artifacts/`. Doors: table/routes.ts. Invariants:
 * - A batch is one transaction. A param never changes its value. The same metric point is kept once.
 * - The latest value of a metric is the greatest (step, timestamp, value), kept in the same statement as the history.
 * - The files of a registered version stay as they were when it was registered (seals.ts).
 * - A path of an artifact never leads out of the store; nothing that a caller names elsewhere is ever opened.
 * - A trace goes with its spans: when it is deleted, when its experiment is removed, and when it names somebody who is erased.
 */
import type { Clock } from '../base/clock.ts'
import type { Sql } from '../db/sql.ts'
import type { ObjectStore } from '../lake/objects.ts'
import { createArtifacts } from './artifacts.ts'
import { createComparison } from './comparison.ts'
import { createCurves } from './curves/curves.ts'
import { createExamples } from './examples.ts'
import { createExperiments } from './experiments.ts'
import { createGarbage } from './garbage.ts'
import { createLogging } from './log-batch.ts'
import { createLoggedModels } from './logged-models.ts'
import { createModelHistory } from './model-history.ts'
import { createRunPage } from './run-page.ts'
import { createRuns } from './runs.ts'
import { createSeals } from './seals.ts'
import { createRunTable } from './table/run-table.ts'
import { createTraces } from './traces/traces.ts'
import { runText } from './wire.ts'

export type { Experiment } from './experiments.ts'
export type { DeletedExperiment, DeletedRun } from './garbage.ts'
export type { LoggedMetric } from './log-batch.ts'
export type { KeyValue, RunStatus } from './queries/runs.ts'
export type { Run } from './runs.ts'

/** What programs say of people may lie in the rows of traces: an erasure has their pages written anew. */
export const TRACE_TABLES = ['', '_tag', '_metadata', '_assessment'].map((part) => `tracking.trace${part}`)

/** A run that changed, or logged something; `made` is its experiment where it is new. */
export type RunChange = { runId: string; made?: string }

/** `onChange` hears of each change after it was committed, and must not wait. */
export type TrackingDeps = { sql: Sql; objects: ObjectStore; clock: Clock; onChange?: (change: RunChange) => void }

export type Tracking = ReturnType<typeof createTracking>

/** What our own flows and commands use of it; another MLflow server can stand in (`remote-mlflow`). */
export type TrackingApi = {
  experiments: Pick<Tracking['experiments'], 'ensure' | 'getByName' | 'search'>
  runs: Pick<Tracking['runs'], 'create' | 'get' | 'search' | 'update' | 'logInputs'>
  artifacts: Pick<Tracking['artifacts'], 'putOfRun' | 'read' | 'stamp'> &
    Partial<Pick<Tracking['artifacts'], 'readVersion'>>
  logBatch: Tracking['logBatch']
}

export function createTracking({ sql, objects, clock, onChange = () => {} }: TrackingDeps) {
  const experiments = createExperiments({ sql, clock })
  const runs = createRuns({ sql, clock, experiments, write: runText, onChange })
  const seals = createSeals({ sql, objects, clock })
  const artifacts = createArtifacts({ sql, objects, seals })
  const loggedModels = createLoggedModels({ sql, clock, experiments })
  const garbage = createGarbage({ sql, artifacts })
  const traces = createTraces({ sql, clock, experiments, artifacts })
  const examples = createExamples({ sql, artifacts })
  return {
    experiments,
    runs,
    artifacts,
    seals,
    loggedModels,
    garbage,
    examples,
    traces,
    curves: createCurves({ sql }),
    table: createRunTable({ sql, clock, onChange }),
    ...createComparison({ sql }),
    runPage: createRunPage({ sql, runs, experiments }),
    ...createLogging({ sql, onChange }),
    ...createModelHistory({ sql }),
  }
}
