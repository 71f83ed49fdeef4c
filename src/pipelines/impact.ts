import { messageOf, PlatformError } from '../base/errors.ts'
import type { BuiltSet, LiveView } from '../features/define/readers.ts'
import type { Features } from '../features/features.ts'
import type { Lake, Recorded } from '../lake/lake.ts'
import { pickVersion } from '../lake/withdraw.ts'
import type { RegistryApi, Stage } from '../registry/registry.ts'
import type { TrackingApi } from '../tracking/tracking.ts'
import { TRAINING_SET_IDENTITY_TAG } from '../training/training.ts'

export type ImpactRequest = { source: string; validAt: string; version?: number }

export type ReadingRun = { runId: string; runName: string; status: string; trainingSet: string }
export type ReadingVersion = { name: string; version: number; stage: Stage; aliases: string[]; runId: string }

export type Impact = {
  snapshot: Recorded
  trainingSets: BuiltSet[]
  /** Null where the tracking server could not be asked; `unanswered` says why. */
  runs: ReadingRun[] | null
  versions: ReadingVersion[] | null
  unanswered: string | null
  liveViews: LiveView[]
}

type Deps = {
  lake: Lake
  features: Features
  mlflow: { tracking: TrackingApi; registry: RegistryApi }
}

const EXPERIMENTS_MAX = 1000
const RUNS_MAX = 1000

/** Who reads a snapshot: training sets and live views by our own records, runs and versions by the tracking server's. */
export async function impactOf(deps: Deps, request: ImpactRequest): Promise<Impact> {
  const history = await deps.lake.history({ source: request.source })
  return impactOfSnapshot(deps, pickVersion(history, request, 'look at'))
}

export async function impactOfSnapshot({ features, mlflow }: Deps, snapshot: Recorded): Promise<Impact> {
  const { trainingSets, views: liveViews } = await features.readersOf(snapshot)
  const own = { snapshot, trainingSets, liveViews }
  try {
    const runs = await runsOf(mlflow.tracking, trainingSets)
    return { ...own, runs, versions: await versionsOf(mlflow.registry, runs), unanswered: null }
  } catch (error) {
    // Another MLflow server that does not answer hides nothing of what we know ourselves.
    if (!(error instanceof PlatformError)) throw error
    return { ...own, runs: null, versions: null, unanswered: messageOf(error) }
  }
}

/** Every run says the digest of its training set in a tag, whichever server keeps it. */
export async function runsOf(
  tracking: TrackingApi,
  sets: readonly Pick<BuiltSet, 'kind' | 'digest' | 'identity'>[],
): Promise<ReadingRun[]> {
  const digests = [...new Set(sets.filter((set) => set.kind === 'labels').map((set) => set.digest))]
  if (digests.length === 0) return []
  const experiments = await tracking.experiments.search({ maxResults: EXPERIMENTS_MAX })
  const experimentIds = experiments.rows.map((experiment) => experiment.experimentId)
  const identities = new Set(sets.map((set) => set.identity))
  const found: ReadingRun[] = []
  for (const digest of digests) {
    const filter = `tags.\`weir.training_set\` = '${digest}'`
    const { rows } = await tracking.runs.search({ experimentIds, filter, maxResults: RUNS_MAX })
    for (const run of rows) {
      // The same rows can come of other snapshots.
      const identity = run.tags.find((tag) => tag.key === TRAINING_SET_IDENTITY_TAG)?.value
      if (identity !== undefined && !identities.has(identity)) continue
      found.push({ runId: run.runId, runName: run.name, status: run.status, trainingSet: digest })
    }
  }
  return found
}

async function versionsOf(registry: RegistryApi, runs: readonly ReadingRun[]): Promise<ReadingVersion[]> {
  if (runs.length === 0) return []
  const ids = new Set(runs.map((run) => run.runId))
  const found: ReadingVersion[] = []
  for (const { name } of await registry.listModels()) {
    for (const { version, stage, aliases, runId } of await registry.versionsOf(name)) {
      if (runId !== null && ids.has(runId)) found.push({ name, version, stage, aliases, runId })
    }
  }
  return found
}
